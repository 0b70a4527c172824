"""What one frame of an animation of nodes shows, as traces whose number and order are those of every frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cna_viz.analysis.positions.projection import Projection
from cna_viz.analysis.tables.node_groups import NodeGroups
from cna_viz.figures.pieces.nodes import SIZE, Trace, changing_traces, fitting_size, markers, node_traces
from cna_viz.figures.pieces.projected import caption
from cna_viz.figures.style.theme import INK

Array = np.ndarray[Any, Any]


HEADROOM: Final = 0.18
"""Room for the words above the nodes, in lengths of half an axis."""


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
    used = {str(mark) for step in steps if step.groups for mark in np.unique(markers(step.groups, drawn))}
    return sorted(used)


def frame_traces(step: Step, drawn: Array, far: float, changing: list[str] | None) -> list[Trace]:
    """Return the nodes, the point of a collapsed layer, and the words above them.

    Args:
        step: The frame.
        drawn: Numbers of the nodes to draw.
        far: How far the axes reach.
        changing: What :func:`changing_markers` says of all frames.
    """
    positions, size = step.projection.positions, fitting_size(len(drawn))
    if changing is None:
        nodes = node_traces(positions, step.groups, drawn, size=size)
    else:
        nodes = changing_traces(positions, step.groups, drawn, changing, size)
    return [*nodes, collapsed_mark(shown=step.projection.collapsed), _caption(step, far)]


def changes(traces: Sequence[Trace], changing: bool) -> list[Trace]:
    """Return of the traces of a frame what differs from frame to frame, so that the page need not hold the rest."""
    colors = {"text", "marker", "hovertemplate"} if changing else set()
    return [{name: value for name, value in trace.items() if name in _places(trace) | colors} for trace in traces]


def _places(trace: Trace) -> set[str]:
    return {"type", "x", "y", "text"} if "text" in trace["mode"] else {"type", "x", "y"}


def _same(first: NodeGroups | None, other: NodeGroups | None) -> bool:
    if first is None or other is None:
        return first is other
    arrays = ((first.label, other.label), (first.wrong, other.wrong), (first.names, other.names))
    return first is other or all(np.array_equal(one, two) for one, two in arrays)  # type: ignore[arg-type]


def collapsed_mark(shown: bool = True) -> Trace:
    """Return the mark of a layer that is a single point; it has no place in other frames."""
    place = [0.0] if shown else [None]
    marker = {"color": INK, "symbol": "circle-open", "size": 4 * SIZE, "line": {"width": 2}}
    return _words(place, place, "markers+text", "all nodes", "middle right") | {"marker": marker}


def _caption(step: Step, far: float) -> Trace:
    # A trace, as a frame without a redraw changes nothing of the layout; within the axes, as no point outside is drawn.
    words = caption(step.words, step.projection)
    return _words([-0.985 * far], [(1 + 0.85 * HEADROOM) * far], "text", words, "bottom right")


def _words(x: Sequence[float | None], y: Sequence[float | None], mode: str, text: str, position: str) -> Trace:
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": mode,
        "text": [text],
        "textposition": position,
        "textfont": {"size": 14, "color": INK},
        "showlegend": False,
        "hoverinfo": "skip",
    }
