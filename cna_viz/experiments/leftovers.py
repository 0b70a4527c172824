"""What interrupted runs leave in a folder of records, and how it is removed.

What is finished, goes on, or was not written by this library is never touched.

A process that writes a record holds its lock, which the system frees when it dies; so whose lock is free has nobody.
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
    """Something that an interrupted run left, or that a run which goes on is writing.

    Attributes:
        path: The folder or file.
        kind: What it is.
        run: Id of its run.
        bytes: Size of the files in it.
        kept: Why it is not removed; empty where it can be.
        gone: Whether it was removed.
    """

    path: Path
    kind: str
    run: str
    bytes: int
    kept: str = ""
    gone: bool = False


def find_leftovers(runs: Path) -> list[Leftover]:
    """List what runs that were interrupted, or that go on, have left below ``runs``. Nothing is changed.

    Raises:
        RecordError: When there is no such folder.
    """
    if not runs.is_dir():
        raise RecordError(f"{runs}: no such folder, so nothing can have been left there")
    found = [*_folders(runs), *_temporary_files(runs), *_locks(runs)]
    running = {run for run in {one.run for one in found} if _is_running(runs / run)}
    marked = [replace(one, kept="its run goes on") if one.run in running else one for one in found]
    # The lock of a run that goes on says nothing that its folder does not.
    return [one for one in marked if not (one.kept and one.kind == LOCK)]


def remove(runs: Path, leftovers: list[Leftover]) -> list[Leftover]:
    """Remove what can be removed, holding the lock of its run; return what became of all of it, in the same order.

    Args:
        runs: Folder of the records.
        leftovers: As :func:`find_leftovers` has them. What was finished or taken up meanwhile stays.

    Returns:
        The leftovers, ``gone`` or with the reason why they were kept.
    """
    became = {one: one for one in leftovers}
    for run in dict.fromkeys(one.run for one in leftovers if not one.kept):
        own = [one for one in leftovers if one.run == run and not one.kept]
        try:
            with record_lock(runs / run).acquire(timeout=0):
                became |= {one: _removed(one) for one in [*own, Leftover(lock_file(runs / run), LOCK, run, 0)]}
        except Timeout:
            became |= {one: replace(one, kept="was taken up meanwhile") for one in own}
        except OSError as error:
            became |= {one: replace(one, kept=f"its lock can't be had ({error.strerror or error})") for one in own}
    return [became[one] for one in leftovers]


def _removed(leftover: Leftover) -> Leftover:
    """Remove one thing unless it has become something else since it was found."""
    look: removal.WhyKept = _why_lock_kept if leftover.kind == LOCK else removal.not_own
    if leftover.kind in (UNFINISHED, ASIDE):
        look = partial(why_not_attempt, run=leftover.run)
    reason = removal.remove(leftover.path, look)
    return replace(leftover, kept=reason, gone=not reason)


def _folders(runs: Path) -> Iterator[Leftover]:
    """Find the folders of runs that are not finished."""
    for folder, run, aside in _record_folders(runs):
        if aside or not is_complete(folder):
            reason = why_kept(folder, run)
            if folder.exists():  # else somebody else has just removed it
                yield Leftover(folder, ASIDE if aside else UNFINISHED, run, _size(folder), reason)


def _temporary_files(runs: Path) -> Iterator[Leftover]:
    """Find temporary files in finished records; those of others go with their folders."""
    for folder, run, _ in _record_folders(runs):
        if is_complete(folder):
            for path in _inside(folder):
                if DRAFT.fullmatch(path.relative_to(folder).as_posix()) and path.is_file():
                    yield Leftover(path, TEMPORARY, run, _size(path))


def _locks(runs: Path) -> Iterator[Leftover]:
    """Find locks."""
    for path in _inside(runs / LOCK_FOLDER):
        if (name := LOCK_FILE.fullmatch(path.name)) and not _why_lock_kept(path):
            yield Leftover(path, LOCK, name["id"], 0)


def _why_lock_kept(path: Path) -> str:
    """Return why a file is no lock of ours, which are empty; empty where it is one."""
    with suppress(OSError):
        behind = "lies behind a link" if path.parent.is_symlink() else ""
        return behind or removal.not_own(path) or ("is not empty" if path.stat().st_size else "")
    return "can't be looked at"


def _record_folders(runs: Path) -> Iterator[tuple[Path, str, bool]]:
    """Yield the folders of runs: path, id of the run, and whether it is an attempt that was set aside."""
    for path in sorted(runs.iterdir()):
        name = FOLDER.fullmatch(path.name)
        if name and path.is_dir() and not path.is_symlink():
            yield path, name["id"], bool(name["aside"])


def _inside(folder: Path) -> list[Path]:
    with suppress(OSError):
        return removal.entries(folder)
    return []


def _size(path: Path) -> int:
    """Return the bytes of a file, or of those in a folder; 0 of what has gone."""
    total = 0
    for file in (path, *(_inside(path) if path.is_dir() else ())):
        with suppress(OSError):
            total += file.lstat().st_size if file.is_file() else 0
    return total


def _is_running(folder: Path) -> bool:
    """Return whether somebody holds the lock of a record; one that isn't there is not made."""
    try:
        return lock_file(folder).exists() and not is_free(folder)
    except OSError:
        return False  # nobody who may not open the lock can hold it; to remove anything it would have to be had
