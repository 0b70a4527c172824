"""A measure of single runs from layer to layer, and a mark at the layer that is looked at."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cna_viz.config.measures import MEASURES
from cna_viz.figures.pieces.marks import add_slot_line
from cna_viz.figures.style.theme import INK, log_axis, whole_ticks
from cna_viz.records.record import Record


def add_layer_curves(
    figure: go.Figure, runs: Mapping[str, Record], measure: str, *, layer: int, epoch: int | None, stage: str, row: int
) -> bool:
    """Draw a measure of some runs against the layer in the first column of a row, with marks at a layer.

    Args:
        figure: Receives traces and axes.
        runs: The runs by name, a slot or an arm, which gives the look.
        measure: Name of the measure.
        layer: Where the marks are.
        epoch: An epoch of all runs; that of the selected models when left out.
        stage: ``conv`` or ``slot``.
        row: Row of the panel.

    Returns:
        Whether anything was measured.
    """
    curves = {name: _values(record, measure, epoch, stage) for name, record in runs.items()}
    known = pd.concat(curves.values())["mean"].dropna()
    if known.empty:
        return False
    for name, curve in curves.items():
        add_slot_line(figure, name, "layer", curve, row=row, col=1)
        at = curve[curve["layer"] == layer]
        mark = {"color": INK, "symbol": "diamond-open", "size": 15, "line": {"width": 2}}
        look = {"mode": "markers", "marker": mark, "showlegend": False, "hoverinfo": "skip"}
        figure.add_scatter(x=at["layer"], y=at["mean"], name=f"layer {layer}", **look, row=row, col=1)
    deepest = max(record.layers for record in runs.values())
    figure.add_vline(x=layer, line={"color": INK, "width": 1, "dash": "dot"}, row=row, col=1)
    figure.update_xaxes(title="layer", range=[0.5, deepest + 0.5], **whole_ticks([1, deepest]), row=row, col=1)
    scale = log_axis(known) if MEASURES[measure].log else {"rangemode": "tozero"}
    figure.update_yaxes(title=MEASURES[measure].label, **scale, row=row, col=1)
    return True


def _values(record: Record, measure: str, epoch: int | None, stage: str) -> pd.DataFrame:
    """Return the measure of every layer of a run at an epoch; NaN where it was not taken."""
    values, shown = record.metrics[measure].sel(stage=stage), record.best_epoch if epoch is None else epoch
    taken = values.sel(epoch=shown).values if shown in values.epoch else np.full(values.sizes["layer"], np.nan)
    return pd.DataFrame({"layer": values.layer.values, "mean": taken, "low": np.nan, "high": np.nan, "count": 1})
