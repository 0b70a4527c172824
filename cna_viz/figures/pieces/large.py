"""How much is drawn: beyond these numbers a figure shows a sample, and says so."""

from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

MOST_POINTS: Final = 20_000
"""Points of one panel, and of a figure before it is drawn by WebGL."""

MOST_ANIMATED: Final = 5_000
"""Nodes of an animation, which holds all of them once per frame and moves them as SVG."""

MOST_EDGES: Final = 40_000
"""Edges of a graph."""

MOST_LIVE: Final = 1_000
"""Points of a panel that is drawn again while somebody moves a slider, before it is drawn by WebGL."""

SEED: Final = 0


def sample(count: int, most: int | None = None) -> Array:
    """Return the numbers of what is drawn of ``count`` nodes or edges, ascending: all, or a sample, always the same.

    Args:
        count: How many there are.
        most: How many are drawn at most; :data:`MOST_POINTS` when left out.
    """
    most = MOST_POINTS if most is None else most
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(SEED).choice(count, most, replace=False))


def sample_note(what: str, shown: int, count: int) -> list[str]:
    """Return the note on a sample; none where all are drawn.

    Args:
        what: What is drawn, in the plural.
        shown: How many are drawn.
        count: How many there are.
    """
    note = f"a sample is drawn: {shown:,} of {count:,} {what}; places and measures are of all"
    return [note] if shown < count else []


def scatter(points: int) -> str:
    """Return the type of the traces of a figure of so many points: ``scatter`` or ``scattergl``.

    Up to :data:`MOST_POINTS` it is SVG, which prints sharply and leaves the page its WebGL contexts: browsers grant
    about eight to sixteen, every figure drawn by WebGL takes some, and the first figures of a long page go blank.
    """
    return "scatter" if points <= MOST_POINTS else "scattergl"


def live_scatter(points: int) -> str:
    """Return the type of the traces of so many points in a panel that a slider redraws.

    WebGL is several times as quick there; a widget has two such panels, which leaves a page some contexts.
    """
    return "scatter" if points <= MOST_LIVE else "scattergl"
