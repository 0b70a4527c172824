"""What does depth do to accuracy, or to another score?"""

from collections.abc import Sequence

import plotly.graph_objects as go

from cna_viz.config import vocabulary
from cna_viz.figures.pieces.accuracy_lines import draw_accuracy
from cna_viz.figures.style.checks import check_choice, one_metric
from cna_viz.figures.style.labels import SETTING_AXES
from cna_viz.records.record import Record
from cna_viz.scores import WORDS


def plot_accuracy_by_depth(records: Sequence[Record], *, part: str = "test") -> go.Figure:
    """Draw the score of the selected model against depth, one line per slot, with the interval over seeds.

    Args:
        records: Runs of several depths, slots and seeds; what else differs between them makes lines of its own.
        part: train, val or test.

    Raises:
        UsageError: When there are no records, they differ in their metric, or there is no such part.
    """
    metric = one_metric(records)
    check_choice("part of the split", part, vocabulary.SPLITS)
    question = f"What does depth do to {WORDS[metric]}?"
    return draw_accuracy(records, "layers", part, question=question, axis=SETTING_AXES["layers"], whole=True)
