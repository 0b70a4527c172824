"""Where and when does a measure collapse?"""

from collections.abc import Sequence
from math import ceil
from typing import Final

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from plotly.subplots import make_subplots

from cna_viz.analysis.tables.comparison import arms_of
from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import Stage
from cna_viz.figures.pieces.marks import color_scale
from cna_viz.figures.style.labels import (
    STAGE_LABELS,
    check_choice,
    check_records,
    layers_words,
    nothing_measured,
    provenance,
)
from cna_viz.figures.style.theme import finish, slot_style, whole_ticks
from cna_viz.records.record import Record

IN_A_ROW: Final = 4
"""Most panels side by side."""


def plot_measure_heatmap(records: Sequence[Record], measure: str = "rayleigh", *, stage: Stage = "conv") -> go.Figure:
    """Draw a measure over epochs and layers, one panel per run, all on one colour scale.

    Args:
        records: One run per panel, for instance one per slot.
        measure: Name of a measure.
        stage: ``conv`` or ``slot``.

    Raises:
        UsageError: When there are no records, measure or stage is unknown, or nothing was measured.
    """
    check_choice("measure", measure, MEASURES)
    check_choice("stage", stage, STAGE_LABELS)
    check_records(records)
    if all(record.metrics[measure].sel(stage=stage).isnull().all() for record in records):
        raise nothing_measured(measure, stage)
    columns = min(len(records), IN_A_ROW)
    rows = ceil(len(records) / columns)
    spacing = {"horizontal_spacing": 0.04, "vertical_spacing": 0.3 / rows}
    figure = make_subplots(rows, columns, subplot_titles=_titles(records), shared_yaxes=True, **spacing)
    logarithmic = MEASURES[measure].log
    for number, record in enumerate(records):
        values = record.metrics[measure].sel(stage=stage).dropna("layer", how="all").dropna("epoch", how="all")
        shown = xr.apply_ufunc(np.log10, values.where(values > 0)) if logarithmic else values
        figure.add_heatmap(
            x=values.epoch.values,
            y=values.layer.values,
            z=shown.values.T,
            customdata=values.values.T,
            coloraxis="coloraxis",
            hovertemplate="epoch %{x}<br>layer %{y}<br>%{customdata:.3g}<extra></extra>",
            row=1 + number // columns,
            col=1 + number % columns,
        )
    epochs = [epoch for record in records for epoch in record.metrics.epoch.values.tolist()]
    figure.update_xaxes(title="epoch", **whole_ticks(epochs))
    figure.update_yaxes(**whole_ticks([1, *(record.layers for record in records)]))
    figure.update_yaxes(title="layer", col=1)
    label = ("log₁₀ of<br>" if logarithmic else "") + MEASURES[measure].label
    figure.update_layout(color_scale(label))
    footnote = provenance(records, f"{STAGE_LABELS[stage]}; blank: nothing measured, or exactly 0")
    return finish(figure, "Where and when do the layers collapse?", footnote, height=370 + 330 * (rows - 1))


def _titles(records: Sequence[Record]) -> list[str]:
    """Return how the panels differ: the arm, the depth, and the seed where there are several."""
    seeds = [record.config.facts["seed"] for record in records]
    several = len({seed for seed in seeds if seed is not None}) > 1
    return [
        f"{slot_style(arm).label}, {layers_words(record.layers)}"
        + (f", seed {seed}" if several and seed is not None else "")
        for arm, record, seed in zip(arms_of(records, ignore={"layers"}), records, seeds, strict=True)
    ]
