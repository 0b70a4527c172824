"""What does depth do to accuracy, or to another score?"""

from collections.abc import Sequence

import plotly.graph_objects as go

from cna_viz.config.vocabulary import SplitName
from cna_viz.figures.plots.accuracy_by_setting import score_lines
from cna_viz.figures.style.labels import one_metric
from cna_viz.records.record import Record
from cna_viz.scores import WORDS


def plot_accuracy_by_depth(records: Sequence[Record], *, split: SplitName = "test") -> go.Figure:
    """Draw the score of the selected model against depth, one line per slot, with the interval over seeds.

    Args:
        records: Runs of several depths, slots and seeds; what else differs between them makes separate lines.
        split: train, val or test.

    Raises:
        UsageError: When there are no records, they differ in their metric, or there is no such split.
    """
    question = f"What does depth do to {WORDS[one_metric(records, split)]}?"
    return score_lines(records, "layers", split, question, from_zero=True)
