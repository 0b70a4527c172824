"""What lies in a folder of records."""

import os
from dataclasses import dataclass
from pathlib import Path

from cna_viz.errors import RecordError, unknown_name
from cna_viz.records import schema
from cna_viz.records.reading.integrity import check_folder
from cna_viz.records.record import Record, load_record

_FIRST = (schema.CONFIG_FILE, schema.MANIFEST_FILE, schema.COMPLETE_FILE)


@dataclass(frozen=True)
class Listed:
    """One entry of a folder of records: a record, or the reason why there is none.

    Attributes:
        folder: Where it lies.
        record: The record where it can be opened, of an incomplete one what there is.
        status: complete, diverged, incomplete (the run goes on or was interrupted) or broken.
        problem: What is wrong with a broken one.
    """

    folder: Path
    record: Record | None
    status: str
    problem: str = ""


def list_runs(runs: Path) -> list[Listed]:
    """List all records below ``runs``, ordered by id. A broken one is listed as broken and hides no other.

    Raises:
        RecordError: When there is no such folder.
    """
    return [_look(folder) for folder in _folders(runs)]


def find_run(runs: Path, run_id: str) -> Path:
    """Return the folder of the run with this id, or with the one id that begins so.

    Raises:
        RecordError: When there is no such folder of records.
        UsageError: When no id or several begin so; lists the ids there are, nearest first.
    """
    names = [folder.name for folder in _folders(runs)]
    # What an interrupted attempt left bears the id of its run too, and would make every beginning ambiguous.
    beginning = [name for name in names if run_id and name.startswith(run_id) and ".unfinished-" not in name]
    matches = [name for name in names if name == run_id] or beginning
    if len(matches) != 1:
        raise unknown_name("run", run_id, matches or names, "Several begin so." if matches else "")
    return runs / matches[0]


def _folders(runs: Path) -> list[Path]:
    try:
        if not runs.is_dir():
            raise RecordError(f"{runs}: no such folder; `cna-viz run --runs {runs}` makes a first record there")
        names = sorted(os.listdir(runs))
    except OSError as error:
        raise RecordError(f"{runs}: not readable ({error.strerror})") from None
    return [runs / name for name in names if os.path.isdir(runs / name) and not name.startswith(".")]


def _look(folder: Path) -> Listed:
    try:
        check_folder(folder)
        if not any(os.path.lexists(folder / name) for name in _FIRST):
            return Listed(folder, None, "incomplete")  # a run that is about to write its first file looks so
        record = load_record(folder, incomplete=True)
    except RecordError as error:
        return Listed(folder, None, "broken", str(error))
    return Listed(folder, record, record.status)
