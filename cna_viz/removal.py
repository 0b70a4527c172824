"""The only place that removes files: what this library wrote itself, and nothing else.

A removal is a rename to a name that nobody else uses, a second look, and then the removal of every entry by its own
name. Whatever appears in a folder meanwhile is never removed: the folder then isn't empty and gets its name back.
"""

import os
import re
import stat
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

TEMPORARY: Final = r"\.[0-9a-f]{32}\.tmp"
"""Ends the names that nobody else uses: of what is being written, and of what is being removed."""

WhyKept = Callable[[Path], str]
"""Takes a file or a folder and returns why it is kept; empty where this library wrote all of it."""


def temporary_name(path: Path) -> Path:
    """Return a name beside a path that nobody else uses; among records ``runs gc`` knows it after a kill."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")


def remove(path: Path, why_kept: WhyKept) -> str:
    """Remove a file or a folder that is ours, and return why it was kept; empty where it is gone.

    Args:
        path: The file or folder.
        why_kept: Asked before the rename and once more after it.
    """
    try:
        reason = not_own(path) or why_kept(path)
        return reason or _remove_renamed(path, why_kept)
    except FileNotFoundError:
        return ""  # whoever was quicker removed it
    except OSError as error:
        return f"can't be removed ({error.strerror or error})"


def not_own(path: Path) -> str:
    """Return why a file or folder is not to be removed whatever it holds: links, other users' things, mounts, devices.

    Raises:
        OSError: When it can't be looked at.
    """
    reason = _not_own(path)
    if reason or not path.is_dir():
        return reason
    mounted, place = _mounted(), os.path.realpath(path)
    if place in mounted:
        return "is mounted from elsewhere"
    for entry in entries(path):
        name = entry.relative_to(path).as_posix()
        why = "is mounted from elsewhere" if f"{place}/{name}" in mounted else _not_own(entry)
        if why:
            return f"holds {name}, which {why}"
    return ""


def entries(folder: Path) -> list[Path]:
    """Return all that is in a folder, what lies deeper first; links are not followed.

    Raises:
        OSError: When it can't be looked into.
    """
    found, waiting = list[Path](), [folder]
    while waiting:
        current = waiting.pop()
        inside = [current / name for name in sorted(os.listdir(current))]
        waiting += [path for path in inside if path.is_dir() and not path.is_symlink()]
        found += inside
    return found[::-1]


def _not_own(path: Path) -> str:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return "is a link"
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        return "is neither a file nor a folder"
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        return "belongs to another user"
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
        return "has another name elsewhere (a hard link)"
    return ""


def _mounted() -> set[str]:
    """Return where file systems and folders are mounted, as far as this system says it."""
    with suppress(OSError):
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
        return {re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split()[4]) for line in lines}
    return set()


def _remove_renamed(path: Path, why_kept: WhyKept) -> str:
    aside = path if re.fullmatch(rf"\..*{TEMPORARY}", path.name) else temporary_name(path)
    path.rename(aside)
    seen = [*entries(aside), aside] if aside.is_dir() else [aside]
    reason = not_own(aside) or why_kept(aside)
    try:
        for entry in seen if not reason else ():
            entry.rmdir() if entry.is_dir() else entry.unlink()
    except OSError as error:
        reason = f"changed while it was removed ({error.strerror or error})"
    if reason and aside != path and not os.path.lexists(path):
        aside.rename(path)
    return reason
