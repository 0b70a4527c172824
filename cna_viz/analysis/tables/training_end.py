"""How a training ended: whether it had epochs enough."""

from typing import Final, Literal

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
    best = (record.best_over_epochs("val", score)[1] for score in (record.metric, "loss"))
    return "unfinished" if max(best) >= LATE * allowed else "finished"
