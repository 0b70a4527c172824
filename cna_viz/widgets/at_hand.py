"""The runs that a widget is given: a folder, or records that are open already."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from cna_viz.errors import UsageError
from cna_viz.records.listing import select
from cna_viz.records.record import Record

Runs = Path | str | Sequence[Record]


def open_runs(runs: Runs) -> tuple[list[Record], list[str]]:
    """Return the finished runs of a folder, or those that are given, and what has to be said of others.

    Args:
        runs: Folder of the records, or open records.

    Raises:
        UsageError: When there is none; says how to make some, and what has to be said of others.
        RecordError: When there is no such folder.
    """
    if not isinstance(runs, Path | str):
        found, said = list(runs), []
    else:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = select(runs)
        said = [str(warning.message) for warning in caught]
    if not found:
        where = f"in {runs}" if isinstance(runs, Path | str) else "among none"
        make = "make some with `cna-viz run` or `cna-viz sweep lesson`"
        raise UsageError("; ".join([f"there is no finished run {where}: {make}", *said]))
    return found, said
