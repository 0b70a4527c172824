"""What does each step of a slot do to the nodes?"""

from math import ceil
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.node_groups import NodeGroups, node_groups
from cna_viz.analysis.projection import Projection, project_layers
from cna_viz.analysis.slot_steps import cluster_means, slot_steps
from cna_viz.figures.labels import provenance
from cna_viz.figures.theme import GRID, INK, PAPER, finish, group_style
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
"""Height of a row of a legend in pixels; entries in a row of a page's width, and what the last one takes."""

WITHOUT_C = "no C: all are one cluster"
AFTER_A = {"rational": "after A, by cluster", "relu": "after ReLU, by cluster", "none": "without A, by cluster"}


def plot_inside_slot(record: Record, layer: int, *, epoch: int | None = None) -> go.Figure:
    """Draw the nodes before the slot, with their clusters, after normalization and after activation.

    The first two panels show the same positions. Colours are classes in the first panel and clusters in the others.

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
        1, 4, horizontal_spacing=0.012, subplot_titles=[_title(*p) for p in zip(_steps(record), panels, strict=True)]
    )
    targets, clusters = node_groups(record), _cluster_groups(steps.label)
    for column, panel in enumerate(panels, start=1):
        _add_nodes(figure, panel.positions, targets if column == 1 else clusters, column)
    _add_means(figure, before.positions, steps.label)
    reach = 1.05 * max((np.nanmax(np.abs(p.positions), initial=0) for p in panels), default=1) or 1
    figure.update_xaxes(range=[-reach, reach], showticklabels=False, ticks="", mirror=True, linecolor=GRID)
    figure.update_yaxes(range=[-reach, reach], showticklabels=False, ticks="", mirror=True, linecolor=GRID)
    figure.update_annotations(font={"size": 13})
    bottom = _place_legends(figure, targets, len(np.unique(steps.label)))
    shown = record.best_epoch if epoch is None else epoch
    note = "PCA, each step turned onto the one before; rows scaled to root mean square length 1; same axes everywhere"
    title = f"What does each step of the slot after layer {layer} do to the nodes? (epoch {shown})"
    return finish(figure, title, provenance([record], note), height=TOP + PANEL + bottom, bottom=bottom)


def _cluster_groups(label: Array) -> NodeGroups:
    return NodeGroups(label, tuple(map(str, range(int(label.max()) + 1))), "cluster")


def _place_legends(figure: go.Figure, targets: NodeGroups, clusters: int) -> int:
    """Put the legend of the clusters below that of the classes, both below the panels; return the space they take."""
    top = 6
    classes = len(np.unique(targets.label))
    for name, kind, entries in (("legend", targets.kind, classes), ("legend2", "cluster", clusters + MEAN_TAKES)):
        look = {"title": {"text": f"<b>{kind}</b>  ", "font": {"size": 14}}, "yanchor": "top", "y": -top / PANEL}
        figure.update_layout({name: {**LEGEND, **look}})
        top += LEGEND_ROW * ceil(entries / IN_A_ROW) + 2
    return top + 50


def _steps(record: Record) -> list[str]:
    """Return what the panels show; parts that the slot lacks are said to be."""
    factors = record.config.model.factors
    clusters = WITHOUT_C if factors["assignment"] == "none" else "C: clusters and their means"
    normalized = "without N" if factors["normalization"] == "none" else "after N"
    return ["before, by class", clusters, f"{normalized}, by cluster", AFTER_A[factors["activation"]]]


def _title(step: str, projection: Projection) -> str:
    if np.isnan(projection.spread):
        return f"{step}<br><b>not finite</b>"
    return f"{step}<br>{'<b>collapsed</b>' if projection.collapsed else f'spread {projection.spread:.2g}'}"


def _add_nodes(figure: go.Figure, positions: Array, groups: NodeGroups, column: int) -> None:
    for number in np.unique(groups.label):
        color, symbol = group_style(groups.kind, int(number))
        chosen, name = np.flatnonzero(groups.label == number), groups.names[number]
        figure.add_scattergl(
            x=positions[chosen, 0],
            y=positions[chosen, 1],
            mode="markers",
            marker={"color": color, "symbol": symbol, "size": 4, "opacity": 0.7},
            name=name,
            legendgroup=f"{groups.kind} {name}",
            legend="legend2" if groups.kind == "cluster" else "legend",
            showlegend=column <= 2,
            customdata=chosen,
            hovertemplate=f"node %{{customdata}}<br>{groups.kind} {name}<extra></extra>",
            row=1,
            col=column,
        )


def _add_means(figure: go.Figure, positions: Array, label: Array) -> None:
    # Positions are an affine map of the features: the mean of the positions is the position of the mean.
    means = cluster_means(positions, label)
    means = means[np.isfinite(means).all(axis=1)]
    if not len(means):
        return
    # All of WebGL lies above all of SVG: as SVG they would be below the nodes.
    figure.add_scattergl(
        x=means[:, 0],
        y=means[:, 1],
        mode="markers",
        marker={"color": PAPER, "symbol": "cross", "size": 11, "line": {"color": INK, "width": 1.5}},
        name="mean of a cluster",
        legend="legend2",
        hovertemplate="mean of a cluster<extra></extra>",
        row=1,
        col=2,
    )
