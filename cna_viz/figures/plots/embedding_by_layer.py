"""What happens to the nodes on their way through the layers?"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.positions.methods import METHODS, Method, project
from cna_viz.analysis.tables.node_groups import COLORS, Color, color_groups, no_clusters
from cna_viz.analysis.tables.watched_arms import told_apart
from cna_viz.config.vocabulary import Stage
from cna_viz.figures.pieces.nodes import (
    LEGEND,
    legend_room,
    legend_title,
    legend_traces,
    node_traces,
    sample,
    sample_note,
    scatter,
)
from cna_viz.figures.pieces.projected import hide_axes, method_note, reach, state
from cna_viz.figures.style.labels import (
    STAGE_LABELS,
    check_choice,
    nothing_measured,
    one_depth,
    provenance,
    snapshot_note,
)
from cna_viz.figures.style.theme import finish, slot_style
from cna_viz.records.record import Record


def plot_embedding_by_layer(
    records: Sequence[Record],
    layers: Sequence[int] | None = None,
    *,
    stage: Stage = "conv",
    epoch: int | None = None,
    color: Color = "class",
    method: Method = "pca",
    cache: Path | None = None,
) -> go.Figure:
    """Draw the nodes at several layers, a row per run, on one axis range.

    A layer in which all nodes are alike is labelled as collapsed and drawn as a point. Of more nodes than
    :data:`~cna_viz.figures.pieces.nodes.MOST_POINTS` a sample is drawn.

    Args:
        records: One run per row, of the same dataset and depth.
        layers: Layers to draw; five from first to last when left out.
        stage: ``conv`` or ``slot``.
        epoch: A snapshot's epoch; the selected model's when left out.
        color: What colours stand for: ``class`` (fifths of the target where it is a number), ``cluster`` (of the slot
            after the layer; nodes of a layer without clusters are grey), ``prediction`` (wrong ones are crosses) or
            ``degree``.
        method: ``pca`` (PCA with Procrustes) or ``umap`` (chained UMAP, slower, kept in the cache).
        cache: Folder of kept UMAP projections; the user's cache folder when left out.

    Raises:
        UsageError: When there are no records, or a record lacks the snapshot, layer or stage, or none has clusters.
    """
    check_choice("stage", stage, STAGE_LABELS)
    check_choice("method", method, METHODS)
    check_choice("color", color, COLORS)
    deepest = one_depth(records) - (stage == "slot")
    if deepest == 0 or (layers is not None and not layers):
        raise nothing_measured("embedding", stage)
    spread = np.geomspace(1, max(deepest, 1), 5).tolist()
    chosen = sorted({round(layer) for layer in spread}) if layers is None else list(layers)
    rows = [
        project([record.embedding(layer, stage, epoch).values for layer in chosen], method, cache) for record in records
    ]
    groups = [[color_groups(record, color, layer, epoch) for layer in chosen] for record in records]
    if all(shown is None for row in groups for shown in row):
        raise no_clusters(records[0])
    figure = make_subplots(
        len(records),
        len(chosen),
        subplot_titles=[
            f"layer {layer} · {state(panel)}" for row in rows for layer, panel in zip(chosen, row, strict=True)
        ],
        row_titles=[slot_style(record.config.slot).label for record in told_apart(records)],
        horizontal_spacing=0.012,
        vertical_spacing=0.22 / len(records),
    )
    nodes = [len(row[0].positions) for row in rows]
    drawn = [sample(count) for count in nodes]
    kind = scatter(sum(map(len, drawn)) * len(chosen))
    for number, row in enumerate(rows):
        for column, projection in enumerate(row):
            traces = node_traces(projection.positions, groups[number][column], drawn[number], kind)
            figure.add_traces(traces, rows=number + 1, cols=column + 1)
    every = [shown for row in groups for shown in row]
    figure.add_traces(legend_traces(every))
    hide_axes(figure, reach(projection for row in rows for projection in row))
    figure.update_layout(legend={**LEGEND, "title": {"text": legend_title(every)}})
    figure.update_annotations(font={"size": 13})
    kept = snapshot_note(records, epoch)
    notes = [
        f"{STAGE_LABELS[stage]}; {method_note(method)}",
        *kept,
        *sample_note("nodes", max(map(len, drawn)), max(nodes)),
    ]
    title = "What happens to the nodes on their way through the layers?"
    height, below = 54 + 235 * len(records), 26 + legend_room(every)
    return finish(figure, title, provenance(records, *notes), height=height, below=below)
