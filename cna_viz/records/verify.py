"""Check every byte of a record, and what it says: where no problem is found, every reader can read it."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from cna_viz.errors import RecordError
from cna_viz.records import schema
from cna_viz.records.reading import facts
from cna_viz.records.reading.files import parse_lines
from cna_viz.records.reading.integrity import (
    NOT_ITS_OWN,
    Entry,
    check_digest,
    check_size,
    read_checked,
    read_manifest,
    strangers,
)
from cna_viz.records.reading.snapshot import Snapshot
from cna_viz.records.record import Record, load_record

Answer = TypeVar("Answer")


def find_problems(folder: Path) -> list[str]:
    """Check every file of a record and return what is wrong, one line each; an empty list means that all is well."""
    problems: dict[str, None] = {}  # in order; what several checks come upon is said once

    def attempt(check: Callable[..., Answer], *of: Any) -> Answer | None:
        try:
            return check(*of)
        except RecordError as error:
            problems[str(error)] = None
        except MemoryError:
            problems[f"{folder}: not checked, as it needs more memory than there is"] = None
        return None

    manifest = attempt(read_manifest, folder)
    if manifest is None:
        return list(problems)
    for entry in manifest.values():
        if entry.tensors is None:
            attempt(_check_file, folder, entry)
    for name in attempt(strangers, folder, manifest) or ():
        problems[f"{folder / name}: {NOT_ITS_OWN}"] = None
    # What the files mean is asked only where each is as it was written.
    record = None if problems else attempt(load_record, folder)
    if record is not None:
        attempt(_check_selected, record)
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


def _check_selected(record: Record) -> None:
    """Check that the epoch whose model was selected was measured, and kept where any was."""
    measured, best = record.metrics["epoch"].values, record.best_epoch
    if measured.size and best not in measured:
        raise RecordError(f"{record.folder / schema.METRICS_FILE}: has no epoch {best}, whose model was selected")
    if record.snapshots and best not in record.snapshots:
        raise RecordError(f"{record.folder}: has no snapshot of epoch {best}, whose model was selected")


def _check_timings(record: Record) -> None:
    path = record.folder / schema.TIMINGS_FILE
    lines = parse_lines(read_checked(record.folder, record.manifest[schema.TIMINGS_FILE]), path)
    for number, line in enumerate(lines, start=1):
        facts.check_facts(line, facts.TIMING, f"{path}, line {number}", required=facts.TIMING)


def _check_file(folder: Path, entry: Entry) -> None:
    """Check a file without holding it in memory."""
    check_size(folder, entry)
    try:
        with (folder / entry.file).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RecordError(f"{folder / entry.file}: not readable ({error.strerror})") from None
    check_digest(folder, entry, digest)
