"""A slot as marks: the flow between its clusters as bars and bands, and its learned rational functions as lines."""

from typing import Any, Final, Literal

import numpy as np

from cna_viz.analysis.tables.cluster_flow import ClusterFlow
from cna_viz.analysis.tables.cluster_labels import count_pairs
from cna_viz.analysis.tables.node_groups import NodeGroups
from cna_viz.analysis.tables.rational import RationalCurves
from cna_viz.figures.pieces.marks import Trace, faint, legend_mark
from cna_viz.figures.pieces.nodes import shown_names, style_of
from cna_viz.figures.style.theme import CLASS_COLORS, INK, OTHER_DASHES, PAPER, class_style

Array = np.ndarray[Any, Any]

PAD = 14
"""Pixels between two clusters of a column, at most."""
EDGE: Final = 1e-3
"""Plotly takes a position of exactly 0 for none."""

Line = Literal["value", "density", "difference"]
"""What a line shows: the function, the density of what enters it, or its distance from ReLU."""
SHOWN: Final = 4.0
"""How far the axis of a rational reaches at least to both sides; nearly all normalized values lie within."""


def sankey(flow: ClusterFlow, groups: NodeGroups, panel: int) -> Trace:
    """Return bars and bands in the colour of the group most frequent in each; ``panel`` is the columns' height.

    Unlabelled nodes count only where all nodes of a bar or band are unlabelled, which is grey.
    """
    most = max(len(order) for order in flow.order)
    pad = min(PAD, panel / 2 / max(most - 1, 1))
    starts = first_bars(flow)
    # As plotly scales them: the column with most clusters fills the height.
    scale = (panel - (most - 1) * pad) / max(len(flow.columns[0].label), 1)
    bars = [
        {**bar, "y": min(max(middle / panel, EDGE), 1 - EDGE)}
        for column in range(len(flow.places))
        for bar, middle in zip(_bars(flow, groups, column), _middles(flow, column, scale, pad, panel), strict=True)
    ]
    bands = [
        {**band, "source": int(starts[column]) + band["source"], "target": int(starts[column + 1]) + band["target"]}
        for column in range(len(flow.places) - 1)
        for band in _bands(flow, groups, column)
    ]
    node, link = ({key: [one[key] for one in many] for key in many[0]} for many in (bars, bands))
    hover = {"hovertemplate": "%{customdata}<extra></extra>"}
    return {
        "type": "sankey",
        "arrangement": "fixed",
        "node": {**node, "pad": pad, "thickness": 16, "line": {"color": PAPER, "width": 0.5}, **hover},
        "link": {**link, **hover},
        "textfont": {"size": 12, "color": INK},
    }


def class_legend(groups: NodeGroups) -> list[Trace]:
    """Return a legend of the groups, as a Sankey diagram has none."""
    names = shown_names(groups)
    entries = [(names[number], *style_of(groups, int(number))) for number in np.unique(groups.label)]
    return [
        legend_mark(name, {"size": 13, "color": color, "symbol": "square" if symbol.startswith("circle") else symbol})
        for name, color, symbol in entries
    ]


def first_bars(flow: ClusterFlow) -> Array:
    """Return the number of the first bar of every column: bars are numbered column by column, from top to bottom."""
    return np.cumsum([0, *(len(order) for order in flow.order)])[:-1]


def bars_of_nodes(flow: ClusterFlow) -> list[list[int]]:
    """Return the number of the bar in which every node is, a list per column."""
    bars = []
    for found, order, start in zip(flow.columns, flow.order, first_bars(flow), strict=True):
        place = np.zeros(found.count, dtype=np.int64)
        place[order] = np.arange(len(order))
        bars.append((start + place[found.label]).tolist())
    return bars


def _middles(flow: ClusterFlow, column: int, scale: float, pad: float, panel: int) -> list[float]:
    """Return where the middles of the bars of a column are, in pixels from the top; the column is centred."""
    height = scale * flow.columns[column].size[flow.order[column]]
    gaps = pad * np.arange(len(height))
    top = (panel - height.sum() - gaps[-1]) / 2
    return [float(middle) for middle in top + np.cumsum(height) - height / 2 + gaps]


def _bars(flow: ClusterFlow, groups: NodeGroups, column: int) -> list[Trace]:
    """Return label, colour and column of the clusters of a column from top to bottom."""
    found = flow.columns[column]
    members = count_pairs(found.label, groups.label, found.count, len(groups.names))
    where, names = f"{flow.over} {flow.places[column]}", shown_names(groups)
    return [
        {
            "label": f"{cluster}: {found.size[cluster]} ({names[most_frequent(groups, members[cluster])]})",
            "color": _color(groups, members[cluster]),
            "x": min(max(column / (len(flow.places) - 1), EDGE), 1 - EDGE),
            "customdata": f"{where}, cluster {cluster}: {found.size[cluster]} nodes, {_most(groups, members[cluster])}",
        }
        for cluster in flow.order[column]
    ]


def _bands(flow: ClusterFlow, groups: NodeGroups, column: int) -> list[Trace]:
    """Return the bands between a column and the next; source and target are places in the order of their columns."""
    one, other = flow.columns[column], flow.columns[column + 1]
    pair = one.label * other.count + other.label
    members = count_pairs(pair, groups.label, one.count * other.count, len(groups.names))
    bands = []
    for place, cluster in enumerate(flow.order[column]):
        for target, following in enumerate(flow.order[column + 1]):
            shared = members[cluster * other.count + following]
            value = int(shared.sum())
            if value:
                text = f"cluster {cluster} → cluster {following}: {value} nodes, {_most(groups, shared)}"
                band = {"source": place, "target": target, "value": value, "customdata": text}
                bands.append({**band, "color": faint(_color(groups, shared), 0.45)})
    return bands


def _color(groups: NodeGroups, members: Array) -> str:
    return style_of(groups, most_frequent(groups, members))[0]


def most_frequent(groups: NodeGroups, members: Array) -> int:
    """Return the group that most of the labelled nodes are in; that of unlabelled ones where there are no others."""
    labelled = members[: groups.rest]
    return int(labelled.argmax()) if labelled.any() else int(members.argmax())


def _most(groups: NodeGroups, members: Array) -> str:
    labelled, number = int(members[: groups.rest].sum()), most_frequent(groups, members)
    if number == groups.rest:
        return "all unlabelled"
    among = "" if labelled == members.sum() else f" among the {labelled} labelled"
    return f"{100 * members[number] / max(labelled, 1):.0f} % of {groups.kind} {shown_names(groups)[number]}{among}"


def reach(curves: RationalCurves) -> float:
    """Return how far the horizontal axis of rationals reaches to both sides."""
    return float(max(SHOWN, np.abs(curves.z[curves.lives.any(axis=0)]).max(initial=0) + 0.1))


def value_range(curves: RationalCurves) -> list[float]:
    """Return the range of the functions; their thin ends may leave it, or they would flatten the rest."""
    held = curves.y[curves.lives & np.isfinite(curves.y)]
    low, high = held.min(initial=-0.5), held.max(initial=reach(curves))
    margin = 0.06 * (high - low)
    return [low - margin, high + margin]


def relu_trace(width: float) -> Trace:
    """Return ReLU between ``-width`` and ``width``."""
    look = {"mode": "lines", "line": {"color": INK, "dash": "dot", "width": 1.5}}
    return {"type": "scatter", "x": [-width, 0, width], "y": [0, 0, width], **look, "name": "ReLU", "hoverinfo": "skip"}


def cluster_traces(curves: RationalCurves, cluster: int) -> list[tuple[Line, Trace]]:
    """Return the lines of a cluster, each with what it shows; their ``legendgroup`` is :func:`curve_name`.

    The function is bold where the middle 99 % of its values lie and thin elsewhere; a cluster without nodes has the
    thin line only.
    """
    value, lives = curves.y[cluster], curves.lives[cluster]
    hover, lines = "R(%{x:.2g}) = %{y:.3g}", list[tuple[Line, Trace]]()
    if np.isfinite(value).any():
        lines.append(("value", {**_line(curves, cluster, value, hover, width=1, shape="spline"), "opacity": 0.5}))
    if not lives.any():
        return lines
    if np.isfinite(value[lives]).any():
        # A single point of a line can't be seen without a mark.
        mode = "lines" if np.count_nonzero(lives) > 1 else "lines+markers"
        mark = {"mode": mode, "marker": {"color": class_style(cluster)[0], "size": 9}}
        bold = _line(curves, cluster, with_gaps(value, lives), hover, width=3, shape="spline")
        del bold["showlegend"]
        # Not rounded, as ReLU has a corner at 0.
        difference = with_gaps(value - np.maximum(curves.z, 0), lives)
        below = _line(curves, cluster, difference, "R − ReLU at %{x:.2g}: %{y:.3g}", width=2)
        lines += [("value", {**bold, **mark}), ("difference", {**below, **mark})]
    density = 100 * curves.density[cluster]
    return [*lines, ("density", _line(curves, cluster, density, "%{y:.2g} % around %{x:.2g}", width=2, shape="hvh"))]


def curve_name(cluster: int) -> str:
    """Return what the lines of a cluster are called as a group of the legend."""
    return f"cluster {cluster}"


def cluster_line(cluster: int) -> tuple[str, str]:
    """Return colour and dash of a cluster; beyond ten, colours come again with another dash."""
    return class_style(cluster)[0], OTHER_DASHES[cluster // len(CLASS_COLORS) % len(OTHER_DASHES)]


def _line(curves: RationalCurves, cluster: int, y: object, hover: str, **line: object) -> Trace:
    color, dash = cluster_line(cluster)
    return {
        "type": "scatter",
        "x": curves.z,
        "y": y,
        "mode": "lines",
        "line": {"color": color, "dash": dash, **line},
        "legendgroup": curve_name(cluster),
        "name": str(cluster),
        "showlegend": False,
        "hovertemplate": f"cluster {cluster}<br>{hover}<extra></extra>",
    }


def with_gaps(value: Array, where: Array) -> list[float | None]:
    """Return the values, with gaps elsewhere and where they are not finite."""
    return [float(y) if here and np.isfinite(y) else None for y, here in zip(value, where, strict=True)]
