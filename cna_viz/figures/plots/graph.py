"""Are nodes that are close in a layer also close in the graph?"""

from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.positions.graph_layout import graph_layout, undirected
from cna_viz.analysis.positions.methods import METHODS, Method, project
from cna_viz.analysis.positions.projection import Projection
from cna_viz.analysis.tables.node_groups import COLORS, NodeGroups, color_groups, no_clusters
from cna_viz.config.vocabulary import Stage
from cna_viz.figures.pieces.nodes import (
    LEGEND,
    edge_trace,
    fitting_size,
    legend_room,
    legend_title,
    legend_traces,
    node_traces,
    sample,
    sample_note,
    scaled_traces,
    scatter,
    shown_edges,
)
from cna_viz.figures.pieces.projected import caption, hide_axes, method_note, reach
from cna_viz.figures.style.labels import STAGE_LABELS, check_choice, edge_notes, provenance, snapshot_note
from cna_viz.figures.style.theme import SEQUENTIAL, finish
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

GraphColor = Literal["class", "cluster", "prediction", "degree", "embedding"]
GRAPH_COLORS: Final[tuple[GraphColor, ...]] = (*COLORS, "embedding")

PANEL, TOP, LEGENDS = 470, 96, 60
"""Heights in pixels of the panels, of what is above them, and of the legend below them."""


def plot_graph(
    record: Record,
    layer: int,
    *,
    epoch: int | None = None,
    stage: Stage = "conv",
    color: GraphColor = "class",
    method: Method = "pca",
    cache: Path | None = None,
) -> go.Figure:
    """Draw the graph beside the embedding of one layer, the same nodes in the same colours.

    The layout uses the edges alone, without their directions; components stand side by side. Nodes without a class or
    target are hollow and grey, here and in all figures of nodes. In a report, the pointer on a node shows the same node
    in the other panel: ``layout.meta.linked`` lists the pairs of traces that hold the same nodes in the same order. A
    notebook has no such link.

    Of more nodes than :data:`~cna_viz.figures.pieces.nodes.MOST_POINTS`, or more edges than
    :data:`~cna_viz.figures.pieces.nodes.MOST_EDGES`, a sample is drawn.

    Args:
        record: A run with snapshots.
        layer: 1 … number of layers.
        epoch: A snapshot's epoch; the selected model's when left out.
        stage: ``conv`` or ``slot``.
        color: ``class`` (fifths of the target where it is a number), ``cluster`` (of the slot after the layer),
            ``prediction`` (wrong ones are crosses), ``degree``, or ``embedding`` (its first coordinate).
        method: ``pca`` or ``umap`` (slower, kept in the cache).
        cache: Folder of kept layouts and UMAP projections; folders in the user's cache when left out.

    Raises:
        UsageError: When the record has no such snapshot, layer or stage, or the layer no clusters to colour by.
    """
    check_choice("stage", stage, STAGE_LABELS)
    check_choice("method", method, METHODS)
    check_choice("color", color, GRAPH_COLORS)
    (projection,) = project([record.embedding(layer, stage, epoch).values], method, cache)
    groups = None if color == "embedding" else color_groups(record, color, layer, epoch)
    if groups is None and color == "cluster":
        raise no_clusters(record)
    edges, count = undirected(record.graph["edge_index"].values), len(projection.positions)
    drawn = sample(count)
    lines = shown_edges(edges, drawn, count)
    words = [f"<b>graph</b> · {count:,} nodes, {edges.shape[1]:,} edges", caption(f"layer {layer}", projection)]
    figure = make_subplots(1, 2, horizontal_spacing=0.03, subplot_titles=words)
    _add_panels(figure, graph_layout(edges, count, cache), lines, projection, groups, drawn)
    _explain_colors(figure, groups)
    shown = record.shown_epoch if epoch is None else epoch
    notes = [
        f"epoch {shown}, {STAGE_LABELS[stage]}; {method_note(method, what='')}",
        "graph laid out by its edges alone, without their directions; components stand side by side",
        *snapshot_note([record], epoch),
        *edge_notes([record]),
        *sample_note("nodes", len(drawn), count),
        *sample_note("edges", lines.shape[1], edges.shape[1]),
    ]
    title = f"Are nodes that are close in layer {layer} also close in the graph?"
    return finish(
        figure, title, provenance([record], *notes), height=TOP + PANEL, below=LEGENDS - 54 + legend_room([groups])
    )


def _add_panels(
    figure: go.Figure, layout: Array, lines: Array, projection: Projection, groups: NodeGroups | None, drawn: Array
) -> None:
    kind, size = scatter(2 * len(drawn)), fitting_size(len(drawn))
    graph, embedding = (
        scaled_traces(positions, projection.positions[:, 0], drawn, kind, size)
        if groups is None
        else node_traces(positions, groups, drawn, kind, size)
        for positions in (layout, projection.positions)
    )
    figure.add_traces([edge_trace(layout, lines, kind), *graph], rows=1, cols=1)
    figure.add_traces(embedding, rows=1, cols=2)
    figure.update_layout(meta={"linked": [[n, n + len(graph)] for n in range(1, 1 + len(graph))]})
    for column, far in ((1, 1.05), (2, reach([projection]))):
        # A unit is as long in both directions: only distances mean something.
        hide_axes(figure, far, row=1, col=column)
        look = {"showgrid": column == 2, "constrain": "domain"}
        figure.update_xaxes(look, row=1, col=column)
        figure.update_yaxes(look, scaleanchor="x" if column == 1 else "x2", row=1, col=column)
    figure.update_annotations(font={"size": 13})


def _explain_colors(figure: go.Figure, groups: NodeGroups | None) -> None:
    """Add the legend, or the scale of colours by a coordinate where there are no groups."""
    if groups is not None:
        figure.add_traces(legend_traces([groups]))
        figure.update_layout(legend={**LEGEND, "title": {"text": legend_title([groups])}})
        return
    title = {"text": "first coordinate of the embedding", "side": "top"}
    place = {"orientation": "h", "x": 0.5, "y": -0.02, "yanchor": "top", "len": 0.5, "thickness": 12}
    figure.update_layout(coloraxis={"colorscale": SEQUENTIAL, "colorbar": {"title": title, **place}})
