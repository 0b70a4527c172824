"""Drawings side by side: in rows, the largest first, each as large as its number of nodes."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

GAP: Final = 1.0
"""Space between two drawings, in side lengths of a drawing of one node."""


def pack(drawings: Sequence[Array], members: Sequence[Array]) -> Array:
    """Put drawings next to each other.

    Args:
        drawings: Positions of each, ``[its nodes, 2]``.
        members: Numbers of its nodes; together all from 0 on, each once.

    Returns:
        Positions of all nodes, ``[nodes, 2]``, within a box around the origin whose longer side is 2.
    """
    scaled = [_scaled(drawing) for drawing in drawings]
    sizes = [drawing.max(axis=0) + GAP for drawing in scaled]
    width = max(max(size[0] for size in sizes), float(np.sqrt(1.2 * sum(size[0] * size[1] for size in sizes))))
    positions = np.empty((sum(map(len, members)), 2))
    left, top, height = 0.0, 0.0, 0.0
    for number in sorted(range(len(sizes)), key=lambda number: (-len(members[number]), number)):
        if left and left + sizes[number][0] > width:
            left, top, height = 0.0, top - height, 0.0
        height = max(height, sizes[number][1])
        positions[members[number]] = scaled[number] + (left, top - scaled[number][:, 1].max())
        left += sizes[number][0]
    low, high = positions.min(axis=0), positions.max(axis=0)
    return np.asarray((positions - (low + high) / 2) / ((high - low).max() / 2 or 1))


def _scaled(drawing: Array) -> Array:
    """Return a drawing from the origin on whose longer side is the root of its number of nodes, less that of one."""
    drawing = drawing - drawing.min(axis=0)
    return np.asarray(drawing / (drawing.max() or 1) * (np.sqrt(len(drawing)) - 1))
