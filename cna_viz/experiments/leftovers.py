"""Leftovers of interrupted runs in a folder of records, and their removal.

Finished records, running ones and files of others are never touched. A process that writes a record holds its lock,
which the system frees when the process dies.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from filelock import Timeout

from cna_viz import removal
from cna_viz.errors import RecordError
from cna_viz.experiments.attempts import DRAFT, FOLDER, why_kept, why_not_attempt
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.writing.lock import LOCK_FILE, LOCK_FOLDER, is_free, lock_file, record_lock

UNFINISHED: Final = "unfinished run"
ASIDE: Final = "earlier attempt"
TEMPORARY: Final = "temporary file"
LOCK: Final = "lock"


@dataclass(frozen=True)
class Leftover:
    """A folder or file of an interrupted run, or of one that is still running.

    ``bytes`` is the size of its files, ``kept`` the reason why it stays (empty where it can be removed).
    """

    path: Path
    kind: str
    run: str
    bytes: int
    kept: str = ""
    gone: bool = False


def find_leftovers(runs: Path) -> list[Leftover]:
    """List the leftovers below ``runs`` of interrupted and running runs. Nothing is changed.

    Raises:
        RecordError: When there is no such folder.
    """
    if not runs.is_dir():
        raise RecordError(f"{runs}: no such folder, so nothing can have been left there")
    # Folders come before temporary files.
    found = [*sorted(_in_folders(runs), key=lambda one: one.kind == TEMPORARY), *_locks(runs)]
    running = {run for run in {one.run for one in found} if _is_running(runs / run)}
    marked = [replace(one, kept="its run is in progress") if one.run in running else one for one in found]
    # The lock of a running run adds nothing to its folder.
    return [one for one in marked if not (one.kept and one.kind == LOCK)]


def remove(runs: Path, leftovers: list[Leftover]) -> list[Leftover]:
    """Remove the leftovers that can be removed, holding the lock of each run; return all, updated, in the same order.

    Runs that were finished or resumed meanwhile stay.
    """
    became = {one: one for one in leftovers}
    for run in dict.fromkeys(one.run for one in leftovers if not one.kept):
        own = [one for one in leftovers if one.run == run and not one.kept]
        try:
            with record_lock(runs / run).acquire(timeout=0):
                became |= {one: _removed(one) for one in [*own, Leftover(lock_file(runs / run), LOCK, run, 0)]}
        except Timeout:
            became |= {one: replace(one, kept="was resumed meanwhile") for one in own}
        except OSError as error:
            became |= {one: replace(one, kept=f"can't take its lock ({error.strerror or error})") for one in own}
    return [became[one] for one in leftovers]


def _removed(leftover: Leftover) -> Leftover:
    """Remove one leftover unless it has changed its kind since it was found."""
    look: removal.WhyKept = _why_lock_kept if leftover.kind == LOCK else removal.not_own
    if leftover.kind in (UNFINISHED, ASIDE):
        look = partial(why_not_attempt, run=leftover.run)
    reason = removal.remove(leftover.path, look)
    return replace(leftover, kept=reason, gone=not reason)


def _in_folders(runs: Path) -> Iterator[Leftover]:
    """Find unfinished folders of runs, and temporary files in finished ones."""
    for folder in sorted(runs.iterdir()):
        name = FOLDER.fullmatch(folder.name)
        if name is None or folder.is_symlink() or not folder.is_dir():
            continue
        if name["aside"] or not is_complete(folder):
            reason = why_kept(folder, name["id"])
            if folder.exists():  # else another process has just removed it
                yield Leftover(folder, ASIDE if name["aside"] else UNFINISHED, name["id"], _size(folder), reason)
        if is_complete(folder):
            for path in _inside(folder):
                if DRAFT.fullmatch(path.relative_to(folder).as_posix()) and path.is_file():
                    yield Leftover(path, TEMPORARY, name["id"], _size(path))


def _locks(runs: Path) -> Iterator[Leftover]:
    for path in _inside(runs / LOCK_FOLDER):
        if (name := LOCK_FILE.fullmatch(path.name)) and not _why_lock_kept(path):
            yield Leftover(path, LOCK, name["id"], 0)


def _why_lock_kept(path: Path) -> str:
    """Return why a file is not one of our locks, which are empty files; empty where it is one."""
    with suppress(OSError):
        behind = "is behind a link" if path.parent.is_symlink() else ""
        return behind or removal.not_own(path) or ("is not empty" if path.stat().st_size else "")
    return "can't be read"


def _inside(folder: Path) -> list[Path]:
    with suppress(OSError):
        return removal.entries(folder)
    return []


def _size(path: Path) -> int:
    """Return the bytes of a file, or of those in a folder; 0 where it is gone."""
    total = 0
    for file in (path, *(_inside(path) if path.is_dir() else ())):
        with suppress(OSError):
            total += file.lstat().st_size if file.is_file() else 0
    return total


def _is_running(folder: Path) -> bool:
    """Whether a process holds the lock of a record; a missing lock is not made."""
    try:
        return lock_file(folder).exists() and not is_free(folder)
    except OSError:
        return False  # a lock that can't be opened can't be held, and removal would have to open it
