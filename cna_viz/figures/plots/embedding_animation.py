"""How do the nodes move, from layer to layer or from epoch to epoch?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.positions.methods import METHODS, Method, project
from cna_viz.analysis.tables.node_groups import COLORS, Color, color_groups, no_clusters
from cna_viz.errors import UsageError
from cna_viz.figures.pieces.frames import HEADROOM, Step, changes, changing_markers, frame_traces
from cna_viz.figures.pieces.large import MOST_ANIMATED, sample, sample_note
from cna_viz.figures.pieces.nodes import LEGEND, Trace, legend_title, legend_traces
from cna_viz.figures.pieces.player import player
from cna_viz.figures.pieces.projected import hide_axes, method_note, reach
from cna_viz.figures.style.checks import check_choice, nothing_measured
from cna_viz.figures.style.labels import STAGE_LABELS, provenance
from cna_viz.figures.style.theme import INK, MUTED, finish, log_axis, space_below
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

Over = Literal["layer", "epoch"]
OVER: Final[tuple[Over, ...]] = ("layer", "epoch")

MOST_FRAMES: Final = 32
"""Layers of an animation: every frame holds all nodes, and the page all frames."""

FEW: Final = 10
"""Layers of which each has a tick."""

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
    stage: str = "conv",
    color: Color = "class",
    method: Method = "pca",
    cache: Path | None = None,
) -> go.Figure:
    """Draw the nodes of one run and let them move, a frame per layer or per snapshot, on axes that stay.

    Every node keeps its mark from frame to frame; beside it stands how far the nodes are spread in every frame. A layer
    in which all nodes are alike is said to be collapsed and drawn as the point it is. Of more than :data:`MOST_FRAMES`
    layers so many are shown, evenly spread on a logarithmic scale; of more nodes than
    :data:`.large.MOST_ANIMATED` a sample. Marks are SVG at any number, as those of WebGL don't glide.

    The player waits for its button. Plotly's own ``write_html`` presses it unless told ``auto_play=False``.

    Args:
        record: A run with snapshots.
        over: ``layer`` (the layers of one snapshot) or ``epoch`` (the snapshots of one layer).
        layer: The layer that is shown over the epochs; the last of the stage when left out.
        epoch: The snapshot whose layers are shown; the selected model's when left out.
        stage: ``conv`` or ``slot``.
        color: ``class`` (fifths of the target where it is a number), ``cluster`` (of the slot after the layer; nodes
            of a layer without clusters are grey), ``prediction`` (wrong ones are crosses) or ``degree``.
        method: ``pca`` (PCA, each frame turned onto the one before) or ``umap`` (chained, slower, kept in the cache).
        cache: Folder of kept UMAP projections; the user's cache folder when left out.

    Raises:
        UsageError: When the record has no such snapshot, layer or stage, there are no clusters to colour by, or
            ``layer`` or ``epoch`` is given where the animation runs over it.
    """
    for kind, value, choices in (
        ("stage", stage, STAGE_LABELS),
        ("method", method, METHODS),
        ("color", color, COLORS),
        ("over", over, OVER),
    ):
        check_choice(kind, value, choices)
    places = _places(record, over, layer, epoch, record.layers - (stage == "slot"))
    steps = _steps(record, places, over, stage, color, method, cache)
    if all(step.groups is None for step in steps):
        raise no_clusters(record)
    nodes = len(steps[0].projection.positions)
    drawn = sample(nodes, MOST_ANIMATED)
    figure = make_subplots(1, 2, column_widths=[0.62, 0.38], horizontal_spacing=0.1)
    _add_frames(figure, steps, drawn)
    _add_axes(figure, steps, over)
    legend = {**LEGEND, "title": {"text": legend_title([step.groups for step in steps])}, "y": -TITLES / PANEL}
    figure.update_layout(legend=legend, **player([str(step.number) for step in steps], below=(TITLES + 34) / PANEL))
    note = f"{_where(places[0], over, stage)}; {method_note(method, over)}"
    lost = _edge(steps) > 0 and any(step.projection.spread == 0 for step in steps)
    note += "; a spread of exactly 0 is drawn at the lower edge" if lost else ""
    footnote = provenance([record], note, *sample_note("nodes", len(drawn), nodes))
    bottom = CONTROLS + space_below(footnote) - 58
    return finish(figure, _title(places[0], over), footnote, height=TOP + PANEL + bottom, bottom=bottom)


def _places(record: Record, over: Over, layer: int | None, epoch: int | None, deepest: int) -> list[tuple[int, int]]:
    """Return layer and epoch of every frame."""
    given, instead = (layer, "epoch") if over == "layer" else (epoch, "layer")
    if given is not None:
        was = f"the animation runs over every {over}, but {over}={given} was given"
        raise UsageError(f"{was}: leave it out, or take over={instead!r}")
    if deepest == 0:
        raise nothing_measured("embedding", "slot")
    if over == "epoch":
        epochs = record.snapshots or (record.best_epoch,)  # of which there is none: reading it says so
        return [(deepest if layer is None else layer, shown) for shown in epochs]
    many = np.geomspace(1, deepest, MOST_FRAMES) if deepest > MOST_FRAMES else np.arange(1, deepest + 1)
    shown = record.best_epoch if epoch is None else epoch
    return [(number, shown) for number in sorted({round(number) for number in many.tolist()})]


def _steps(
    record: Record,
    places: Sequence[tuple[int, int]],
    over: Over,
    stage: str,
    color: Color,
    method: Method,
    cache: Path | None,
) -> list[Step]:
    features = [record.embedding(layer, stage, epoch).values for layer, epoch in places]
    groups = [color_groups(record, color, layer, epoch) for layer, epoch in places]
    numbers = [place[over == "epoch"] for place in places]
    return [
        Step(number, f"{over} {number}", projection, shown)
        for number, projection, shown in zip(numbers, project(features, method, cache), groups, strict=True)
    ]


def _add_frames(figure: go.Figure, steps: Sequence[Step], drawn: Array) -> None:
    """Add what stays as it is, the first frame, and all frames."""
    far, changing = reach(step.projection for step in steps), changing_markers(steps, drawn)
    edge = _edge(steps)
    frames = [[*frame_traces(step, drawn, far, changing), _here(step, edge)] for step in steps]
    _add(figure, legend_traces([step.groups for step in steps]), column=1)
    _add(figure, [_spreads(steps)], column=2)
    moving = [len(figure.data) + number for number in range(len(frames[0]))]
    _add(figure, frames[0][:-1], column=1)
    _add(figure, frames[0][-1:], column=2)
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
    spreads = [step.projection.spread for step in steps]
    figure.update_yaxes(title="relative spread of the nodes", **_spread_axis(spreads), row=1, col=2)


def _spread_axis(spreads: Sequence[float]) -> dict[str, Any]:
    """Return an axis from 0 to 1, or a logarithmic one where a spread would wrongly seem to be 0."""
    return log_axis(spreads) if _is_logarithmic(spreads) else {"range": [-0.02, 1.04]}


def _is_logarithmic(spreads: Sequence[float]) -> bool:
    return any(0 < spread < VISIBLE for spread in spreads)


def _edge(steps: Sequence[Step]) -> float:
    """Return where a spread of 0 is drawn, which a logarithmic axis does not have."""
    spreads = [step.projection.spread for step in steps]
    return min(spread for spread in spreads if spread > 0) / 3 if _is_logarithmic(spreads) else 0.0


def _add(figure: go.Figure, traces: Sequence[Trace], column: int) -> None:
    figure.add_traces(traces, rows=[1] * len(traces), cols=[column] * len(traces))


def _spreads(steps: Sequence[Step]) -> Trace:
    return {
        "type": "scatter",
        "x": [step.number for step in steps],
        "y": [max(step.projection.spread, _edge(steps)) for step in steps],
        "mode": "lines+markers",
        "line": {"color": MUTED, "width": 2},
        "marker": {"color": MUTED, "size": 6},
        "showlegend": False,
        "customdata": [step.projection.spread for step in steps],
        "hovertemplate": "%{x}: relative spread %{customdata:.2g}<extra></extra>",
    }


def _here(step: Step, edge: float) -> Trace:
    """Return the mark of the frame that is shown; a spread of 0 is drawn at the edge."""
    marker = {"color": INK, "symbol": "diamond", "size": 13}
    look = {"mode": "markers", "marker": marker, "showlegend": False, "hoverinfo": "skip"}
    return {"type": "scatter", "x": [step.number], "y": [max(step.projection.spread, edge)], **look}


def _where(place: tuple[int, int], over: Over, stage: str) -> str:
    fixed = f"epoch {place[1]}" if over == "layer" else f"layer {place[0]}"
    return f"{fixed}, {STAGE_LABELS[stage]}"


def _title(place: tuple[int, int], over: Over) -> str:
    if over == "layer":
        return "How do the nodes move from layer to layer?"
    return f"How do the nodes of layer {place[0]} move during the training?"
