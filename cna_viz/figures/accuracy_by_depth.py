"""What does depth do to accuracy, or to another score?"""

from collections.abc import Sequence
from functools import partial

import plotly.graph_objects as go

from cna_viz import vocabulary
from cna_viz.analysis.intervals import confidence_interval, interval_table
from cna_viz.analysis.tables import accuracy_table
from cna_viz.figures.checks import check_choice, one_metric
from cna_viz.figures.labels import provenance, which_model
from cna_viz.figures.marks import add_slot_line
from cna_viz.figures.theme import finish
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, WORDS, bounds, factor, label


def plot_accuracy_by_depth(records: Sequence[Record], *, part: str = "test") -> go.Figure:
    """Draw the score of the selected model against depth, one line per slot, with the interval over seeds.

    Args:
        records: Runs of several depths, slots and seeds.
        part: train, val or test.

    Raises:
        UsageError: When there are no records, they differ in their metric, or there is no such part.
    """
    metric = one_metric(records)
    check_choice("part of the split", part, vocabulary.SPLITS)
    table = interval_table(
        accuracy_table(records), part, ["slot", "layers"], partial(confidence_interval, bounds=bounds(metric))
    )
    table[["mean", "low", "high"]] *= factor(metric)
    figure = go.Figure()
    for slot in table["slot"].unique():
        add_slot_line(figure, slot, "layers", table[table["slot"] == slot].sort_values("layers"))
    depths = sorted(table["layers"].unique())
    figure.update_xaxes(
        title="depth (number of convolutions)", type="log", tickvals=depths, ticktext=[str(d) for d in depths]
    )
    figure.update_yaxes(title=label(metric, part), rangemode="tozero")
    cut = ", cut at 0 and 100 %" if metric in SHARES else ", cut at 0"
    note = f"{which_model(records)}; mean and 95 % interval over seeds (Student t{cut})"
    return finish(figure, f"What does depth do to {WORDS[metric]}?", provenance(records, note), height=480, bottom=110)
