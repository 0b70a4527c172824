"""How a training ended: whether it had epochs enough."""

from typing import Any, Final, Literal

from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.records.record import Record

End = Literal["finished", "unfinished", "diverged", "untrained", "unknown"]
LATE: Final = 0.95
"""Share of the allowed epochs from which a best score or a lowest loss counts as late."""


def training_end(record: Record) -> End:
    """Return how the training of a run ended.

    ``unfinished`` is a run that used all its epochs and was still improving: its best validation score or its lowest
    validation loss lies in the last 5 % of them. ``finished`` runs stopped by themselves, or had both before.
    ``diverged`` runs ended where a loss was not finite, ``untrained`` ones were allowed no epoch. ``unknown`` are
    watched runs, which state no number of epochs, and interrupted ones.
    """
    if record.config.watched is not None or record.status == "incomplete":
        return "unknown"
    if record.status == "diverged":
        return "diverged"
    allowed = record.config.training.epochs
    if allowed == 0:
        return "untrained"
    if record.summary["epochs"] < allowed:
        return "finished"
    late = LATE * allowed
    return "unfinished" if max(_first_best(record, record.metric), _first_best(record, "loss")) >= late else "finished"


def _first_best(record: Record, score: str) -> int:
    """Return the first epoch with the best validation value of a score or of the loss; 0 where it was never defined."""
    values: Any = record.metrics[score].sel(split="val").dropna("epoch")
    if not values.size:
        return 0
    lower = score == "loss" or score in LOWER_IS_BETTER
    return int(values["epoch"][int(values.argmin() if lower else values.argmax())])
