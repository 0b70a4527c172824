"""Nodes as marks, a trace per group: their colours, the words on them, and their legend."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from cna_viz.analysis.tables.node_groups import NodeGroups
from cna_viz.figures.style.theme import MUTED, group_style

Array = np.ndarray[Any, Any]
Trace = dict[str, Any]
"""A trace as plotly stores it: made by the hundred for the frames of an animation, and checked only there."""

KIND_LABELS: Final[dict[str, str]] = {
    "class": "class",
    "target": "target",
    "cluster": "cluster",
    "prediction": "predicted class",
    "predicted number": "predicted number",
    "degree": "degree (neighbours)",
}
WRONG: Final = "x"
"""Marker of a node whose prediction is wrong."""

UNGROUPED: Final = "no clusters"

SIZE: Final = 4
"""Size of a mark in pixels where nodes are many, or panels small."""

MOST: Final = 11
"""Size where nodes are few."""

LEGEND: Final = {"itemsizing": "constant", "y": -0.02, "yanchor": "top"}


def fitting_size(nodes: int) -> float:
    """Return the size of marks in a large panel with so many nodes."""
    return float(np.clip(110 / np.sqrt(max(nodes, 1)), SIZE, MOST))


def node_traces(
    positions: Array,
    groups: NodeGroups | None,
    drawn: Array,
    scatter: str = "scatter",
    size: float = SIZE,
) -> list[Trace]:
    """Return the marks of nodes, a trace per group in the order of the groups; ``customdata`` are the nodes' numbers.

    Args:
        positions: ``[nodes, 2]``; nodes without a place (NaN) are not drawn.
        groups: The groups that colours stand for; None where there are none, and all are grey.
        drawn: Numbers of the nodes to draw.
        scatter: Type of the traces.
        size: Size of a mark in pixels.
    """
    if groups is None:
        look = {"color": MUTED, "symbol": "circle"}
        return [_trace(scatter, positions, drawn, UNGROUPED, look, size, UNGROUPED)]
    return [_group(scatter, positions, groups, number, drawn, size) for number in present(groups, drawn)]


def scaled_traces(positions: Array, values: Array, drawn: Array, scatter: str, size: float) -> list[Trace]:
    """Return the marks of nodes as one trace, coloured by a number on the color axis of the figure.

    The numbers are ``values``, ``[nodes]``; all else is as in :func:`node_traces`.
    """
    look = {"color": values[drawn].astype(np.float32), "coloraxis": "coloraxis", "symbol": "circle"}
    return [_trace(scatter, positions, drawn, "nodes", look, size, "%{marker.color:.3g}")]


def changing_traces(
    positions: Array, groups: NodeGroups | None, drawn: Array, used: Sequence[str], size: float = SIZE
) -> list[Trace]:
    """Return the marks of nodes for frames between which groups change: a trace per marker, a colour per mark.

    Every trace has all nodes, those with another marker without a place: a mark is the same node in every frame.

    Args:
        positions: As in :func:`node_traces`, and so are ``groups``, ``drawn`` and ``size``.
        groups: Groups of this frame.
        drawn: Numbers of the nodes to draw.
        used: The markers of all frames.
        size: Size of a mark in pixels.
    """
    if groups is None:
        look: dict[str, Any] = {"color": MUTED}
        marks, words, text = np.full(len(drawn), used[0]), UNGROUPED, None
    else:
        number = groups.label[drawn].astype(np.int16)
        look = _numbered_colors(groups, number)
        marks, words, text = markers(groups, drawn), f"{KIND_LABELS[groups.kind]} %{{text}}", _names(groups, drawn)
    traces = []
    for symbol in used:
        shown = positions.astype(np.float32)
        shown[drawn[marks != symbol]] = np.nan
        traces.append(_trace("scatter", shown, drawn, "nodes", {**look, "symbol": symbol}, size, words, text))
    return traces


def markers(groups: NodeGroups, drawn: Array) -> Array:
    """Return the marker of every node that is drawn."""
    by_group = np.array([group_style(groups.kind, number)[1] for number in range(len(groups.names))])
    marks = by_group[groups.label[drawn]]
    return marks if groups.wrong is None else np.where(groups.wrong[drawn], WRONG, marks)


def _numbered_colors(groups: NodeGroups, number: Array) -> dict[str, Any]:
    """Return colours as numbers on a scale of steps, which are checked and stored a hundred times as quickly."""
    colors = [group_style(groups.kind, shown)[0] for shown in range(len(groups.names))]
    scale = [(edge / len(colors), color) for n, color in enumerate(colors) for edge in (n, n + 1)]
    return {"color": number, "colorscale": scale, "cmin": -0.5, "cmax": len(colors) - 0.5}


def _names(groups: NodeGroups, drawn: Array) -> Array:
    """Return what is said of every node that is drawn, at its mark."""
    names = np.array(groups.names)[groups.label[drawn]]
    if groups.wrong is None:
        return names
    return np.char.add(names, np.where(groups.wrong[drawn], ", wrong", ", right"))


def present(groups: NodeGroups, drawn: Array) -> list[int]:
    """Return the numbers of the groups that have nodes among those drawn."""
    return [int(number) for number in np.unique(groups.label[drawn])]


def legend_traces(groups: Sequence[NodeGroups | None]) -> list[Trace]:
    """Return the legend: a trace without points for every group of the figure, in their order, and for a cross."""
    found = {
        (number, shown.names[number], shown.kind)
        for shown in groups
        if shown is not None
        for number in map(int, np.unique(shown.label))
    }
    entries = [_entry(name, *group_style(kind, number)) for number, name, kind in sorted(found)]
    if None in groups:
        entries.append(_entry(UNGROUPED, MUTED, "circle"))
    if any(shown is not None and shown.wrong is not None for shown in groups):
        entries.append(_entry("wrong", MUTED, WRONG))
    return entries


def legend_title(groups: Sequence[NodeGroups | None]) -> str:
    """Return what the colours stand for."""
    kinds = dict.fromkeys(KIND_LABELS[shown.kind] for shown in groups if shown is not None)
    return f"{' / '.join(kinds)} "


def _entry(name: str, color: str, symbol: str) -> Trace:
    marker = {"color": color, "symbol": symbol, "size": 8}
    look = {"mode": "markers", "marker": marker, "name": name, "legendgroup": name, "showlegend": True}
    return {"type": "scatter", "x": [None], "y": [None], **look}


def _group(scatter: str, positions: Array, groups: NodeGroups, number: int, drawn: Array, size: float) -> Trace:
    nodes, name = drawn[groups.label[drawn] == number], groups.names[number]
    color, symbol = group_style(groups.kind, number)
    kind = KIND_LABELS[groups.kind]
    if groups.wrong is None:
        return _trace(scatter, positions, nodes, name, {"color": color, "symbol": symbol}, size, f"{kind} {name}")
    look = {"color": color, "symbol": markers(groups, nodes)}
    return _trace(scatter, positions, nodes, name, look, size, f"{kind} %{{text}}", _names(groups, nodes))


def _trace(
    scatter: str,
    positions: Array,
    nodes: Array,
    name: str,
    look: dict[str, Any],
    size: float,
    words: str,
    text: Array | None = None,
) -> Trace:
    flat = positions[nodes].astype(np.float32)  # half the page, and still a thousandth of a pixel
    return {
        "type": scatter,
        "x": flat[:, 0],
        "y": flat[:, 1],
        "mode": "markers",
        "marker": {**look, "size": size, "opacity": 0.7},
        "name": name,
        "legendgroup": name,
        "showlegend": False,
        "customdata": nodes.astype(np.int32),
        "text": text,
        "hovertemplate": f"node %{{customdata}}<br>{words}<extra></extra>",
    }
