"""Whether runs were given enough epochs for a comparison of them to mean what it seems to."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from cna_viz.records.record import Record

LATE: Final = 0.95
"""Share of the allowed epochs from which a best epoch counts as late: the run was still improving."""


def unfinished_findings(records: Sequence[Record]) -> str:
    """Say how many runs were still improving when they had to end, and in which slots."""
    late = [record for record in records if _is_late(record)]
    if not late:
        return "No run had its best validation epoch at the very end: the number of epochs decides nothing here."
    total, found = (Counter(record.config.slot for record in some) for some in (records, late))
    most = ", ".join(f"{slot} ({count} of {total[slot]})" for slot, count in found.most_common(5))
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return (
        f"{len(late)} of {len(records)} runs had their best validation epoch in the last {100 * (1 - LATE):.0f} % of "
        f"the epochs they were allowed, and may have gone on to improve: {most}{more}. Between such arms, what is "
        "compared is also how fast they learn; `-p epochs` gives them more time."
    )


def _is_late(record: Record) -> bool:
    epochs = record.config.training.epochs
    return epochs > 0 and record.best_epoch >= LATE * epochs
