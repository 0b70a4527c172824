"""A score against a setting that is a number, one line per arm: what several figures share."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from cna_viz.analysis.statistics.intervals import confidence_interval, interval_table
from cna_viz.analysis.tables.comparison import arm_names
from cna_viz.analysis.tables.tables import accuracy_table
from cna_viz.config.arms import effective
from cna_viz.config.fields import settings
from cna_viz.errors import UsageError, unknown_name
from cna_viz.figures.pieces.marks import add_slot_line
from cna_viz.figures.style.checks import one_metric
from cna_viz.figures.style.labels import provenance, student_note, which_model
from cna_viz.figures.style.theme import finish
from cna_viz.records.record import Record
from cna_viz.scores import bounds, factor, label


def draw_accuracy(
    records: Sequence[Record], setting: str, part: str, *, question: str, axis: str, whole: bool = False
) -> go.Figure:
    """Draw the score of the selected model against a setting, with the interval over seeds.

    Arms are what differs apart from the setting. One in which the setting has no effect, as the number of clusters in
    a slot without clusters, is a line from edge to edge.

    Args:
        records: Runs; at least one.
        setting: Name of a setting whose values are numbers.
        part: train, val or test.
        question: Title of the figure.
        axis: Title of the horizontal axis.
        whole: Scores from 0 on and a logarithmic axis; else both axes follow from what there is.

    Raises:
        UsageError: When there is no such setting, it is no number, or has an effect in none of the runs; or records
            differ in their metric.
    """
    rows = _rows(records, setting)
    values = sorted(rows["value"].dropna().unique().tolist())
    if not values:
        raise UsageError(
            f"{setting} has no effect in these {len(records)} runs: nothing to draw the {part} score against"
        )
    figure, metric = go.Figure(), one_metric(records)
    for arm, group in rows.groupby("arm", sort=False):
        constant = bool(group["value"].isna().all())
        ends = dict.fromkeys((values[0], values[-1]))
        shown = pd.concat([group.assign(value=end) for end in ends]) if constant else group
        table = interval_table(shown, part, ["value"], partial(confidence_interval, bounds=bounds(metric)))
        table[["mean", "low", "high"]] *= factor(metric)
        table = table.rename(columns={"value": setting}).sort_values(setting)
        add_slot_line(figure, str(arm), setting, table, markers=not constant)
    scale = whole or logarithmic(values)
    figure.update_xaxes(
        title=axis, type="log" if scale else "linear", tickvals=values, ticktext=[f"{value:g}" for value in values]
    )
    figure.update_yaxes(title=label(metric, part), rangemode="tozero" if whole else "normal")
    note = f"{which_model(records)}; {student_note(metric)}"
    return finish(figure, question, provenance(records, note), height=480, bottom=110)


def _rows(records: Sequence[Record], setting: str) -> pd.DataFrame:
    """Return a row per run with accuracies, ``arm``, and ``value`` of the setting, NaN where it has no effect."""
    if setting not in settings():
        raise unknown_name("setting", setting, settings())
    configs = [record.config for record in records]
    names = arm_names(configs, ignore={setting})
    values = [effective(config).get(setting) for config in configs]
    for value in values:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise UsageError(f"{setting} = {value!r} is not a number: the score can't be drawn against it")
    arms = [names[config.run_id] for config in configs]
    return accuracy_table(records).assign(arm=arms, value=pd.to_numeric(pd.Series(values)))


def logarithmic(values: Sequence[float]) -> bool:
    """Whether values are better seen on a logarithmic axis: counts that double, other numbers that span decades."""
    counts = all(float(value).is_integer() for value in values)
    return values[0] > 0 and values[-1] >= (4 if counts else 100) * values[0]
