"""How a training ended: whether it had epochs enough."""

from typing import Final, Literal

from cna_viz.records.record import Record

End = Literal["finished", "unfinished", "diverged", "untrained", "unknown"]
LATE: Final = 0.95
"""Share of its epochs from which the best score or the lowest loss of a run counts as late."""


def training_end(record: Record) -> End:
    """Return how the training of a run ended.

    ``unfinished`` is a run that was still improving when it ended: its best validation score or its lowest validation
    loss lies in the last 5 % of its epochs. ``finished`` runs had both before. ``diverged`` runs ended where a loss was
    not finite, ``untrained`` ones were allowed no epoch. ``unknown`` are watched runs, whose program knows what it did,
    and interrupted ones.
    """
    if record.config.watched is not None or record.status == "incomplete":
        return "unknown"
    if record.status == "diverged":
        return "diverged"
    if record.config.training.epochs == 0:
        return "untrained"
    best = (record.best_over_epochs("val", score)[1] for score in (record.metric, "loss"))
    return "unfinished" if max(best) >= LATE * record.summary["epochs"] else "finished"
