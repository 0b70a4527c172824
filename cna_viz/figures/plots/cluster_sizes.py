"""Are all clusters in use?"""

from math import ceil
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.tables.cluster_labels import ClusterLabels, cluster_labels, effective_number
from cna_viz.analysis.words import counted, listed
from cna_viz.errors import UsageError
from cna_viz.figures.style.labels import provenance
from cna_viz.figures.style.theme import CLASS_COLORS, INK, MUTED, OTHER_DASHES, OTHER_SYMBOLS, class_style, finish
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

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
    if not record.snapshots:
        cluster_labels(record, layer)  # says what is missing
        raise UsageError(f"run {record.id} keeps no snapshots: train with snapshots 'log'")
    found = [cluster_labels(record, layer, epoch) for epoch in record.snapshots]
    count = max(labels.count for labels in found)
    sizes = np.stack([np.bincount(labels.label, minlength=count) for labels in found])
    if len(found) == 1:
        return _bars(record, layer, sizes[0])
    figure = make_subplots(1, 2, column_widths=[0.55, 0.45], horizontal_spacing=0.1)
    for cluster in range(count):
        _add_cluster(figure, record, sizes[:, cluster], cluster)
    measured = _add_number(figure, record, layer, sizes, count)
    figure.update_xaxes(title="epoch (snapshots, not to scale)", type="category", row=1, col=1)
    figure.update_yaxes(title="nodes of the cluster", range=[-0.04 * sizes.max(), 1.06 * sizes.max()], row=1, col=1)
    figure.update_yaxes(zeroline=True, zerolinecolor=MUTED, row=1, col=1)
    figure.update_xaxes(title="epoch", row=1, col=2)
    figure.update_yaxes(title="clusters in use, e<sup>entropy</sup>", range=[0, 1.08 * count + 0.2], row=1, col=2)
    notes = [
        _empty(record, found),
        f"right: so many equally large clusters would be as mixed, {measured}; dotted: all {count} equally large",
    ]
    rows = ceil((count + 1) / IN_A_ROW)
    title = f"Are all clusters in use? (slot after layer {layer})"
    finish(figure, title, provenance([record], *notes), height=490 + LEGEND_ROW * rows, bottom=128)
    look = {"title": {"text": "<b>cluster</b>  "}, "tracegroupgap": 0}
    return figure.update_layout(margin={"t": 72 + LEGEND_ROW * rows}, legend=look)


def _add_cluster(figure: go.Figure, record: Record, size: Array, cluster: int) -> None:
    color, _ = class_style(cluster)
    figure.add_scatter(
        x=[str(epoch) for epoch in record.snapshots],
        y=size,
        mode="lines+markers",
        # Colours come again after ten clusters.
        line={"color": color, "width": 2, "dash": OTHER_DASHES[cluster // len(CLASS_COLORS) % len(OTHER_DASHES)]},
        marker={"color": color, "size": 8, "symbol": OTHER_SYMBOLS[cluster % len(OTHER_SYMBOLS)]},
        name=str(cluster),
        hovertemplate=f"cluster {cluster}<br>%{{y}} nodes at epoch %{{x}}<extra></extra>",
        row=1,
        col=1,
    )


def _add_number(figure: go.Figure, record: Record, layer: int, sizes: Array, count: int) -> str:
    """Draw the effective number of clusters; return the words on where it is from."""
    entropy = record.metrics["cluster_entropy"].sel(layer=layer, stage="slot").dropna("epoch")
    measured = len(entropy) > len(sizes)
    epochs = entropy.epoch.values.tolist() if measured else list(record.snapshots)
    number = np.exp(entropy.values) if measured else np.array([effective_number(size) for size in sizes])
    figure.add_scatter(
        x=epochs,
        y=number,
        mode="lines+markers" if len(epochs) <= 40 else "lines",
        line={"color": INK, "width": 2},
        marker={"color": INK, "size": 7},
        name="in use",
        showlegend=False,
        hovertemplate="epoch %{x}<br>as mixed as %{y:.2f} equal clusters<extra></extra>",
        row=1,
        col=2,
    )
    figure.add_hline(y=count, line={"color": MUTED, "dash": "dot", "width": 1.5}, row=1, col=2)
    return "of every epoch that was measured" if measured else "of the snapshots"


def _bars(record: Record, layer: int, size: Array) -> go.Figure:
    figure = go.Figure()
    names = [str(cluster) for cluster in range(len(size))]
    figure.add_bar(
        x=names,
        y=size,
        marker={"color": [class_style(cluster)[0] for cluster in range(len(size))]},
        text=[str(count) if count else "empty" for count in size],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="cluster %{x}: %{y} nodes<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(title="cluster", type="category")
    figure.update_yaxes(title="nodes of the cluster", range=[0, 1.12 * max(size.max(), 1)])
    (epoch,) = record.snapshots
    note = f"the run keeps one snapshot, that of epoch {epoch}; as mixed as {effective_number(size):.1f} equal clusters"
    title = f"Are all clusters in use? (slot after layer {layer}, epoch {epoch})"
    return finish(figure, title, provenance([record], note), height=440, bottom=110)


def _empty(record: Record, found: list[ClusterLabels]) -> str:
    """Say which snapshots have empty clusters: a line at 0."""
    empty = {epoch: labels.empty for epoch, labels in zip(record.snapshots, found, strict=True) if labels.empty}
    if not empty:
        return "no cluster is empty at any snapshot"
    shown = listed(f"{counted(number, 'cluster')} at epoch {epoch}" for epoch, number in empty.items())
    return f"at 0 (empty): {shown}"
