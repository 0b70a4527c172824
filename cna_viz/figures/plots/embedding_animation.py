"""How do the nodes move, from layer to layer or from epoch to epoch?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.positions.methods import METHODS, Method, project
from cna_viz.analysis.tables.node_groups import COLORS, Color, color_groups, no_clusters
from cna_viz.config.vocabulary import Stage
from cna_viz.errors import UsageError
from cna_viz.figures.pieces.animation import HEADROOM, Step, changes, changing_markers, frame_traces, player
from cna_viz.figures.pieces.nodes import LEGEND, legend_room, legend_title, legend_traces, sample, sample_note
from cna_viz.figures.pieces.projected import hide_axes, method_note, reach
from cna_viz.figures.style.labels import STAGE_LABELS, check_choice, nothing_measured, provenance, snapshot_note
from cna_viz.figures.style.theme import INK, MUTED, finish, log_axis
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

Over = Literal["layer", "epoch"]
OVER: Final[tuple[Over, ...]] = ("layer", "epoch")

MOST_FRAMES: Final = 32
"""Layers of an animation: every frame holds all nodes, and the page all frames."""
MOST_ANIMATED: Final = 5_000
"""Nodes of an animation, which moves them as SVG."""
FEW: Final = 10
"""Layers up to which each has a tick."""
VISIBLE: Final = 0.02
"""Spread that can be told from 0 on an axis to 1."""
TOP, PANEL, TITLES, CONTROLS = 96, 480, 48, 160
"""Heights in pixels of what is above the panels, of the panels, of the titles of their axes, and of these with legend
and player."""


def plot_embedding_animation(
    record: Record,
    *,
    over: Over = "layer",
    layer: int | None = None,
    epoch: int | None = None,
    stage: Stage = "conv",
    color: Color = "class",
    method: Method = "pca",
    cache: Path | None = None,
) -> go.Figure:
    """Draw the nodes of one run and let them move, a frame per layer or per snapshot, on axes that stay.

    Every node keeps its mark from frame to frame; a second panel has the spread of the nodes in every frame. A layer in
    which all nodes are alike is labelled as collapsed and drawn as a point. At most :data:`MOST_FRAMES` layers are
    shown, evenly spread on a logarithmic scale, and a sample of at most :data:`MOST_ANIMATED` nodes. Marks are SVG at
    any number, as those of WebGL don't glide.

    The player waits for its button. Plotly's own ``write_html`` starts it unless ``auto_play=False``.

    Args:
        record: A run with snapshots.
        over: ``layer`` (the layers of one snapshot) or ``epoch`` (the snapshots of one layer).
        layer: The layer that is shown over the epochs; the last of the stage when left out.
        epoch: The snapshot whose layers are shown; the selected model's when left out.
        stage: ``conv`` or ``slot``.
        color: ``class`` (fifths of the target where it is a number), ``cluster`` (of the slot after the layer; nodes
            of a layer without clusters are grey), ``prediction`` (wrong ones are crosses) or ``degree``.
        method: ``pca`` (PCA, each frame rotated to match the previous one) or ``umap`` (chained, slower, kept in the
            cache).
        cache: Folder of kept UMAP projections; the user's cache folder when left out.

    Raises:
        UsageError: When the record has no such snapshot, layer or stage, there are no clusters to colour by, or
            ``layer`` or ``epoch`` is given where the animation runs over it.
    """
    check_choice("stage", stage, STAGE_LABELS)
    check_choice("method", method, METHODS)
    check_choice("color", color, COLORS)
    check_choice("over", over, OVER)
    places = _places(record, over, layer, epoch, record.layers - (stage == "slot"))
    features = [record.embedding(layer, stage, epoch).values for layer, epoch in places]
    steps = [
        Step(place[over == "epoch"], f"{over} {place[over == 'epoch']}", shown, color_groups(record, color, *place))
        for place, shown in zip(places, project(features, method, cache), strict=True)
    ]
    if all(step.groups is None for step in steps):
        raise no_clusters(record)
    nodes = len(steps[0].projection.positions)
    drawn = sample(nodes, MOST_ANIMATED)
    figure = make_subplots(1, 2, column_widths=[0.62, 0.38], horizontal_spacing=0.1)
    _add_frames(figure, steps, drawn)
    _add_axes(figure, steps, over)
    groups = [step.groups for step in steps]
    legend, room = {**LEGEND, "title": {"text": legend_title(groups)}, "y": -TITLES / PANEL}, legend_room(groups)
    names = [str(step.number) for step in steps]
    figure.update_layout(legend=legend, **player(names, below=(TITLES + 34 + room) / PANEL))
    where = f"epoch {places[0][1]}" if over == "layer" else f"layer {places[0][0]}"
    note = f"{where}, {STAGE_LABELS[stage]}; {method_note(method, over)}"
    lost = _edge(steps) > 0 and any(step.projection.spread == 0 for step in steps)
    note += "; a spread of exactly 0 is drawn at the lower edge" if lost else ""
    kept = snapshot_note([record], epoch) if over == "layer" else []
    footnote = provenance([record], note, *kept, *sample_note("nodes", len(drawn), nodes))
    of_layer = f"How do the nodes of layer {places[0][0]} move during the training?"
    question = "How do the nodes move from layer to layer?" if over == "layer" else of_layer
    return finish(figure, question, footnote, height=TOP + PANEL, below=CONTROLS - 58 + room)


def _places(record: Record, over: Over, layer: int | None, epoch: int | None, deepest: int) -> list[tuple[int, int]]:
    """Return layer and epoch of every frame."""
    given, instead = (layer, "epoch") if over == "layer" else (epoch, "layer")
    if given is not None:
        was = f"the animation runs over every {over}, but {over}={given} was given"
        raise UsageError(f"{was}: leave it out, or take over={instead!r}")
    if deepest == 0:
        raise nothing_measured("embedding", "slot")
    if over == "epoch":
        epochs = record.snapshots or (record.best_epoch,)  # which is missing: reading it raises the error
        return [(deepest if layer is None else layer, shown) for shown in epochs]
    many = np.geomspace(1, deepest, MOST_FRAMES) if deepest > MOST_FRAMES else np.arange(1, deepest + 1)
    shown = record.shown_epoch if epoch is None else epoch
    return [(number, shown) for number in sorted({round(number) for number in many.tolist()})]


def _add_frames(figure: go.Figure, steps: Sequence[Step], drawn: Array) -> None:
    """Add what stays as it is, the first frame, and all frames."""
    far, changing = reach(step.projection for step in steps), changing_markers(steps, drawn)
    edge = _edge(steps)
    marker = {"color": INK, "symbol": "diamond", "size": 13}
    look = {"type": "scatter", "mode": "markers", "marker": marker, "showlegend": False, "hoverinfo": "skip"}
    spreads = [max(step.projection.spread, edge) for step in steps]
    frames = [
        [*frame_traces(step, drawn, far, changing), {**look, "x": [step.number], "y": [spread]}]
        for step, spread in zip(steps, spreads, strict=True)
    ]
    figure.add_traces(legend_traces([step.groups for step in steps]), rows=1, cols=1)
    figure.add_scatter(
        x=[step.number for step in steps],
        y=spreads,
        mode="lines+markers",
        line={"color": MUTED, "width": 2},
        marker={"color": MUTED, "size": 6},
        showlegend=False,
        customdata=[step.projection.spread for step in steps],
        hovertemplate="%{x}: relative spread %{customdata:.2g}<extra></extra>",
        row=1,
        col=2,
    )
    moving = [len(figure.data) + number for number in range(len(frames[0]))]
    figure.add_traces(frames[0][:-1], rows=1, cols=1)
    figure.add_trace(frames[0][-1], row=1, col=2)
    figure.frames = [
        {"name": str(step.number), "data": changes(frame, changing is not None), "traces": moving}
        for step, frame in zip(steps, frames, strict=True)
    ]


def _add_axes(figure: go.Figure, steps: Sequence[Step], over: Over) -> None:
    far = reach(step.projection for step in steps)
    hide_axes(figure, far, row=1, col=1)
    figure.update_yaxes(range=[-far, (1 + HEADROOM) * far], scaleanchor="x", constrain="domain", row=1, col=1)
    figure.update_xaxes(constrain="domain", constraintoward="left", row=1, col=1)
    # Plotly's own ticks of few layers would lie between them; epochs may be too close to each have its own.
    ticks = {"tickvals": [step.number for step in steps]} if over == "layer" and len(steps) <= FEW else {}
    figure.update_xaxes(title=over, **ticks, row=1, col=2)
    # From 0 to 1, or logarithmic where a spread would wrongly seem to be 0.
    scale = log_axis([step.projection.spread for step in steps]) if _edge(steps) else {"range": [-0.02, 1.04]}
    figure.update_yaxes(title="relative spread of the nodes", **scale, row=1, col=2)


def _edge(steps: Sequence[Step]) -> float:
    """Return where a spread of 0 is drawn on a logarithmic axis; 0 where the axis is linear."""
    positive = [step.projection.spread for step in steps if step.projection.spread > 0]
    return min(positive) / 3 if any(spread < VISIBLE for spread in positive) else 0.0
