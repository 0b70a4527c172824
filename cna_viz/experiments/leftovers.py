"""What interrupted runs leave in a folder of records, and how it is removed.

What is finished, goes on, or was not written by this library is never touched.

A process that writes a record holds its lock, which the system frees when it dies; so whose lock is free has nobody.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import Timeout

from cna_viz.errors import RecordError
from cna_viz.records import schema
from cna_viz.records.integrity import is_complete
from cna_viz.records.lock import LOCK_FOLDER, claim, is_free, lock_file

UNFINISHED: Final = "unfinished run"
ASIDE: Final = "earlier attempt"
DRAFT: Final = "temporary file"
LOCK: Final = "lock"

_FOLDER: Final = re.compile(r"(?P<id>[0-9a-f]{16})(?P<aside>\.unfinished-[1-9][0-9]*)?")
_LOCK: Final = re.compile(r"(?P<id>[0-9a-f]{16})\.lock")
_SNAPSHOT: Final = r"[0-9]{4,}\.safetensors"
_FILE: Final = "|".join(map(re.escape, (*schema.REQUIRED_FILES, schema.MANIFEST_FILE, schema.COMPLETE_FILE)))
_OURS: Final = re.compile(rf"({_FILE})|{schema.SNAPSHOT_FOLDER}/{_SNAPSHOT}")
_DRAFT: Final = re.compile(rf"({schema.SNAPSHOT_FOLDER}/\.{_SNAPSHOT}|\.({_FILE}))\.[0-9a-f]{{32}}\.tmp")


@dataclass(frozen=True)
class Leftover:
    """Something that an interrupted run left, or that a run which goes on is writing.

    Attributes:
        path: The folder or file.
        kind: What it is.
        run: Id of its run.
        bytes: Size of the files in it.
        kept: Why it is not removed; empty where it can be.
    """

    path: Path
    kind: str
    run: str
    bytes: int
    kept: str = ""


def find_leftovers(runs: Path) -> list[Leftover]:
    """List what runs that were interrupted, or that go on, have left below ``runs``. Nothing is changed.

    Raises:
        RecordError: When there is no such folder.
    """
    if not runs.is_dir():
        raise RecordError(f"{runs}: no such folder, so nothing can have been left there")
    found = [*_folders(runs), *_drafts(runs), *_locks(runs)]
    running = {run for run in {one.run for one in found} if _is_running(runs / run)}
    marked = [_running(one) if one.run in running else one for one in found]
    # The lock of a run that goes on says nothing that its folder does not.
    return [one for one in marked if not (one.kept and one.kind == LOCK)]


def remove(runs: Path, leftovers: list[Leftover]) -> list[Leftover]:
    """Remove what can be removed, holding the lock of its run; return what is gone.

    Args:
        runs: Folder of the records.
        leftovers: As :func:`find_leftovers` has them. What was finished or taken up meanwhile stays.
    """
    gone = []
    for run in dict.fromkeys(one.run for one in leftovers if not one.kept):
        with suppress(Timeout), claim(runs / run).acquire(timeout=0):
            gone += [one for one in leftovers if one.run == run and not one.kept and _remove(one)]
            with suppress(PermissionError):  # Windows removes no file that is open
                lock_file(runs / run).unlink()
    return gone


def _remove(leftover: Leftover) -> bool:
    """Remove one thing, unless it has become something else since it was found."""
    path = leftover.path
    if leftover.kind in (UNFINISHED, ASIDE):
        if not path.is_dir() or is_complete(path) or _foreign(path):
            return False
        shutil.rmtree(path)
    elif leftover.kind == DRAFT:
        path.unlink(missing_ok=True)
    return True  # the lock is removed last, by whoever holds it


def _folders(runs: Path) -> Iterator[Leftover]:
    """Find the folders of runs that are not finished."""
    for folder, name in _record_folders(runs):
        if not is_complete(folder):
            foreign = _foreign(folder)
            kept = f"holds {foreign}, which is not of a record" if foreign else ""
            yield Leftover(folder, ASIDE if name["aside"] else UNFINISHED, name["id"], _size(folder), kept)


def _drafts(runs: Path) -> Iterator[Leftover]:
    """Find temporary files in finished records; those of others go with their folders."""
    for folder, name in _record_folders(runs):
        if is_complete(folder):
            for path in _inside(folder):
                if _DRAFT.fullmatch(path.relative_to(folder).as_posix()) and path.is_file():
                    yield Leftover(path, DRAFT, name["id"], path.lstat().st_size)


def _locks(runs: Path) -> Iterator[Leftover]:
    """Find locks. Ours are empty files."""
    for path in sorted((runs / LOCK_FOLDER).glob("*.lock")):
        name = _LOCK.fullmatch(path.name)
        if name and path.is_file() and not path.is_symlink() and not path.stat().st_size:
            yield Leftover(path, LOCK, name["id"], 0)


def _record_folders(runs: Path) -> Iterator[tuple[Path, re.Match[str]]]:
    for path in sorted(runs.iterdir()):
        name = _FOLDER.fullmatch(path.name)
        if name and path.is_dir() and not path.is_symlink():
            yield path, name


def _foreign(folder: Path) -> str:
    """Return the name of something in a folder that no run writes; empty where there is nothing."""
    for path in _inside(folder):
        name = path.relative_to(folder).as_posix()
        if name == schema.SNAPSHOT_FOLDER:
            ours = path.is_dir() and not path.is_symlink()
        else:
            ours = bool(_OURS.fullmatch(name) or _DRAFT.fullmatch(name)) and path.is_file() and not path.is_symlink()
        if not ours:
            return name
    return ""


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in _inside(folder) if path.is_file())


def _is_running(folder: Path) -> bool:
    """Whether somebody holds the lock of a record; one that isn't there is not made."""
    return lock_file(folder).exists() and not is_free(folder)


def _running(leftover: Leftover) -> Leftover:
    return Leftover(leftover.path, leftover.kind, leftover.run, leftover.bytes, "its run goes on")
