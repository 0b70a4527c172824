"""What does each step of a slot do to the nodes?"""

from math import ceil
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.positions.projection import project_layers
from cna_viz.analysis.tables.node_groups import NodeGroups, node_groups, numbered_groups
from cna_viz.analysis.tables.slot_steps import cluster_means, slot_steps
from cna_viz.figures.pieces.nodes import legend_room, node_traces, sample, sample_note, scatter
from cna_viz.figures.pieces.projected import hide_axes, method_note, reach, state
from cna_viz.figures.style.labels import provenance, snapshot_note
from cna_viz.figures.style.theme import INK, PAPER, finish
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

TOP, PANEL = 96, 232
"""Heights in pixels of what is above the panels, and of the panels."""

LEGEND = {
    "orientation": "h",
    "x": 0,
    "xanchor": "left",
    "font": {"size": 14},
    "itemsizing": "constant",
    "tracegroupgap": 0,
}
LEGEND_ROW, IN_A_ROW, MEAN_TAKES = 21, 14, 3
"""Height of a row of a legend in pixels; entries in a row of a page's width, and how many the last one replaces."""

WITHOUT_C = "no C: all are one cluster"
AFTER_A = {"rational": "after A, by cluster", "relu": "after ReLU, by cluster", "none": "without A, by cluster"}


def plot_inside_slot(record: Record, layer: int, *, epoch: int | None = None) -> go.Figure:
    """Draw the nodes before the slot, with their clusters, after normalization and after activation.

    The first two panels show the same positions. Colours are classes in the first panel and clusters in the others. Of
    more nodes than :data:`~cna_viz.figures.pieces.nodes.MOST_POINTS` a sample is drawn; means are of all.

    Args:
        record: A run whose slot is of the CNA family, with snapshots.
        layer: 1 … number of layers - 1.
        epoch: A snapshot's epoch; the selected model's when left out.

    Raises:
        UsageError: When the slot is of another kind, or there is no such layer or snapshot.
    """
    steps = slot_steps(record, layer, epoch)
    before, normalized, after = project_layers([steps.before, steps.normalized, steps.after])
    panels = [before, before, normalized, after]
    figure = make_subplots(
        1,
        4,
        horizontal_spacing=0.012,
        subplot_titles=[f"{step}<br>{state(p)}" for step, p in zip(_steps(record), panels, strict=True)],
    )
    targets, clusters = node_groups(record), numbered_groups(steps.label, "cluster")
    drawn = sample(len(steps.label))
    kind = scatter(len(panels) * len(drawn))
    for column, panel in enumerate(panels, start=1):
        # Classes and clusters have the same names, but not the same legend.
        group, legend = ("class", "legend") if column == 1 else ("cluster", "legend2")
        for trace in node_traces(panel.positions, targets if column == 1 else clusters, drawn, kind):
            own = {"legend": legend, "legendgroup": f"{group} {trace['name']}", "showlegend": column <= 2}
            figure.add_trace({**trace, **own}, row=1, col=column)
    _add_means(figure, before.positions, steps.label, kind)
    hide_axes(figure, reach(panels))
    figure.update_annotations(font={"size": 13})
    notes = [method_note("pca", what="step"), *sample_note("nodes", len(drawn), len(steps.label))]
    below = _place_legends(figure, targets, len(np.unique(steps.label)))
    shown = record.shown_epoch if epoch is None else epoch
    title = f"What does each step of the slot after layer {layer} do to the nodes? (epoch {shown})"
    return finish(
        figure,
        title,
        provenance([record], *notes, *snapshot_note([record], epoch)),
        height=TOP + PANEL,
        below=below - 60,
    )


def _place_legends(figure: go.Figure, targets: NodeGroups, clusters: int) -> int:
    """Put the legend of the clusters below that of the classes, both below the panels; return their height."""
    top = 6
    classes = len(np.unique(targets.label))
    for name, kind, entries in (("legend", targets.kind, classes), ("legend2", "cluster", clusters + MEAN_TAKES)):
        look = {"title": {"text": f"<b>{kind}</b>  ", "font": {"size": 14}}, "yanchor": "top", "y": -top / PANEL}
        figure.update_layout({name: {**LEGEND, **look}})
        top += LEGEND_ROW * ceil(entries / IN_A_ROW) + 2 + (legend_room([targets], 1) if name == "legend" else 0)
    return top


def _steps(record: Record) -> list[str]:
    """Return the titles of the panels, which name parts that the slot lacks."""
    factors = record.config.model.factors
    clusters = WITHOUT_C if factors["assignment"] == "none" else "C: clusters and their means"
    normalized = "without N" if factors["normalization"] == "none" else "after N"
    return ["before, by class", clusters, f"{normalized}, by cluster", AFTER_A[factors["activation"]]]


def _add_means(figure: go.Figure, positions: Array, label: Array, kind: str) -> None:
    # Positions are an affine map of the features: the mean of the positions is the position of the mean.
    means = cluster_means(positions, label)
    means = means[np.isfinite(means).all(axis=1)]
    if not len(means):
        return
    # Of the type of the nodes: all of WebGL lies above all of SVG, and the means would be below the nodes.
    means_trace = {
        "type": kind,
        "x": means[:, 0],
        "y": means[:, 1],
        "mode": "markers",
        "marker": {"color": PAPER, "symbol": "cross", "size": 11, "line": {"color": INK, "width": 1.5}},
        "name": "mean of a cluster",
        "legend": "legend2",
        "hovertemplate": "mean of a cluster<extra></extra>",
    }
    figure.add_trace(means_trace, row=1, col=2)
