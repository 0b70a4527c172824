"""A measure from layer to layer and from epoch to epoch, with a cursor at the layer and the epoch in view."""

from math import log10
from typing import Any, Final

import numpy as np

from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import STAGES, Stage
from cna_viz.figures.panels.drawing import ROW, Drawing, compact, legend_below, legend_rows
from cna_viz.figures.pieces.marks import Trace, layer_axis
from cna_viz.figures.style.labels import STAGE_LABELS, check_choice, nothing_measured
from cna_viz.figures.style.theme import INK, MUTED, log_axis, slot_style, whole_ticks
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

MARKED: Final = 40
"""Points of a line up to which each has a mark."""
ROOM: Final = 0.06
"""Room above and below all values, as a share of their range."""
RIGHT: Final = {"xaxis": "x2", "yaxis": "y2"}
"""The half of the panel with the epochs."""


def measure_panel(
    record: Record, measure: str, layer: int, *, epoch: int | None = None, stage: Stage = "conv"
) -> Drawing:
    """Draw a measure against the layer, and against the epoch in one layer, on one axis that holds all its values.

    Both stages are drawn, with the cursor on the chosen one. A value of 0, which a logarithmic axis does not have, is
    drawn at its lower edge.

    Args:
        record: A run.
        measure: Name of a measure.
        layer: The layer in which the measure is drawn against the epoch, 1 … number of layers.
        epoch: The epoch at which it is drawn against the layer; that of the selected model when left out.
        stage: ``conv`` or ``slot``.

    Raises:
        UsageError: When a name is unknown, or nothing was measured.
    """
    check_choice("measure", measure, MEASURES)
    check_choice("stage", stage, STAGE_LABELS)
    at = record.best_epoch if epoch is None else epoch
    measured = record.metrics[measure].transpose("stage", "epoch", "layer")
    epochs, deepest = measured.epoch.values, record.layers
    depths = {"conv": deepest, "slot": deepest - 1} if deepest > 1 else {"conv": deepest}
    values = {name: measured.values[STAGES.index(name), :, :depth].astype(float) for name, depth in depths.items()}
    known = np.concatenate([shown.ravel() for shown in values.values()])
    known = known[np.isfinite(known)]
    if not len(known):
        raise nothing_measured(measure, stage)
    scale, edge = _scale(known, logarithmic=MEASURES[measure].log)
    data: list[Trace] = []
    cursor: list[Trace] = []
    for name, shown in values.items():
        by_layer = shown[epochs == at][0] if at in epochs else np.full(shown.shape[1], np.nan)
        by_epoch = shown[:, layer - 1] if layer <= shown.shape[1] else np.full(len(epochs), np.nan)
        there, layers = np.isfinite(by_epoch), np.arange(1, len(by_layer) + 1)
        look = _look(record.config.slot, name, chosen=name == stage)
        data.append(look | _points(layers, by_layer, edge, look["name"], "layer"))
        right = _points(epochs[there], by_epoch[there], edge, look["name"], "epoch")
        data.append(look | right | {"showlegend": False} | RIGHT)
        if name == stage:
            mark = {"type": "scatter", "mode": "markers", "marker": {"color": INK, "symbol": "diamond", "size": 11}}
            here = {**mark, "showlegend": False, "hoverinfo": "skip"}
            cursor.append({**here, "x": [layer], "y": _drawn(by_layer[layer - 1 : layer], edge) or [None]})
            cursor.append({**here, "x": [at], "y": _drawn(by_epoch[epochs == at], edge) or [None], **RIGHT})
    legend = [STAGE_LABELS[name] for name in values] if len(values) > 1 else []
    layout = {
        **_axes(layer, at, epochs, deepest, scale),
        "shapes": [_rule("x", layer), _rule("x2", at)],
        "legend": legend_below(""),
        "showlegend": bool(legend),
        "margin": {"l": 56, "b": 46 + ROW * legend_rows(legend)},
    }
    title = f"<b>{MEASURES[measure].label}</b><br>{MEASURES[measure].question}"
    return compact([*data, *cursor], title, layout, kept="measure", height=330)


def _look(slot: str, stage: str, *, chosen: bool) -> Trace:
    """Return the line of a stage, in the colour of the slot."""
    dash, symbol = ("solid", "circle") if stage == "conv" else ("dash", "square-open")
    color, name = slot_style(slot).color, STAGE_LABELS[stage]
    return {
        "type": "scatter",
        "line": {"color": color, "dash": dash, "width": 2.5 if chosen else 1.5},
        "marker": {"color": color, "symbol": symbol, "size": 6},
        "name": name,
        "legendgroup": name,
        "showlegend": True,
    }


def _points(x: Array, values: Array, edge: float, name: str, over: str) -> Trace:
    return {
        "x": x.tolist(),
        "y": _drawn(values, edge),
        "mode": "lines+markers" if len(x) <= MARKED else "lines",
        "text": [f"{value:.4g}" for value in values],
        "hovertemplate": f"{name}<br>{over} %{{x}}: %{{text}}<extra></extra>",
    }


def _drawn(values: Array, edge: float) -> list[float | None]:
    return [max(float(value), edge) if np.isfinite(value) else None for value in values]


def _scale(values: Array, *, logarithmic: bool) -> tuple[dict[str, Any], float]:
    """Return the axis of all values, and where a value that it does not have is drawn."""
    positive = values[values > 0]
    if not logarithmic or not len(positive):
        low, high = min(0.0, values.min()), values.max()
        room = ROOM * (high - low or 1)
        return {"range": [low - room * (low < 0), high + room]}, -np.inf
    low, high = log10(positive.min()), log10(positive.max())
    room = ROOM * (high - low) or ROOM
    low -= 2 * room if len(positive) < len(values) else 0
    return {**log_axis(positive), "range": [low - room, high + room]}, 10**low


def _axes(layer: int, at: int, epochs: Array, deepest: int, scale: dict[str, Any]) -> dict[str, Any]:
    first, last = (int(epochs.min()), int(epochs.max())) if len(epochs) else (0, 1)
    room = max(0.02 * (last - first), 0.5)
    right = {"title": f"epoch in layer {layer}", "range": [first - room, last + room], **whole_ticks([first, last])}
    return {
        "xaxis": {**layer_axis(deepest), "title": f"layer at epoch {at}", "domain": [0, 0.485]},
        "xaxis2": {**right, "domain": [0.515, 1]},
        "yaxis": scale,
        "yaxis2": {**scale, "anchor": "x2", "matches": "y", "showticklabels": False},
    }


def _rule(axis: str, place: int) -> dict[str, Any]:
    """Return an upright line in one half."""
    look = {"type": "line", "layer": "below", "line": {"color": MUTED, "width": 1, "dash": "dot"}, "y0": 0, "y1": 1}
    return {**look, "xref": axis, "yref": f"y{axis[1:]} domain", "x0": place, "x1": place}
