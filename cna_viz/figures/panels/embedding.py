"""The nodes of one layer, on axes that are those of all layers."""

from collections.abc import Iterable
from math import ceil, log2
from typing import Any, Final

import numpy as np

from cna_viz.analysis.positions.projection import Projection
from cna_viz.analysis.tables.node_groups import NodeGroups
from cna_viz.figures.panels.compact import HEIGHT, ROW, compact, legend_below, legend_rows
from cna_viz.figures.panels.drawing import Drawing
from cna_viz.figures.pieces.frames import collapsed_mark
from cna_viz.figures.pieces.large import sample, scatter
from cna_viz.figures.pieces.nodes import fitting_size, legend_title, legend_traces, node_traces
from cna_viz.figures.pieces.projected import caption
from cna_viz.figures.style.theme import GRID

Array = np.ndarray[Any, Any]
SHARE: Final = 200
"""One node in so many may be outside of the axes."""
Reach = tuple[float, float]
"""How far axes reach from the origin, across and up."""


def embedding_panel(
    projection: Projection,
    groups: NodeGroups | None,
    far: Reach,
    words: str,
    *,
    kind: str | None = None,
    height: int = HEIGHT,
    kept: str = "embedding",
) -> Drawing:
    """Draw the nodes of one layer, and say how far they are spread.

    Args:
        projection: Where the nodes are; of a sequence of layers, so that they keep their side.
        groups: What colours stand for; None where nodes have no clusters, and all are grey.
        far: What :func:`reach_of` says of all layers of the sequence.
        words: What the layer is called.
        kind: Type of the traces; by the number of nodes when left out.
        height: Height in pixels.
        kept: Zoom is kept between panels that have this in common.
    """
    drawn = sample(len(projection.positions))
    marks = node_traces(projection.positions, groups, drawn, kind or scatter(len(drawn)), fitting_size(2 * len(drawn)))
    legend = legend_traces([groups])
    point = [collapsed_mark()] if projection.collapsed else []
    words_of_legend = [legend_title([groups]), *(str(entry["name"]) for entry in legend)]
    look = {**legend_below(words_of_legend[0]), "itemsizing": "constant"}
    layout = {**plane(far), "legend": look, "margin": {"b": 14 + ROW * legend_rows(words_of_legend)}}
    title = caption(words, projection).replace(" · ", "<br>", 1) + _outside(projection.positions, far)
    return compact([*legend, *marks, *point], title, layout, kept=kept, height=height)


def reach_of(projections: Iterable[Projection]) -> Reach:
    """Return how far axes must reach to show nearly every node of all projections.

    In each, one node in :data:`SHARE` may be outside: a few far nodes would press all others into a spot. In steps, so
    that axes seldom change between epochs.
    """
    farthest = [_farthest(shown.positions) for shown in projections]
    across, up = (max((far[way] for far in farthest), default=0.0) for way in (0, 1))
    return _step(max(across, up / 4)), _step(max(up, across / 4))


def _farthest(positions: Array) -> Reach:
    distances = np.sort(np.abs(positions[np.isfinite(positions).all(axis=1)]), axis=0)
    if not len(distances):
        return 0.0, 0.0
    across, up = distances[-1 - len(distances) // SHARE]
    return float(across), float(up)


def _outside(positions: Array, far: Reach) -> str:
    count = int((np.abs(positions) > np.array(far)).any(axis=1).sum())
    return f" · {count:,} outside" if count else ""


def plane(far: Reach, showgrid: bool = True) -> dict[str, Any]:
    """Return the axes of a plane in which only distances mean something: a unit is as long in both directions."""
    look = {"showticklabels": False, "ticks": "", "mirror": True, "linecolor": GRID, "showgrid": showgrid}
    across, up = ({"range": [-reach, reach], "constrain": "range", **look} for reach in far)
    return {"xaxis": across, "yaxis": {**up, "scaleanchor": "x"}}


def _step(reach: float) -> float:
    return float(2 ** (ceil(4 * log2(1.02 * reach)) / 4)) if reach > 0 else 1.0
