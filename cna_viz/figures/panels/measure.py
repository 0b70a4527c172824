"""A measure from layer to layer and from epoch to epoch, with a cursor at what is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Any, Final

import numpy as np

from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import STAGES
from cna_viz.figures.panels.compact import ROW, compact, legend_below, legend_rows
from cna_viz.figures.panels.drawing import Drawing
from cna_viz.figures.pieces.nodes import Trace
from cna_viz.figures.style.checks import check_choice, check_records, nothing_measured
from cna_viz.figures.style.labels import STAGE_LABELS
from cna_viz.figures.style.theme import INK, MUTED, log_axis, slot_style, whole_ticks
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

MARKED: Final = 40
"""Points of a line up to which each has a mark."""
ROOM: Final = 0.06
"""Room above and below all values, as a share of their range."""


@dataclass(frozen=True)
class Line:
    """One line in both halves of the panel.

    Attributes:
        name: What it is called.
        values: The measure, ``[epochs, layers]``; NaN where nothing was measured.
        epochs: The epochs, ``[epochs]``.
        at: The epoch at which it is drawn against the layer.
        look: Colour, dash, marker and width.
        chosen: Whether the cursor stands on it.
    """

    name: str
    values: Array
    epochs: Array
    at: int
    look: Trace
    chosen: bool


def measure_panel(
    records: Sequence[Record],
    measure: str,
    layer: int,
    *,
    epoch: int | None = None,
    stage: str = "conv",
    names: Sequence[str] | None = None,
    height: int = 330,
    kept: str = "measure",
) -> Drawing:
    """Draw a measure against the layer, and against the epoch in one layer, on one axis that holds all its values.

    Of one run both stages are drawn, of several the chosen one. A value of 0, which a logarithmic axis does not have,
    is drawn at its lower edge.

    Args:
        records: One run or several.
        measure: Name of a measure.
        layer: The layer in which the measure is drawn against the epoch, 1 … number of layers.
        epoch: The epoch at which it is drawn against the layer; that of the selected model of each run when left out.
        stage: ``conv`` or ``slot``.
        names: What the runs are called, as :func:`.theme.slot_style` takes them; their slots when left
            out.
        height: Height in pixels.
        kept: Zoom is kept between panels that have this in common.

    Raises:
        UsageError: When there are no records, a name is unknown, or nothing was measured.
    """
    check_records(records)
    check_choice("measure", measure, MEASURES)
    check_choice("stage", stage, STAGE_LABELS)
    lines = _lines(records, measure, epoch, stage, names)
    if not any(np.isfinite(line.values).any() for line in lines):
        raise nothing_measured(measure, stage)
    scale, edge = _scale(measure, lines)
    data = [trace for line in lines for trace in (_by_layer(line, edge), _by_epoch(line, layer, edge))]
    cursors = [_cursor(line, layer, edge) for line in lines if line.chosen]
    legend = [line.name for line in lines] if len(lines) > 1 else []
    title = f"<b>{MEASURES[measure].label}</b><br>{MEASURES[measure].question}"
    layout = {**_axes(lines, layer, scale), "shapes": _rules(lines, layer), **_legend(legend)}
    return compact([*data, *(mark for marks in cursors for mark in marks)], title, layout, kept=kept, height=height)


def _lines(
    records: Sequence[Record], measure: str, epoch: int | None, stage: str, names: Sequence[str] | None
) -> list[Line]:
    if len(records) == 1:
        stages = [shown for shown in STAGE_LABELS if shown != "slot" or records[0].layers > 1]
        return [_stage_line(records[0], measure, epoch, shown, shown == stage) for shown in stages]
    called = names or [record.config.slot for record in records]
    return [_run_line(record, measure, epoch, stage, name) for record, name in zip(records, called, strict=True)]


def _stage_line(record: Record, measure: str, epoch: int | None, stage: str, chosen: bool) -> Line:
    dash, symbol = ("solid", "circle") if stage == "conv" else ("dash", "square-open")
    look = {
        "color": slot_style(record.config.slot).color,
        "dash": dash,
        "symbol": symbol,
        "width": 2.5 if chosen else 1.5,
    }
    return _line(record, measure, epoch, stage, STAGE_LABELS[stage], look, chosen)


def _run_line(record: Record, measure: str, epoch: int | None, stage: str, name: str) -> Line:
    style = slot_style(name)
    look = {"color": style.color, "dash": style.dash, "symbol": style.symbol, "width": 2}
    return _line(record, measure, epoch, stage, style.label, look, chosen=True)


def _line(record: Record, measure: str, epoch: int | None, stage: str, name: str, look: Trace, chosen: bool) -> Line:
    measured = record.metrics[measure].transpose("stage", "epoch", "layer")
    layers = record.layers - (stage == "slot")
    values = measured.values[STAGES.index(stage), :, :layers].astype(float)
    at = record.best_epoch if epoch is None else epoch
    return Line(name, values, measured.epoch.values, at, look, chosen)


def _at_epoch(line: Line) -> Array:
    """Return the measure of every layer at the epoch of a line; NaN where that has none."""
    here = np.flatnonzero(line.epochs == line.at)
    return line.values[here[0]] if len(here) else np.full(line.values.shape[1], np.nan)


def _in_layer(line: Line, layer: int) -> Array:
    return line.values[:, layer - 1] if layer <= line.values.shape[1] else np.full(len(line.epochs), np.nan)


def _by_layer(line: Line, edge: float) -> Trace:
    values = _at_epoch(line)
    return _trace(line, np.arange(1, len(values) + 1), values, edge, "layer", showlegend=True)


def _by_epoch(line: Line, layer: int, edge: float) -> Trace:
    values = _in_layer(line, layer)
    there = np.isfinite(values)
    trace = _trace(line, line.epochs[there], values[there], edge, "epoch", showlegend=False)
    return {**trace, "xaxis": "x2", "yaxis": "y2"}


def _trace(line: Line, x: Array, values: Array, edge: float, over: str, showlegend: bool) -> Trace:
    look = line.look
    return {
        "type": "scatter",
        "x": x.tolist(),
        "y": _drawn(values, edge),
        "mode": "lines+markers" if len(x) <= MARKED else "lines",
        "line": {"color": look["color"], "dash": look["dash"], "width": look["width"]},
        "marker": {"color": look["color"], "symbol": look["symbol"], "size": 6},
        "name": line.name,
        "legendgroup": line.name,
        "showlegend": showlegend,
        "text": [f"{value:.4g}" for value in values],
        "hovertemplate": f"{line.name}<br>{over} %{{x}}: %{{text}}<extra></extra>",
    }


def _cursor(line: Line, layer: int, edge: float) -> list[Trace]:
    """Return the diamond in each half."""
    by_layer, by_epoch = _at_epoch(line)[layer - 1 : layer], _in_layer(line, layer)[line.epochs == line.at]
    look = {"mode": "markers", "marker": {"color": INK, "symbol": "diamond", "size": 11}}
    own = {"type": "scatter", "showlegend": False, "hoverinfo": "skip", **look}
    return [
        {**own, "x": [layer], "y": _drawn(by_layer, edge) or [None]},
        {**own, "x": [line.at], "y": _drawn(by_epoch, edge) or [None], "xaxis": "x2", "yaxis": "y2"},
    ]


def _drawn(values: Array, edge: float) -> list[float | None]:
    return [max(float(value), edge) if np.isfinite(value) else None for value in values]


def _scale(measure: str, lines: Sequence[Line]) -> tuple[dict[str, Any], float]:
    """Return the axis of all values, and where a value that it does not have is drawn."""
    values = np.concatenate([line.values.ravel() for line in lines])
    values = values[np.isfinite(values)]
    if not MEASURES[measure].log or not (values > 0).any():
        low, high = min(0.0, values.min()), values.max()
        room = ROOM * (high - low or 1)
        return {"range": [low - room * (low < 0), high + room]}, -np.inf
    positive = values[values > 0]
    low, high = log10(positive.min()), log10(positive.max())
    room = ROOM * (high - low) or ROOM
    low -= 2 * room if len(positive) < len(values) else 0
    return {**log_axis(positive), "range": [low - room, high + room]}, 10**low


def _axes(lines: Sequence[Line], layer: int, scale: dict[str, Any]) -> dict[str, Any]:
    depth = max(line.values.shape[1] for line in lines)
    epochs = np.concatenate([line.epochs for line in lines])
    first, last = (int(epochs.min()), int(epochs.max())) if len(epochs) else (0, 1)
    room = max(0.02 * (last - first), 0.5)
    at = {line.at for line in lines}
    when = f" at epoch {at.pop()}" if len(at) == 1 else ", selected epochs"
    return {
        "xaxis": {
            "title": f"layer{when}",
            "range": [0.5, depth + 0.5],
            "domain": [0, 0.485],
            **whole_ticks([1, depth]),
        },
        "xaxis2": {
            "title": f"epoch in layer {layer}",
            "range": [first - room, last + room],
            "domain": [0.515, 1],
            **whole_ticks([first, last]),
        },
        "yaxis": scale,
        "yaxis2": {**scale, "anchor": "x2", "matches": "y", "showticklabels": False},
    }


def _rules(lines: Sequence[Line], layer: int) -> list[dict[str, Any]]:
    """Return an upright line in each half; none at epochs that differ from run to run."""
    at = {line.at for line in lines}
    places = [("x", layer), *(("x2", epoch) for epoch in at if len(at) == 1)]
    look = {"type": "line", "layer": "below", "line": {"color": MUTED, "width": 1, "dash": "dot"}, "y0": 0, "y1": 1}
    return [{**look, "xref": x, "yref": f"y{x[1:]} domain", "x0": place, "x1": place} for x, place in places]


def _legend(names: Sequence[str]) -> dict[str, Any]:
    margin = {"l": 56, "b": 46 + ROW * legend_rows(names)}
    return {"legend": legend_below(""), "showlegend": bool(names), "margin": margin}
