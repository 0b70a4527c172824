"""What does a setting do to accuracy, or to another score?"""

from collections.abc import Sequence

import plotly.graph_objects as go

from cna_viz.config import vocabulary
from cna_viz.figures.pieces.accuracy_lines import draw_accuracy
from cna_viz.figures.style.checks import check_choice, one_metric
from cna_viz.figures.style.labels import SETTING_AXES, SETTING_QUESTIONS
from cna_viz.figures.style.theme import escaped
from cna_viz.records.record import Record
from cna_viz.scores import WORDS


def plot_accuracy_by_setting(records: Sequence[Record], setting: str = "clusters", *, part: str = "test") -> go.Figure:
    """Draw the score of the selected model against a setting, one line per arm, with the interval over seeds.

    Arms in which the setting has no effect, as the number of clusters in a slot without clusters, are lines from edge
    to edge.

    Args:
        records: Runs that differ in the setting, in slots and seeds; what else differs makes lines of its own.
        setting: A setting whose values are numbers, by the name that grids use: clusters, hidden, csbm_homophily, lr.
        part: train, val or test.

    Raises:
        UsageError: When there are no records, no such part or setting, or the setting is no number or has no effect.
    """
    metric = one_metric(records)
    check_choice("part of the split", part, vocabulary.SPLITS)
    words = setting.replace("_", " ")
    question = SETTING_QUESTIONS.get(setting, escaped(f"What does {words} do to {WORDS[metric]}?"))
    return draw_accuracy(records, setting, part, question=question, axis=SETTING_AXES.get(setting, escaped(words)))
