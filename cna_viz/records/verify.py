"""Check every byte of a record and its meaning: a record without problems can be opened by every reader."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from cna_viz.errors import RecordError
from cna_viz.records import schema
from cna_viz.records.reading import facts
from cna_viz.records.reading.files import parse_lines
from cna_viz.records.reading.integrity import NOT_ITS_OWN, read_checked, read_manifest, unexpected_files
from cna_viz.records.reading.tensors import Snapshot
from cna_viz.records.record import Record, load_record

Result = TypeVar("Result")


def find_problems(folder: str | Path) -> list[str]:
    """Check every file of a record and return the problems, one line each; an empty list if there are none."""
    folder = Path(folder)
    problems: dict[str, None] = {}  # in order, without duplicates

    def attempt(check: Callable[..., Result], *args: Any) -> Result | None:
        try:
            return check(*args)
        except RecordError as error:
            problems[str(error)] = None
        except MemoryError:
            problems[f"{folder}: not checked: it does not fit into memory"] = None
        return None

    manifest = attempt(read_manifest, folder)
    if manifest is None:
        return list(problems)
    for entry in manifest.values():
        if entry.tensors is None:
            attempt(read_checked, folder, entry)
    for name in attempt(unexpected_files, folder, manifest) or ():
        problems[f"{folder / name}: {NOT_ITS_OWN}"] = None
    # The meaning of the files is only checked if each is as it was written.
    record = None if problems else attempt(load_record, folder)
    if record is not None:
        attempt(getattr, record, "metrics")
        attempt(_check_timings, record)
        record = record if attempt(getattr, record, "graph") is not None else None
    for entry in manifest.values():
        if entry.tensors is not None:
            snapshot = Snapshot(folder, entry) if record is None else record.snapshot(schema.snapshot_epoch(entry.file))
            attempt(_read_all, snapshot)
    return list(problems)


def _read_all(snapshot: Snapshot) -> None:
    for name in snapshot.shapes():
        snapshot.read(name)


def _check_timings(record: Record) -> None:
    path = record.folder / schema.TIMINGS_FILE
    lines = parse_lines(read_checked(record.folder, record.manifest[schema.TIMINGS_FILE]), path)
    for number, line in enumerate(lines, start=1):
        facts.check(facts.TimingsLine, line, f"{path}, line {number}")
