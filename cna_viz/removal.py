"""The only place that removes files: files that this library wrote itself, and nothing else.

A removal renames to a unique name, looks a second time, and then removes every entry by its own name. Files that appear
in a folder meanwhile are never removed: the folder then isn't empty and gets its name back.
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
"""Ends the unique names of files during their writing or removal."""

WhyKept = Callable[[Path], str]
"""Takes a file or a folder and returns why it is kept; empty if this library wrote all of it."""


def temporary_name(path: Path) -> Path:
    """Return a unique name beside a path; ``runs gc`` recognizes it among records after a kill."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")


def remove(path: Path, why_kept: WhyKept) -> str:
    """Remove a file or a folder of this library, and return why it was kept; empty if it is gone.

    ``why_kept`` is called before the rename and once more after it.
    """
    try:
        reason = not_own(path) or why_kept(path)
        return reason or _remove_renamed(path, why_kept)
    except FileNotFoundError:
        return ""  # another process removed it first
    except OSError as error:
        return f"can't be removed ({error.strerror or error})"


def not_own(path: Path) -> str:
    """Return why a file or folder must not be removed whatever it holds: a link, a mount, a device, another user's."""
    reason = _not_own(path)
    if reason or not path.is_dir():
        return reason
    mounted, place = _mounted(), os.path.realpath(path)
    if place in mounted:
        return "is mounted from elsewhere"
    for entry in entries(path):
        name = entry.relative_to(path).as_posix()
        if why := "is mounted from elsewhere" if f"{place}/{name}" in mounted else _not_own(entry):
            return f"holds {name}, which {why}"
    return ""


def entries(folder: Path) -> list[Path]:
    """Return everything below a folder, deeper entries first, without following links."""
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
        return "has another hard link"
    return ""


def _mounted() -> set[str]:
    """Return the mount points, if this system lists them."""
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
