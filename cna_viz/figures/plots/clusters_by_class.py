"""Do the clusters know the classes?"""

from math import isfinite

import plotly.graph_objects as go

from cna_viz.analysis.tables.cluster_labels import cluster_table
from cna_viz.figures.pieces.marks import color_scale, share_heatmap
from cna_viz.figures.style.labels import provenance, snapshot_note
from cna_viz.figures.style.theme import escaped, finish
from cna_viz.records.record import Record

ROW, MOST_WRITTEN = 34, 1200
"""Height of a row in pixels; a table of more cells has no counts written in."""
LETTER, MOST_LETTERS = 7, 60
"""Pixels of a letter; letters of the names of classes beyond which they stand upright."""

AXES = {"class": "class, and its number of nodes", "target": "fifth of the target, and its number of nodes"}
QUESTIONS = {"class": "Do the clusters know the classes?", "target": "Do the clusters know the target?"}


def plot_clusters_by_class(record: Record, layer: int, *, epoch: int | None = None) -> go.Figure:
    """Draw how many nodes of each class every cluster of a slot has; where targets are numbers, of each fifth of them.

    Colours are shares of the cluster, numbers are nodes. Rows are ordered so that matching pairs lie on a diagonal.
    Unlabelled nodes are the last column, and not in the indices below.

    Args:
        record: A run whose slot has clusters, with snapshots.
        layer: 1 … number of layers - 1.
        epoch: A snapshot's epoch; the selected model's when left out.

    Raises:
        UsageError: When the slot has no clusters, or there is no such layer or snapshot.
    """
    found = cluster_table(record, layer, epoch)
    counts, classes = found.counts.tolist(), [escaped(name) for name in found.names]
    cells = [
        [[cluster, name, count] for name, count in zip(classes, row, strict=True)]
        for cluster, row in zip(found.clusters.tolist(), counts, strict=True)
    ]
    share = "%{customdata[2]} nodes, %{z:.1f} % of the cluster"
    hover = f"cluster %{{customdata[0]}}, {found.kind} %{{customdata[1]}}<br>{share}"
    written = found.counts.size <= MOST_WRITTEN
    figure = go.Figure(share_heatmap(counts, written=written, hover=hover, customdata=cells))
    sizes = found.counts.sum(axis=1)
    rows = [f"cluster {cluster} · {size or 'empty'}" for cluster, size in zip(found.clusters, sizes, strict=True)]
    names = [f"{name}<br>{count}" for name, count in zip(classes, found.counts.sum(axis=0), strict=True)]
    across = {"tickvals": list(range(len(names))), "ticktext": names, "range": [-0.5, len(names) - 0.5]}
    down = {"tickvals": list(range(len(rows))), "ticktext": rows, "range": [len(rows) - 0.5, -0.5]}
    # Upright where they would not fit on a narrow page, as plotly would turn them without making room.
    longest = max(map(len, found.names)) if found.kind == "class" else 0
    upright = longest * len(names) > MOST_LETTERS
    across |= {"tickangle": 90} if upright else {}
    figure.update_xaxes(title=AXES[found.kind], showgrid=False, **across)
    figure.update_yaxes(title="cluster, and its number of nodes", showgrid=False, **down)
    figure.update_layout(color_scale("share of the cluster (%)", cmin=0, cmax=100))
    shown = record.shown_epoch if epoch is None else epoch
    ari = f"{found.ari:.2f}".replace("-", "−")
    note = (
        f"normalized mutual information {found.nmi:.2f} (0: independent, 1: identical) · adjusted Rand index "
        f"{ari} (0: chance, 1: identical)"
        if isfinite(found.nmi)
        else "no labelled nodes to compare the clusters with"
    )
    measured = "; indices over labelled nodes" if found.unlabelled else ""
    footnote = provenance(
        [record], note, f"numbers: nodes, blank where there are none{measured}", *snapshot_note([record], epoch)
    )
    title = f"{QUESTIONS[found.kind]} (slot after layer {layer}, epoch {shown})"
    finish(
        figure, title, footnote, height=72 + max(ROW * len(rows), 200), below=24 + upright * (LETTER * longest - ROW)
    )
    return figure.update_layout(margin={"t": 72})
