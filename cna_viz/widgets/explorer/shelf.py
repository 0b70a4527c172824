"""The runs that the explorer offers: those of a folder, broken ones too, or records that are open already."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cna_viz.errors import RecordError, UsageError, nearest_first, unknown_name
from cna_viz.records.listing import Listed, list_runs
from cna_viz.records.record import Record
from cna_viz.records.stored import check_allowed
from cna_viz.widgets.run_label import run_label

NEAR: Final = 3
"""Runs that are named where an id is none."""


@dataclass(frozen=True)
class Entry:
    """One line of the menu.

    Attributes:
        key: What tells it from the others: the place of the run's folder.
        label: What it is called.
        record: The run; None where it can't be opened.
        problem: Why it can't be.
    """

    key: str
    label: str
    record: Record | None
    problem: str = ""


def folder_named(text: str) -> Path:
    """Return the folder that somebody typed; ``~`` is the user's own.

    Raises:
        UsageError: When nothing was typed, or when a user is named who has no folder here.
    """
    if not text.strip():
        raise UsageError("no folder is named: type one in which there are runs, such as `runs`")
    try:
        return Path(text.strip()).expanduser()
    except RuntimeError:
        raise UsageError(f"{text.strip()}: there is no such user; ~ alone is your own folder") from None


def folder_entries(folder: Path) -> list[Entry]:
    """Return the runs of a folder: those that can be looked into first, and those that can't be opened at the end.

    Raises:
        UsageError: When there is no such folder, or no run in it; says how to make some. When it can't be read,
            or may not be.
    """
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


def record_entries(records: Iterable[Record]) -> list[Entry]:
    """Return open records, in their order.

    Raises:
        UsageError: When there are none.
    """
    entries = [_entry(Listed(record.folder, record, record.status)) for record in records]
    if not entries:
        raise UsageError("no records to explore: make some with `cna-viz run`")
    return entries


def find_entry(entries: Iterable[Entry], run: str) -> Entry:
    """Return the entry of the run whose id begins so.

    Raises:
        UsageError: When no id or several begin so; lists those that are near.
    """
    by_id = {Path(entry.key).name: entry for entry in entries}
    found = [run] if run in by_id else [name for name in by_id if run and name.startswith(run)]
    if len(found) != 1:
        near = nearest_first(run, found or by_id)[:NEAR]
        raise unknown_name("run", run, near, "Several begin so." if found else "The menu has all.")
    return by_id[found[0]]


def _entry(listed: Listed) -> Entry:
    record = listed.record
    if record is None:
        why = listed.problem or f"{listed.folder}: the run has not written anything yet"
        return Entry(str(listed.folder), f"{listed.status} · {listed.folder.name}", None, why)
    status = "" if listed.status == "complete" else f" · {listed.status}"
    return Entry(str(listed.folder), run_label(record) + status, record)


def _order(entry: Entry) -> tuple[bool, bool, str, int, str]:
    record = entry.record
    if record is None:
        return True, True, "", 0, entry.label
    return False, not record.snapshots, record.config.slot, record.layers, entry.label
