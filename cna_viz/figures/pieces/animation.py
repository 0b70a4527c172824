"""The frames of an animation of nodes, as traces whose number and order are those of every frame, and its player."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cna_viz.analysis.positions.projection import Projection
from cna_viz.analysis.tables.node_groups import NodeGroups
from cna_viz.figures.pieces.marks import Trace
from cna_viz.figures.pieces.nodes import (
    KIND_LABELS,
    SIZE,
    UNGROUPED,
    collapsed_mark,
    fitting_size,
    markers,
    node_names,
    node_trace,
    node_traces,
    style_of,
    text_trace,
)
from cna_viz.figures.pieces.projected import caption
from cna_viz.figures.style.theme import GRID, MUTED

Array = np.ndarray[Any, Any]

HEADROOM: Final = 0.18
"""Room for the words above the nodes, in lengths of half an axis."""
GLIDE, STAY = 500, 800
"""Milliseconds in which marks glide to the next frame, and from one frame to the next."""

# Without a redraw marks glide instead of jumping; then frames change traces only, never the layout.
PLAY: Final = {"frame": {"duration": STAY, "redraw": False}, "transition": {"duration": GLIDE}, "fromcurrent": True}
GO: Final = {"frame": {"duration": 0, "redraw": False}, "transition": {"duration": GLIDE}, "mode": "immediate"}
STOP: Final = {"frame": {"duration": 0, "redraw": False}, "transition": {"duration": 0}, "mode": "immediate"}


@dataclass(frozen=True)
class Step:
    """One frame.

    Attributes:
        number: Its layer or epoch.
        words: What it is called above the nodes.
        projection: Where the nodes are.
        groups: What their colours stand for; None where they have no clusters.
    """

    number: int
    words: str
    projection: Projection
    groups: NodeGroups | None


def changing_markers(steps: Sequence[Step], drawn: Array) -> list[str] | None:
    """Return the markers of all frames, where groups change between them; None where each group can be a trace."""
    first = steps[0].groups
    if all(_same(first, step.groups) for step in steps[1:]):
        return None
    return sorted({str(mark) for step in steps if step.groups for mark in np.unique(markers(step.groups, drawn))})


def frame_traces(step: Step, drawn: Array, far: float, changing: list[str] | None) -> list[Trace]:
    """Return the nodes, the point of a collapsed layer, and the words above them, within axes that reach ``far``."""
    positions, size = step.projection.positions, fitting_size(len(drawn))
    if changing is None:
        nodes = node_traces(positions, step.groups, drawn, size=size)
    else:
        nodes = changing_traces(positions, step.groups, drawn, changing, size)
    # Within the axes, as no point outside is drawn.
    top = (1 + 0.85 * HEADROOM) * far
    words = text_trace(-0.985 * far, top, caption(step.words, step.projection), "bottom right")
    return [*nodes, collapsed_mark(shown=step.projection.collapsed), words]


def changes(traces: Sequence[Trace], changing: bool) -> list[Trace]:
    """Return of the traces of a frame what differs from frame to frame, so that the page need not hold the rest."""
    moving = {"type", "x", "y"} | ({"text", "marker", "hovertemplate"} if changing else set())
    return [
        {name: value for name, value in trace.items() if name in moving or (name == "text" and name in trace["mode"])}
        for trace in traces
    ]


def changing_traces(
    positions: Array, groups: NodeGroups | None, drawn: Array, used: Sequence[str], size: float = SIZE
) -> list[Trace]:
    """Return the marks of nodes for frames between which groups change: a trace per marker, a colour per mark.

    Every trace has all nodes, those with another marker without a place: a mark is the same node in every frame.
    """
    if groups is None:
        look: dict[str, Any] = {"color": MUTED}
        marks, words, text = np.full(len(drawn), used[0]), UNGROUPED, None
    else:
        look = _numbered_colors(groups, groups.label[drawn].astype(np.int16))
        marks, words, text = markers(groups, drawn), f"{KIND_LABELS[groups.kind]} %{{text}}", node_names(groups, drawn)
    traces = []
    for symbol in used:
        shown = positions.astype(np.float32)
        shown[drawn[marks != symbol]] = np.nan
        traces.append(node_trace("scatter", shown, drawn, "nodes", {**look, "symbol": symbol}, size, words, text))
    return traces


def _numbered_colors(groups: NodeGroups, number: Array) -> dict[str, Any]:
    """Return colours as numbers on a scale of steps, which are checked and stored a hundred times as quickly."""
    colors = [style_of(groups, shown)[0] for shown in range(len(groups.names))]
    scale = [(edge / len(colors), color) for n, color in enumerate(colors) for edge in (n, n + 1)]
    return {"color": number, "colorscale": scale, "cmin": -0.5, "cmax": len(colors) - 0.5}


def _same(first: NodeGroups | None, other: NodeGroups | None) -> bool:
    if first is None or other is None:
        return first is other
    arrays = ((first.label, other.label), (first.wrong, other.wrong), (first.names, other.names))
    return first is other or all(np.array_equal(one, two) for one, two in arrays)  # type: ignore[arg-type]


def player(names: Sequence[str], below: float) -> dict[str, Any]:
    """Return the slider with a step per frame, and the buttons; ``below`` the panels, in heights of the panels."""
    place, look = {"y": -below, "yanchor": "top"}, {"bgcolor": GRID, "bordercolor": MUTED}
    slider = {
        "steps": [{"method": "animate", "label": name, "args": [[name], GO]} for name in names],
        "currentvalue": {"visible": False},  # the panel says it, with more words
        "x": 0.22,
        "len": 0.78,
        **place,
        "pad": {"t": 14, "b": 0},
        **look,
        "activebgcolor": MUTED,
        "tickcolor": MUTED,
        "font": {"color": MUTED, "size": 13},
    }
    buttons = [
        {"method": "animate", "label": "▶ play", "args": [None, PLAY]},
        {"method": "animate", "label": "❚❚ pause", "args": [[None], STOP]},
    ]
    shape = {"type": "buttons", "direction": "left", "showactive": False, "x": 0, "xanchor": "left"}
    menu = {**shape, **place, **look, "buttons": buttons, "pad": {"t": 12, "r": 0}, "font": {"size": 14}}
    return {"sliders": [slider], "updatemenus": [menu]}
