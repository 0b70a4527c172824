"""What does a setting do to accuracy, or to another score?"""

from collections.abc import Sequence
from functools import partial
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from cna_viz.analysis.statistics.intervals import confidence_interval, interval_table
from cna_viz.analysis.tables.comparison import arms_of
from cna_viz.analysis.tables.tables import accuracy_table
from cna_viz.config.arms import active_settings
from cna_viz.config.fields import settings
from cna_viz.config.vocabulary import SplitName
from cna_viz.errors import UsageError, unknown_name
from cna_viz.figures.pieces.marks import add_slot_line
from cna_viz.figures.style.labels import check_scores, one_metric, provenance, setting_axis, student_note, which_model
from cna_viz.figures.style.theme import escaped, finish, logarithmic
from cna_viz.records.record import Record
from cna_viz.scores import WORDS, bounds, factor, label

QUESTIONS: Final[dict[str, str]] = {
    "clusters": "How many clusters does it take?",
    "csbm_homophily": "What happens where neighbours belong to other classes?",
}


def plot_accuracy_by_setting(
    records: Sequence[Record], setting: str = "clusters", *, split: SplitName = "test"
) -> go.Figure:
    """Draw the score of the selected model against a setting, one line per arm, with the interval over seeds.

    Arms in which the setting has no effect, as the number of clusters in a slot without clusters, are lines from edge
    to edge.

    Args:
        records: Runs that differ in the setting, in slots and seeds; what else differs makes separate lines.
        setting: A setting whose values are numbers, by the name that grids use: clusters, hidden, csbm_homophily, lr.
        split: train, val or test.

    Raises:
        UsageError: When there are no records, no such split or setting, or the setting is no number or has no effect.
    """
    words = escaped(setting.replace("_", " "))
    question = QUESTIONS.get(setting, f"What does {words} do to {WORDS[one_metric(records, split)]}?")
    return score_lines(records, setting, split, question)


def score_lines(
    records: Sequence[Record], setting: str, split: SplitName, question: str, *, from_zero: bool = False
) -> go.Figure:
    """Draw a line per arm; ``from_zero`` scores start at 0 on a logarithmic axis, else both axes follow the values."""
    figure, metric = go.Figure(), one_metric(records, split)
    check_scores(records, split)
    rows = _rows(records, setting)
    values = sorted(rows["value"].dropna().unique().tolist())
    if not values:
        raise UsageError(
            f"{setting} has no effect in these {len(records)} runs: nothing to draw the {split} score against"
        )
    for arm, group in rows.groupby("arm", sort=False):
        constant = bool(group["value"].isna().all())
        ends = dict.fromkeys((values[0], values[-1]))
        shown = pd.concat([group.assign(value=end) for end in ends]) if constant else group
        table = interval_table(shown, split, ["value"], partial(confidence_interval, bounds=bounds(metric)))
        table[["mean", "low", "high"]] *= factor(metric)
        table = table.rename(columns={"value": setting}).sort_values(setting)
        add_slot_line(figure, str(arm), setting, table, markers=not constant)
    scale = "log" if from_zero or logarithmic(values) else "linear"
    ticks = {"tickvals": values, "ticktext": [f"{value:g}" for value in values]}
    figure.update_xaxes(title=setting_axis(setting), type=scale, **ticks)
    figure.update_yaxes(title=label(metric, split), rangemode="tozero" if from_zero else "normal")
    note = f"{which_model(records)}; {student_note(metric)}"
    return finish(figure, question, provenance(records, note), height=370)


def _rows(records: Sequence[Record], setting: str) -> pd.DataFrame:
    """Return a row per run with accuracies, ``arm``, and ``value`` of the setting, NaN where it has no effect."""
    if setting not in settings():
        raise unknown_name("setting", setting, settings())
    configs = [record.config for record in records]
    values = [active_settings(config).get(setting) for config in configs]
    for value in values:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise UsageError(f"{setting} = {value!r} is not a number: the score can't be drawn against it")
    return accuracy_table(records).assign(
        arm=arms_of(records, ignore={setting}), value=pd.to_numeric(pd.Series(values))
    )
