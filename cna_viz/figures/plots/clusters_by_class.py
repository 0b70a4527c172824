"""Do the clusters know the classes?"""

import plotly.graph_objects as go

from cna_viz.analysis.tables.cluster_labels import ClusterTable, cluster_table
from cna_viz.figures.style.labels import provenance
from cna_viz.figures.style.theme import SEQUENTIAL, finish, space_below
from cna_viz.records.record import Record

ROW, MOST_WRITTEN = 34, 1200
"""Height of a row in pixels; a table of more cells has no counts written in."""

AXES = {"class": "class, and its number of nodes", "target": "fifth of the target, and its number of nodes"}
QUESTIONS = {"class": "Do the clusters know the classes?", "target": "Do the clusters know the target?"}


def plot_clusters_by_class(record: Record, layer: int, *, epoch: int | None = None) -> go.Figure:
    """Draw how many nodes of each class every cluster of a slot has; where targets are numbers, of each fifth of them.

    Colours are shares of the cluster, numbers are nodes. Rows are ordered so that what agrees lies on a diagonal.

    Args:
        record: A run whose slot has clusters, with snapshots.
        layer: 1 … number of layers - 1.
        epoch: A snapshot's epoch; the selected model's when left out.

    Raises:
        UsageError: When the slot has no clusters, or there is no such layer or snapshot.
    """
    found = cluster_table(record, layer, epoch)
    figure = go.Figure(_heatmap(found))
    total = found.counts.sum(axis=0)
    rows = [
        f"cluster {cluster} · {size}" if size else f"cluster {cluster} · empty"
        for cluster, size in zip(found.clusters, found.counts.sum(axis=1), strict=True)
    ]
    names = [f"{name}<br>{count}" for name, count in zip(found.names, total, strict=True)]
    figure.update_xaxes(
        title=AXES[found.kind],
        tickvals=list(range(len(names))),
        ticktext=names,
        showgrid=False,
        range=[-0.5, len(names) - 0.5],
    )
    figure.update_yaxes(
        title="cluster, and its number of nodes",
        tickvals=list(range(len(rows))),
        ticktext=rows,
        showgrid=False,
        range=[len(rows) - 0.5, -0.5],
    )
    bar = {"title": {"text": "share of the cluster (%)", "side": "right"}}
    figure.update_layout(coloraxis={"colorscale": SEQUENTIAL, "cmin": 0, "cmax": 100, "colorbar": bar})
    shown = record.best_epoch if epoch is None else epoch
    ari = f"{found.ari:.2f}".replace("-", "−")
    note = (
        f"normalized mutual information {found.nmi:.2f} (0: nothing in common, 1: the same) · adjusted Rand index "
        f"{ari} (0: chance, 1: the same)"
    )
    footnote = provenance([record], note, "numbers: nodes, nothing where there are none")
    bottom = space_below(footnote) + 24
    title = f"{QUESTIONS[found.kind]} (slot after layer {layer}, epoch {shown})"
    height = 72 + max(ROW * len(rows), 200) + bottom
    finish(figure, title, footnote, height=height, bottom=bottom)
    return figure.update_layout(margin={"t": 72})


def _heatmap(found: ClusterTable) -> go.Heatmap:
    size = found.counts.sum(axis=1, keepdims=True)
    # A cluster without nodes has no shares: its row stays blank.
    share = [
        [100 * count / of if of else None for count in row]
        for row, of in zip(found.counts.tolist(), size[:, 0].tolist(), strict=True)
    ]
    written = found.counts.size <= MOST_WRITTEN
    return go.Heatmap(
        z=share,
        customdata=[
            [[cluster, found.names[group], count] for group, count in enumerate(row)]
            for cluster, row in zip(found.clusters.tolist(), found.counts.tolist(), strict=True)
        ],
        text=[[str(count) if count else "" for count in row] for row in found.counts.tolist()],
        texttemplate="%{text}" if written else None,
        coloraxis="coloraxis",
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate="cluster %{customdata[0]}, "
        + found.kind
        + " %{customdata[1]}<br>%{customdata[2]} nodes, %{z:.1f} % of the cluster<extra></extra>",
    )
