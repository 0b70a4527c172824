"""Are all clusters in use?"""

from math import ceil

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.tables.cluster_labels import cluster_labels, effective_number
from cna_viz.analysis.words import counted, listed
from cna_viz.figures.pieces.slot_marks import cluster_line
from cna_viz.figures.style.labels import provenance
from cna_viz.figures.style.theme import INK, MUTED, OTHER_SYMBOLS, finish
from cna_viz.records.record import Record

IN_A_ROW, LEGEND_ROW = 12, 21
"""Entries of the legend in a row of a page's width, and the height of a row in pixels."""


def plot_cluster_sizes(record: Record, layer: int) -> go.Figure:
    """Draw how many nodes every cluster of a slot has at every snapshot, and how many clusters are in use.

    The second panel is e to the entropy of the sizes: as many equally large clusters would be as mixed. It is drawn for
    every epoch in which ``cluster_entropy`` was recorded, otherwise for the snapshots.

    Args:
        record: A run whose slot has clusters, with snapshots.
        layer: 1 … number of layers - 1.

    Raises:
        UsageError: When the slot has no clusters, there is no such layer, or the run keeps no snapshots.
    """
    # Without snapshots, reading that of the selected epoch raises the error.
    found = {epoch: cluster_labels(record, layer, epoch) for epoch in record.snapshots or (record.best_epoch,)}
    count = max(labels.count for labels in found.values())
    sizes = np.stack([np.bincount(labels.label, minlength=count) for labels in found.values()])
    figure = make_subplots(1, 2, column_widths=[0.55, 0.45], horizontal_spacing=0.1)
    for cluster in range(count):
        color, dash = cluster_line(cluster)
        figure.add_scatter(
            x=[str(epoch) for epoch in found],
            y=sizes[:, cluster],
            mode="lines+markers",
            line={"color": color, "width": 2, "dash": dash},
            marker={"color": color, "size": 8, "symbol": OTHER_SYMBOLS[cluster % len(OTHER_SYMBOLS)]},
            name=str(cluster),
            hovertemplate=f"cluster {cluster}<br>%{{y}} nodes at epoch %{{x}}<extra></extra>",
            row=1,
            col=1,
        )
    entropy = record.metrics["cluster_entropy"].sel(layer=layer, stage="slot").dropna("epoch")
    measured = len(entropy) > len(found)
    figure.add_scatter(
        x=entropy.epoch.values if measured else list(found),
        y=np.exp(entropy.values) if measured else [effective_number(size) for size in sizes],
        mode="lines+markers" if max(len(entropy), len(found)) <= 40 else "lines",
        line={"color": INK, "width": 2},
        marker={"color": INK, "size": 7},
        name="in use",
        showlegend=False,
        hovertemplate="epoch %{x}<br>as mixed as %{y:.2f} equal clusters<extra></extra>",
        row=1,
        col=2,
    )
    figure.add_hline(y=count, line={"color": MUTED, "dash": "dot", "width": 1.5}, row=1, col=2)
    reach = {"range": [-0.04 * sizes.max(), 1.06 * sizes.max()], "zeroline": True, "zerolinecolor": MUTED}
    figure.update_xaxes(title="epoch (snapshots, not to scale)", type="category", row=1, col=1)
    figure.update_yaxes(title="nodes of the cluster", **reach, row=1, col=1)
    figure.update_xaxes(title="epoch", row=1, col=2)
    figure.update_yaxes(title="clusters in use, e<sup>entropy</sup>", range=[0, 1.08 * count + 0.2], row=1, col=2)
    empty = [f"{counted(one.empty, 'cluster')} at epoch {epoch}" for epoch, one in found.items() if one.empty]
    notes = [
        f"at 0 (empty): {listed(empty)}" if empty else "no cluster is empty at any snapshot",
        "right: as many equally large clusters would be as mixed, "
        f"{'at every measured epoch' if measured else 'at the snapshots'}; dotted: all {count} equally large",
    ]
    rows = ceil((count + 1) / IN_A_ROW)
    title, height = f"Are all clusters in use? (slot after layer {layer})", 362 + LEGEND_ROW * rows
    finish(figure, title, provenance([record], *notes), height=height)
    look = {"title": {"text": "<b>cluster</b>  "}, "tracegroupgap": 0}
    return figure.update_layout(margin={"t": 72 + LEGEND_ROW * rows}, legend=look)
