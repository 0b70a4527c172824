"""The edges of a graph: which are drawn, and how."""

from typing import Any

import numpy as np

from cna_viz.figures.pieces.large import MOST_EDGES, sample
from cna_viz.figures.pieces.nodes import Trace
from cna_viz.figures.style.theme import MUTED

Array = np.ndarray[Any, Any]


def shown_edges(edges: Array, drawn: Array, count: int, most: int | None = None) -> Array:
    """Return the edges to draw, ``[2, edges]``: of those between nodes that are drawn, all or a sample.

    Args:
        edges: All edges, ``[2, edges]``.
        drawn: Numbers of the nodes that are drawn.
        count: How many nodes there are.
        most: How many edges are drawn at most; :data:`~cna_viz.figures.pieces.large.MOST_EDGES` when left out.
    """
    most = MOST_EDGES if most is None else most
    there = np.zeros(count, dtype=bool)
    there[drawn] = True
    between = edges[:, there[edges].all(axis=0)]
    return between[:, sample(between.shape[1], most)]


def edge_trace(layout: Array, lines: Array, kind: str) -> Trace:
    """Return all edges as one line with gaps.

    Args:
        layout: Places of the nodes, ``[nodes, 2]``.
        lines: The edges to draw, ``[2, edges]``.
        kind: Type of the trace.
    """
    ends = np.full((lines.shape[1], 3, 2), np.nan, dtype=np.float32)
    ends[:, :2] = layout[lines.T]
    flat = ends.reshape(-1, 2)
    return {
        "type": kind,
        "x": flat[:, 0],
        "y": flat[:, 1],
        "mode": "lines",
        "line": {"color": MUTED, "width": 0.7},
        "opacity": 0.4,
        "hoverinfo": "skip",
        "showlegend": False,
    }
