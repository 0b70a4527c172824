"""Nodes as panels: one layer on axes that are those of all layers, and the graph in the same colours."""

from collections.abc import Iterable
from math import ceil, log2
from typing import Any, Final

import numpy as np

from cna_viz.analysis.positions.projection import Projection
from cna_viz.analysis.tables.node_groups import NodeGroups
from cna_viz.figures.panels.drawing import HEIGHT, ROW, Drawing, compact, legend_below, legend_rows
from cna_viz.figures.pieces.nodes import (
    collapsed_mark,
    edge_trace,
    fitting_size,
    legend_title,
    legend_traces,
    node_traces,
    sample,
    scatter,
    shown_edges,
)
from cna_viz.figures.pieces.projected import caption
from cna_viz.figures.style.theme import GRID

Array = np.ndarray[Any, Any]
SHARE: Final = 200
"""One node in so many may be outside the axes."""
MOST_LINES: Final = 10_000
"""Edges of a panel: more of them are a grey cloud that takes seconds to draw."""
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
    """Draw the nodes of one layer, and write how far they are spread.

    Args:
        projection: Where the nodes are; of a sequence of layers, so that they keep their side.
        groups: What colours stand for; None where nodes have no clusters, and all are grey.
        far: The result of :func:`reach_of` for all layers of the sequence.
        words: What the layer is called.
        kind: Type of the traces; by the number of nodes when left out.
        height: Height in pixels.
        kept: Zoom is kept between panels that share this name.
    """
    drawn = sample(len(projection.positions))
    marks = node_traces(projection.positions, groups, drawn, kind or scatter(len(drawn)), fitting_size(2 * len(drawn)))
    legend, title = legend_traces([groups]), legend_title([groups])
    point = [collapsed_mark()] if projection.collapsed else []
    rows = legend_rows([title, *(str(entry["name"]) for entry in legend)])
    layout = {
        **_plane(far),
        "legend": {**legend_below(title), "itemsizing": "constant"},
        "margin": {"b": 14 + ROW * rows},
    }
    outside = int((np.abs(projection.positions) > np.array(far)).any(axis=1).sum())
    words = caption(words, projection).replace(" · ", "<br>", 1) + (f" · {outside:,} outside" if outside else "")
    return compact([*legend, *marks, *point], words, layout, kept=kept, height=height)


def graph_panel(
    layout: Array,
    edges: Array,
    groups: NodeGroups | None,
    *,
    kind: str | None = None,
    height: int = HEIGHT,
    kept: str = "graph",
) -> Drawing:
    """Draw the nodes where the edges put them, without a legend: colours are those of the embedding beside it.

    Args:
        layout: Places of the nodes, ``[nodes, 2]``.
        edges: Every edge once, ``[2, edges]``; of many a sample is drawn.
        groups: What colours stand for; None where nodes have no clusters, and all are grey.
        kind: Type of the traces; by the number of nodes when left out.
        height: Height in pixels.
        kept: Zoom is kept between panels that share this name.
    """
    count = len(layout)
    drawn = sample(count)
    lines = shown_edges(edges, drawn, count, MOST_LINES)
    kind = kind or scatter(len(drawn))
    marks = node_traces(layout, groups, drawn, kind, fitting_size(2 * len(drawn)))
    title = f"<b>graph</b><br>{count:,} nodes, {edges.shape[1]:,} edges"
    if len(drawn) < count or lines.shape[1] < edges.shape[1]:
        title += f" · a sample is drawn: {len(drawn):,} nodes, {lines.shape[1]:,} edges"
    across, up = 1.05 * np.abs(layout).max(axis=0, initial=0.25)
    plane = _plane((float(across), float(up)), showgrid=False)
    return compact([edge_trace(layout, lines, kind), *marks], title, plane, kept=kept, height=height)


def reach_of(projections: Iterable[Projection]) -> Reach:
    """Return how far axes must reach to show nearly every node of all projections.

    In each, one node in :data:`SHARE` may be outside: a few far nodes would squeeze all others. In steps, so that axes
    seldom change between epochs.
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


def _step(reach: float) -> float:
    return float(2 ** (ceil(4 * log2(1.02 * reach)) / 4)) if reach > 0 else 1.0


def _plane(far: Reach, showgrid: bool = True) -> dict[str, Any]:
    """Return the axes of a plane in which only distances mean something: a unit is as long in both directions."""
    look = {"showticklabels": False, "ticks": "", "mirror": True, "linecolor": GRID, "showgrid": showgrid}
    across, up = ({"range": [-reach, reach], "constrain": "range", **look} for reach in far)
    return {"xaxis": across, "yaxis": {**up, "scaleanchor": "x"}}
