"""Does the network learn?"""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.intervals import geometric_range, interval_table, value_range
from cna_viz.figures.checks import one_depth
from cna_viz.figures.labels import provenance
from cna_viz.figures.marks import add_slot_line
from cna_viz.figures.theme import finish, log_axis
from cna_viz.records.record import Record

PANELS = (
    ("loss", "train", "training loss (nats)", 1, geometric_range),
    ("accuracy", "train", "training accuracy (%)", 100, value_range),
    ("accuracy", "val", "validation accuracy (%)", 100, value_range),
)
"""Variable, part, axis title, factor to the axis's unit and way to average of each panel."""


def plot_training_curves(records: Sequence[Record]) -> go.Figure:
    """Draw training loss, training accuracy and validation accuracy against the epoch, one line per slot.

    Args:
        records: Runs of one depth, several slots and seeds.

    Raises:
        UsageError: When there are no records or they differ in depth.
    """
    depth = one_depth(records)
    figure = make_subplots(1, len(PANELS), horizontal_spacing=0.08)
    for column, (variable, part, label, factor, average) in enumerate(PANELS, start=1):
        table = interval_table(_curves(records, variable, part, factor), "value", ["slot", "epoch"], average)
        for slot in table["slot"].unique():
            add_slot_line(figure, slot, "epoch", table[table["slot"] == slot], row=1, col=column, legend=column == 1)
        figure.update_yaxes(title=label, **_scale(variable, table), row=1, col=column)
    figure.update_xaxes(title="epoch")
    note = "mean (loss: geometric) and range over the seeds still training"
    return finish(
        figure, f"Does the network learn? ({depth} layers)", provenance(records, note), height=460, bottom=110
    )


def _scale(variable: str, table: pd.DataFrame) -> dict[str, object]:
    return log_axis(table[["mean", "low", "high"]].to_numpy().ravel()) if variable == "loss" else {"range": [0, 102]}


def _curves(records: Sequence[Record], variable: str, part: str, factor: float) -> pd.DataFrame:
    tables = []
    for record in records:
        values = record.metrics[variable].sel(split=part)
        rows = {"slot": record.config.slot, "epoch": values.epoch.values, "value": factor * values.values}
        tables.append(pd.DataFrame(rows))
    return pd.concat(tables, ignore_index=True).sort_values("epoch", kind="stable")
