"""What does depth do to accuracy?"""

from collections.abc import Sequence
from functools import partial

import plotly.graph_objects as go

from cna_viz import vocabulary
from cna_viz.analysis.intervals import confidence_interval, interval_table
from cna_viz.analysis.tables import accuracy_table
from cna_viz.figures.checks import check_choice, check_records
from cna_viz.figures.labels import provenance, which_model
from cna_viz.figures.marks import add_slot_line
from cna_viz.figures.theme import finish
from cna_viz.records.record import Record


def plot_accuracy_by_depth(records: Sequence[Record], *, part: str = "test") -> go.Figure:
    """Draw accuracy of the selected model against depth, one line per slot, with the interval over seeds.

    Args:
        records: Runs of several depths, slots and seeds.
        part: train, val or test.

    Raises:
        UsageError: When there are no records or there is no such part.
    """
    check_records(records)
    check_choice("part of the split", part, vocabulary.SPLITS)
    table = interval_table(
        accuracy_table(records), part, ["slot", "layers"], partial(confidence_interval, bounds=(0, 1))
    )
    table[["mean", "low", "high"]] *= 100
    figure = go.Figure()
    for slot in table["slot"].unique():
        add_slot_line(figure, slot, "layers", table[table["slot"] == slot].sort_values("layers"))
    depths = sorted(table["layers"].unique())
    figure.update_xaxes(
        title="depth (number of convolutions)", type="log", tickvals=depths, ticktext=[str(d) for d in depths]
    )
    figure.update_yaxes(title=f"{part} accuracy (%)", rangemode="tozero")
    note = f"{which_model(records)}; mean and 95 % interval over seeds (Student t, cut at 0 and 100 %)"
    return finish(figure, "What does depth do to accuracy?", provenance(records, note), height=480, bottom=110)
