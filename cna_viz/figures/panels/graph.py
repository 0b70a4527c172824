"""The graph, its nodes in the colours of the other panels."""

from typing import Any, Final

import numpy as np

from cna_viz.analysis.tables.node_groups import NodeGroups
from cna_viz.figures.panels.compact import HEIGHT, compact
from cna_viz.figures.panels.drawing import Drawing
from cna_viz.figures.panels.embedding import plane
from cna_viz.figures.pieces.edges import edge_trace, shown_edges
from cna_viz.figures.pieces.large import sample, scatter
from cna_viz.figures.pieces.nodes import fitting_size, node_traces

Array = np.ndarray[Any, Any]

MOST_LINES: Final = 10_000
"""Edges of a panel: more of them are a grey cloud that takes seconds to draw."""


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
        kept: Zoom is kept between panels that have this in common.
    """
    count = len(layout)
    drawn = sample(count)
    lines = shown_edges(edges, drawn, count, MOST_LINES)
    kind = kind or scatter(len(drawn))
    marks = node_traces(layout, groups, drawn, kind, fitting_size(2 * len(drawn)))
    parts = [f"<b>graph</b><br>{count:,} nodes, {edges.shape[1]:,} edges"]
    if len(drawn) < count or lines.shape[1] < edges.shape[1]:
        parts.append(f"a sample is drawn: {len(drawn):,} nodes, {lines.shape[1]:,} edges")
    far = 1.05 * np.abs(layout).max(axis=0, initial=0.25)
    return compact(
        [edge_trace(layout, lines, kind), *marks],
        " · ".join(parts),
        plane((float(far[0]), float(far[1])), showgrid=False),
        kept=kept,
        height=height,
    )
