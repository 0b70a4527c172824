"""A measure from layer to layer and from epoch to epoch, with a cursor at the layer and the epoch in view."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Any, Final

import numpy as np

from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import STAGES
from cna_viz.figures.panels.drawing import ROW, Drawing, compact, legend_below, legend_rows
from cna_viz.figures.pieces.marks import Trace, layer_axis
from cna_viz.figures.style.labels import STAGE_LABELS, check_choice, check_records, nothing_measured
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

    def by_layer(self) -> Array:
        """Return the measure of every layer at the epoch of the line; NaN where that has none."""
        here = np.flatnonzero(self.epochs == self.at)
        return self.values[here[0]] if len(here) else np.full(self.values.shape[1], np.nan)

    def by_epoch(self, layer: int) -> Array:
        """Return the measure of a layer at every epoch; NaN where there is no such layer."""
        deep = layer <= self.values.shape[1]
        return self.values[:, layer - 1] if deep else np.full(len(self.epochs), np.nan)


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
        names: What the runs are called, as :func:`.theme.slot_style` takes them; their slots when left out.
        height: Height in pixels.
        kept: Zoom is kept between panels that share this name.

    Raises:
        UsageError: When there are no records, a name is unknown, or nothing was measured.
    """
    check_records(records)
    check_choice("measure", measure, MEASURES)
    check_choice("stage", stage, STAGE_LABELS)
    if len(records) == 1:
        stages = [shown for shown in STAGE_LABELS if shown != "slot" or records[0].layers > 1]
        lines = [_stage_line(records[0], measure, epoch, shown, shown == stage) for shown in stages]
    else:
        called = names or [record.config.slot for record in records]
        lines = [_run_line(run, measure, epoch, stage, name) for run, name in zip(records, called, strict=True)]
    if not any(np.isfinite(line.values).any() for line in lines):
        raise nothing_measured(measure, stage)
    scale, edge = _scale(measure, lines)
    data = [trace for line in lines for trace in _traces(line, layer, edge)]
    cursors = [mark for line in lines if line.chosen for mark in _cursor(line, layer, edge)]
    legend = [line.name for line in lines] if len(lines) > 1 else []
    layout = {
        **_axes(lines, layer, scale),
        "shapes": _rules(lines, layer),
        "legend": legend_below(""),
        "showlegend": bool(legend),
        "margin": {"l": 56, "b": 46 + ROW * legend_rows(legend)},
    }
    title = f"<b>{MEASURES[measure].label}</b><br>{MEASURES[measure].question}"
    return compact([*data, *cursors], title, layout, kept=kept, height=height)


def _stage_line(record: Record, measure: str, epoch: int | None, stage: str, chosen: bool) -> Line:
    dash, symbol = ("solid", "circle") if stage == "conv" else ("dash", "square-open")
    color, width = slot_style(record.config.slot).color, 2.5 if chosen else 1.5
    look = {"color": color, "dash": dash, "symbol": symbol, "width": width}
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


def _traces(line: Line, layer: int, edge: float) -> tuple[Trace, Trace]:
    """Return the line in both halves."""
    layers, epochs = line.by_layer(), line.by_epoch(layer)
    there = np.isfinite(epochs)
    return (
        _trace(line, np.arange(1, len(layers) + 1), layers, edge, "layer"),
        _trace(line, line.epochs[there], epochs[there], edge, "epoch") | {"xaxis": "x2", "yaxis": "y2"},
    )


def _trace(line: Line, x: Array, values: Array, edge: float, over: str) -> Trace:
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
        "showlegend": over == "layer",
        "text": [f"{value:.4g}" for value in values],
        "hovertemplate": f"{line.name}<br>{over} %{{x}}: %{{text}}<extra></extra>",
    }


def _cursor(line: Line, layer: int, edge: float) -> list[Trace]:
    """Return the diamond in each half."""
    by_layer, by_epoch = line.by_layer()[layer - 1 : layer], line.by_epoch(layer)[line.epochs == line.at]
    marker = {"color": INK, "symbol": "diamond", "size": 11}
    own = {"type": "scatter", "mode": "markers", "marker": marker, "showlegend": False, "hoverinfo": "skip"}
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
        "xaxis": {**layer_axis(depth), "title": f"layer{when}", "domain": [0, 0.485]},
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
