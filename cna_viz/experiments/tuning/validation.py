"""What tuning selects by, and nothing else of a record: its score on the validation nodes."""

import math
from typing import Literal

from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.records.record import Record


def direction_of(metric: str) -> Literal["maximize", "minimize"]:
    """Return whether more or less of a score is better."""
    return "minimize" if metric in LOWER_IS_BETTER else "maximize"


def validation_of(record: Record) -> float | None:
    """Return the score on the validation nodes at the selected epoch; None of a run that diverged before it had one.

    A run that diverged later counts with the best that it had reached.
    """
    score = record.score("val")
    return None if math.isnan(score) else score
