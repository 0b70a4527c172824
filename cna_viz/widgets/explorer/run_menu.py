"""The runs that the explorer offers: those of a folder, including broken ones, or open records."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cna_viz.errors import RecordError, UsageError, nearest_first, unknown_name
from cna_viz.records.listing import Listed, list_runs
from cna_viz.records.record import Record
from cna_viz.records.stored import check_allowed
from cna_viz.widgets.controls import run_label

NEAR: Final = 3
"""Number of runs suggested for an unknown id."""


@dataclass(frozen=True)
class RunEntry:
    """One line of the menu: the path of the run's folder, its words, and the run, or why it can't be opened."""

    key: str
    label: str
    record: Record | None
    problem: str = ""


def folder_named(text: str) -> Path:
    """Return the folder that the user typed, with ``~`` expanded."""
    if not text.strip():
        raise UsageError("no folder is named: type the folder of some runs, such as `runs`")
    try:
        return Path(text.strip()).expanduser()
    except RuntimeError:
        raise UsageError(f"{text.strip()}: no such user; ~ alone is your own folder") from None


def folder_entries(folder: Path) -> list[RunEntry]:
    """Return the runs of a folder: first those with snapshots, last those that can't be opened."""
    check_allowed(folder)
    try:
        listed = list_runs(folder)
    except RecordError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{folder}: the folder can't be read: {error.strerror}") from None
    if not listed:
        raise UsageError(f"{folder}: no runs; `cna-viz run --runs {folder}` makes a first record there")
    return sorted(map(_entry, listed), key=_order)


def record_entries(records: Iterable[Record]) -> list[RunEntry]:
    """Return open records, in their order."""
    entries = [_entry(Listed(record.folder, record, record.status)) for record in records]
    if not entries:
        raise UsageError("no records to explore: make some with `cna-viz run`")
    return entries


def find_entry(entries: Iterable[RunEntry], run: str) -> RunEntry:
    """Return the run whose id begins with ``run``."""
    by_id = {Path(entry.key).name: entry for entry in entries}
    found = [run] if run in by_id else [name for name in by_id if run and name.startswith(run)]
    if len(found) != 1:
        near = nearest_first(run, found or by_id)[:NEAR]
        raise unknown_name("run", run, near, "Several begin so." if found else "The menu has all.")
    return by_id[found[0]]


def _entry(listed: Listed) -> RunEntry:
    record = listed.record
    if record is None:
        why = listed.problem or f"{listed.folder}: the run has not written anything yet"
        return RunEntry(str(listed.folder), f"{listed.status} · {listed.folder.name}", None, why)
    status = "" if listed.status == "complete" else f" · {listed.status}"
    return RunEntry(str(listed.folder), run_label(record) + status, record)


def _order(entry: RunEntry) -> tuple[bool, bool, str, int, str]:
    record = entry.record
    if record is None:
        return True, True, "", 0, entry.label
    return False, not record.snapshots, record.config.slot, record.layers, entry.label
