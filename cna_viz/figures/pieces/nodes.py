"""Nodes and edges as marks: how many are drawn, their colours, the words on them, and their legend."""

from collections.abc import Sequence
from math import ceil
from typing import Any, Final

import numpy as np

from cna_viz.analysis.tables.node_groups import UNLABELLED, NodeGroups
from cna_viz.figures.pieces.marks import Trace, legend_mark
from cna_viz.figures.style.theme import INK, MUTED, escaped, group_style

Array = np.ndarray[Any, Any]

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

MOST_POINTS: Final = 20_000
"""Points of one panel, and of a figure before it is drawn by WebGL; beyond, a sample is drawn."""
MOST_EDGES: Final = 40_000
MOST_LIVE: Final = 1_000
"""Points of a panel that is redrawn while somebody moves a slider, before it is drawn by WebGL."""

SIZE, MOST = 4, 11
"""Sizes of a mark in pixels where nodes are many or panels small, and where nodes are few."""

LETTER, ENTRY, NARROW, LEGEND_ROW = 7, 48, 330, 32
"""Pixels of a letter of a legend, of the mark of an entry with its padding, of the least width, and of a row."""

LEGEND: Final = {"itemsizing": "constant", "y": -0.02, "yanchor": "top"}


def sample(count: int, most: int | None = None) -> Array:
    """Return, ascending, which of ``count`` nodes or edges are drawn: at most :data:`MOST_POINTS`, always the same."""
    most = MOST_POINTS if most is None else most
    return np.arange(count) if count <= most else np.sort(np.random.default_rng(0).choice(count, most, replace=False))


def sample_note(what: str, shown: int, count: int) -> list[str]:
    """Return the note on a sample of nodes or edges; empty where all are drawn."""
    note = f"a sample is drawn: {shown:,} of {count:,} {what}; places and measures are of all"
    return [note] if shown < count else []


def scatter(points: int) -> str:
    """Return the type of the traces of a figure of so many points: ``scatter`` or ``scattergl``.

    Up to :data:`MOST_POINTS` it is SVG, which prints sharply and leaves the page its WebGL contexts: browsers grant
    eight to sixteen, and beyond that the first figures of a long page go blank.
    """
    return "scatter" if points <= MOST_POINTS else "scattergl"


def live_scatter(points: int) -> str:
    """Return the type of the traces in a panel that a slider redraws, where WebGL is several times as quick."""
    return "scatter" if points <= MOST_LIVE else "scattergl"


def fitting_size(nodes: int) -> float:
    """Return the size of marks in a large panel with so many nodes."""
    return float(np.clip(110 / np.sqrt(max(nodes, 1)), SIZE, MOST))


def node_traces(
    positions: Array, groups: NodeGroups | None, drawn: Array, kind: str = "scatter", size: float = SIZE
) -> list[Trace]:
    """Return the marks of the nodes ``drawn``, a trace per group in their order; ``customdata`` are the nodes' numbers.

    Nodes without a position (NaN) are not drawn, and without groups all are grey; ``kind`` is the type of the traces.
    """
    if groups is None:
        look = {"color": MUTED, "symbol": "circle"}
        return [node_trace(kind, positions, drawn, UNGROUPED, look, size, UNGROUPED)]
    return [_group(kind, positions, groups, int(n), drawn, size) for n in np.unique(groups.label[drawn])]


def scaled_traces(positions: Array, values: Array, drawn: Array, kind: str, size: float) -> list[Trace]:
    """Return the marks of nodes as one trace, coloured by numbers ``values``, ``[nodes]``, on the colour axis."""
    look = {"color": values[drawn].astype(np.float32), "coloraxis": "coloraxis", "symbol": "circle"}
    return [node_trace(kind, positions, drawn, "nodes", look, size, "%{marker.color:.3g}")]


def style_of(groups: NodeGroups, number: int) -> tuple[str, str]:
    """Return colour and marker of a group; nodes without a class are grey and hollow, as numbers have a grey, too."""
    none = number in (groups.rest, groups.missing)
    return (MUTED, "circle-open") if none else group_style(groups.kind, number)


def shown_names(groups: NodeGroups) -> tuple[str, ...]:
    """Return the names of the groups as plotly shows them literally, also in a template."""
    return tuple(escaped(name).replace("%{", "%&#123;") for name in groups.names)


def words_of(groups: NodeGroups, number: int) -> str:
    """Return kind and name of a group, or that its nodes are unlabelled."""
    name = shown_names(groups)[number]
    return name if number == groups.rest else f"{KIND_LABELS[groups.kind]} {name}"


def markers(groups: NodeGroups, drawn: Array) -> Array:
    """Return the marker of every node that is drawn."""
    by_group = np.array([style_of(groups, number)[1] for number in range(len(groups.names))])
    marks = by_group[groups.label[drawn]]
    return marks if groups.wrong is None else np.where(groups.wrong[drawn], WRONG, marks)


def node_names(groups: NodeGroups, drawn: Array) -> Array:
    """Return the words at the mark of every node that is drawn."""
    names = np.array(shown_names(groups))[groups.label[drawn]]
    if groups.wrong is None:
        return names
    verdicts = np.where(groups.wrong[drawn], ", wrong", ", right")
    if groups.missing is not None:
        verdicts = np.where(groups.label[drawn] == groups.missing, "", verdicts)
    if groups.unlabelled is not None:
        verdicts = np.where(groups.unlabelled[drawn], ", node unlabelled", verdicts)
    return np.char.add(names, verdicts)


def legend_traces(groups: Sequence[NodeGroups | None]) -> list[Trace]:
    """Return the legend: an entry for every group of the figure, in their order, and for a cross."""
    known = [shown for shown in groups if shown is not None]
    found = {
        (int(n), shown_names(shown)[n], *style_of(shown, int(n))) for shown in known for n in np.unique(shown.label)
    }
    entries = [entry[1:] for entry in sorted(found)]
    entries += [(UNGROUPED, MUTED, "circle")] * (None in groups)
    entries += [("wrong", MUTED, WRONG)] * any(shown.wrong is not None for shown in known)
    return [
        legend_mark(name, {"color": color, "symbol": symbol, "size": 8}, legendgroup=name, showlegend=True)
        for name, color, symbol in entries
    ]


def legend_room(groups: Sequence[NodeGroups | None], rows: int = 2) -> int:
    """Return the pixels that named classes take beyond so many rows of a legend on a narrow page; 0 for numbers."""
    names = {name for shown in groups if shown and shown.kind in ("class", "prediction") for name in shown.names}
    if all(name.isdigit() for name in names - {UNLABELLED}):
        return 0
    return LEGEND_ROW * max(0, ceil(sum(LETTER * len(name) + ENTRY for name in names) / NARROW) - rows)


def legend_title(groups: Sequence[NodeGroups | None]) -> str:
    """Return what the colours stand for."""
    kinds = dict.fromkeys(KIND_LABELS[shown.kind] for shown in groups if shown is not None)
    return f"{' / '.join(kinds)} "


def _group(kind: str, positions: Array, groups: NodeGroups, number: int, drawn: Array, size: float) -> Trace:
    nodes, name = drawn[groups.label[drawn] == number], shown_names(groups)[number]
    color, symbol = style_of(groups, number)
    if groups.wrong is None:
        look = {"color": color, "symbol": symbol}
        return node_trace(kind, positions, nodes, name, look, size, words_of(groups, number))
    marks: Trace = {"color": color, "symbol": markers(groups, nodes)}
    words = f"{KIND_LABELS[groups.kind]} %{{text}}"
    return node_trace(kind, positions, nodes, name, marks, size, words, node_names(groups, nodes))


def node_trace(
    kind: str,
    positions: Array,
    nodes: Array,
    name: str,
    look: Trace,
    size: float,
    words: str,
    text: Array | None = None,
) -> Trace:
    """Return marks of some nodes as one trace."""
    flat = positions[nodes].astype(np.float32)  # half the page, and still a thousandth of a pixel
    return {
        "type": kind,
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


def shown_edges(edges: Array, drawn: Array, count: int, most: int | None = None) -> Array:
    """Return the edges to draw, ``[2, edges]``: of those between drawn nodes at most :data:`MOST_EDGES`."""
    there = np.zeros(count, dtype=bool)
    there[drawn] = True
    between = edges[:, there[edges].all(axis=0)]
    return between[:, sample(between.shape[1], MOST_EDGES if most is None else most)]


def edge_trace(layout: Array, lines: Array, kind: str) -> Trace:
    """Return the edges ``lines``, ``[2, edges]``, between nodes placed by ``layout``, as one line with gaps."""
    ends = np.full((lines.shape[1], 3, 2), np.nan, dtype=np.float32)
    ends[:, :2] = layout[lines.T]
    flat = ends.reshape(-1, 2)
    look = {"mode": "lines", "line": {"color": MUTED, "width": 0.7}, "opacity": 0.4}
    return {"type": kind, "x": flat[:, 0], "y": flat[:, 1], **look, "hoverinfo": "skip", "showlegend": False}


def text_trace(x: float | None, y: float | None, text: str, position: str, **more: object) -> Trace:
    """Return words at a place; a trace, as a frame of an animation changes nothing of the layout."""
    look = {"mode": "text", "text": [text], "textposition": position, "textfont": {"size": 14, "color": INK}}
    return {"type": "scatter", "x": [x], "y": [y], **look, "showlegend": False, "hoverinfo": "skip", **more}


def collapsed_mark(shown: bool = True) -> Trace:
    """Return the mark of a layer that is a single point; without a place in other frames."""
    marker = {"color": INK, "symbol": "circle-open", "size": 4 * SIZE, "line": {"width": 2}}
    place = 0.0 if shown else None
    return text_trace(place, place, "all nodes", "middle right", mode="markers+text", marker=marker)
