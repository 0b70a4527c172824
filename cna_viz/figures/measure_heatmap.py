"""Where and when does a measure collapse?"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from plotly.subplots import make_subplots

from cna_viz.figures.checks import check_choice, check_records, nothing_measured
from cna_viz.figures.labels import LOG_MEASURES, MEASURE_LABELS, STAGE_LABELS, provenance
from cna_viz.figures.theme import SEQUENTIAL, finish, slot_style
from cna_viz.records.record import Record


def plot_measure_heatmap(records: Sequence[Record], measure: str = "rayleigh", *, stage: str = "conv") -> go.Figure:
    """Draw a measure over epochs and layers, one panel per run, all on one colour scale.

    Args:
        records: One run per panel, for instance one per slot.
        measure: Name of a measure.
        stage: ``conv`` or ``slot``.

    Raises:
        UsageError: When there are no records, measure or stage is unknown, or nothing was measured.
    """
    check_choice("measure", measure, MEASURE_LABELS)
    check_choice("stage", stage, STAGE_LABELS)
    check_records(records)
    if all(record.metrics[measure].sel(stage=stage).isnull().all() for record in records):
        raise nothing_measured(measure, stage)
    titles = [f"{slot_style(record.config.slot).label}, {record.layers} layers" for record in records]
    figure = make_subplots(1, len(records), subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.04)
    logarithmic = measure in LOG_MEASURES
    for column, record in enumerate(records, start=1):
        values = record.metrics[measure].sel(stage=stage).dropna("layer", how="all").dropna("epoch", how="all")
        shown = xr.apply_ufunc(np.log10, values.where(values > 0)) if logarithmic else values
        figure.add_heatmap(
            x=values.epoch.values,
            y=values.layer.values,
            z=shown.values.T,
            customdata=values.values.T,
            coloraxis="coloraxis",
            hovertemplate="epoch %{x}<br>layer %{y}<br>%{customdata:.3g}<extra></extra>",
            row=1,
            col=column,
        )
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title="layer", col=1)
    label = ("log₁₀ of<br>" if logarithmic else "") + MEASURE_LABELS[measure]
    figure.update_layout(coloraxis={"colorscale": SEQUENTIAL, "colorbar": {"title": {"text": label, "side": "right"}}})
    title = "Where and when do the layers collapse?"
    return finish(
        figure,
        title,
        provenance(records, STAGE_LABELS[stage] + "; blank: nothing measured, or exactly 0"),
        height=480,
        bottom=110,
    )
