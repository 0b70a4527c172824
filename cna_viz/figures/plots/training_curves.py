"""Does the network learn?"""

from collections.abc import Callable, Sequence

import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from cna_viz.analysis.statistics.intervals import Interval, geometric_range, interval_table, value_range
from cna_viz.analysis.tables.watched_arms import told_apart
from cna_viz.figures.pieces.marks import add_slot_line
from cna_viz.figures.style.labels import has_scores, layers_words, one_depth, one_metric, provenance
from cna_viz.figures.style.theme import finish, log_axis, whole_ticks
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, factor, label


def _panels(records: Sequence[Record]) -> list[tuple[str, str, str, float, Callable[[ArrayLike], Interval]]]:
    """Return variable, split, title and factor of the axis, and kind of mean of each panel."""
    if not any(map(has_scores, records)):
        return [("loss", "train", "training loss", 1, geometric_range)]
    metric = one_metric(records)
    unit = "mean squared error" if metric in {"nmse", "r2"} else "nats"
    return [
        ("loss", "train", f"training loss ({unit})", 1, geometric_range),
        (metric, "train", label(metric, "training"), factor(metric), value_range),
        (metric, "val", label(metric, "validation"), factor(metric), value_range),
    ]


def plot_training_curves(records: Sequence[Record]) -> go.Figure:
    """Draw the loss and score of the training and the validation score against the epoch, one line per slot.

    Of runs that were watched without labels or scores only the loss is drawn.

    Args:
        records: Runs of one depth, several slots and seeds.

    Raises:
        UsageError: When there are no records or they differ in depth or metric.
    """
    depth, panels = one_depth(records), _panels(records)
    figure = make_subplots(1, len(panels), horizontal_spacing=0.08)
    for column, (variable, split, title, scale, average) in enumerate(panels, start=1):
        table = interval_table(_curves(records, variable, split, scale), "value", ["slot", "epoch"], average)
        for slot in table["slot"].unique():
            add_slot_line(figure, slot, "epoch", table[table["slot"] == slot], row=1, col=column, legend=column == 1)
        figure.update_yaxes(title=title, **_scale(variable, table), row=1, col=column)
    epochs = [epoch for record in records for epoch in record.metrics.epoch.values.tolist()]
    figure.update_xaxes(title="epoch", **whole_ticks(epochs))
    note = "mean (loss: geometric) and range over the seeds still training"
    return finish(figure, f"Does the network learn? ({layers_words(depth)})", provenance(records, note), height=350)


def _scale(variable: str, table: pd.DataFrame) -> dict[str, object]:
    if variable in SHARES:
        return {"range": [0, 102]}
    if variable == "r2":
        return {}
    return log_axis(table[["mean", "low", "high"]].to_numpy().ravel())


def _curves(records: Sequence[Record], variable: str, split: str, scale: float) -> pd.DataFrame:
    tables = []
    for record in told_apart(records):
        values = record.metrics[variable].sel(split=split)
        rows = {"slot": record.config.slot, "epoch": values.epoch.values, "value": scale * values.values}
        tables.append(pd.DataFrame(rows))
    return pd.concat(tables, ignore_index=True).sort_values("epoch", kind="stable")
