"""How does a measure change from layer to layer?"""

from collections.abc import Sequence

import plotly.graph_objects as go

from cna_viz.analysis.statistics.intervals import geometric_range, interval_table, value_range
from cna_viz.analysis.tables.graph_facts import constant_energy
from cna_viz.analysis.tables.tables import layer_table
from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import Stage
from cna_viz.figures.pieces.marks import add_slot_line, layer_axis, measure_axis
from cna_viz.figures.style.labels import (
    STAGE_LABELS,
    check_choice,
    layers_words,
    nothing_measured,
    one_depth,
    provenance,
    which_model,
)
from cna_viz.figures.style.theme import MUTED, finish
from cna_viz.records.record import Record


def plot_measure_by_layer(records: Sequence[Record], measure: str = "rayleigh", *, stage: Stage = "conv") -> go.Figure:
    """Draw a measure of the selected model against the layer, one line per slot, with the range over seeds.

    Args:
        records: Runs of one depth, several slots and seeds.
        measure: Name of a measure.
        stage: ``conv`` or ``slot``.

    Raises:
        UsageError: When records are missing or differ in depth, a name is unknown, or nothing was measured.
    """
    check_choice("measure", measure, MEASURES)
    check_choice("stage", stage, STAGE_LABELS)
    depth = one_depth(records)
    measured = layer_table(records, measure, stage)
    if measured["value"].isna().all():
        raise nothing_measured(measure, stage)
    logarithmic = MEASURES[measure].log
    average = geometric_range if logarithmic else value_range
    table = interval_table(measured, "value", ["slot", "layer"], average)
    figure = go.Figure()
    for slot in table["slot"].unique():
        add_slot_line(figure, slot, "layer", table[table["slot"] == slot].sort_values("layer"))
    if (
        measure == "rayleigh" and len({record.content for record in records}) == 1
    ):  # of a layer that gives every node the same features
        name, energy = "all nodes equal", constant_energy(records[0])
        look = {
            "mode": "lines",
            "line": {"color": MUTED, "width": 1},
            "hovertemplate": f"{name}<br>%{{y:.4g}}<extra></extra>",
        }
        figure.add_scatter(x=[0.5, depth + 0.5], y=[energy, energy], name=name, **look)
    figure.update_xaxes(layer_axis(depth))
    figure.update_yaxes(measure_axis(measure, table[["mean", "low", "high"]].to_numpy().ravel()))
    mean = "geometric mean of the non-zero values" if logarithmic else "mean"
    note = f"{STAGE_LABELS[stage]}, {which_model(records)}; {mean} and range over seeds"
    title = f"{MEASURES[measure].question} ({layers_words(depth)})"
    return finish(figure, title, provenance(records, note), height=370)
