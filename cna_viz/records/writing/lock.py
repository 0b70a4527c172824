"""Who writes a record holds its lock; the system frees it when its holder dies, so that a lock tells the living."""

import re
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from cna_viz.removal import TEMPORARY

LOCK_FOLDER: Final = ".locks"
"""Folder of the locks, beside the records."""
LOCK_FILE: Final = re.compile(rf"\.?(?P<id>[0-9a-f]{{16}})\.lock({TEMPORARY})?")
"""Names of the locks, also while they are removed; they are empty files."""


def lock_file(folder: Path) -> Path:
    """Return the file whose lock is that of a record's folder."""
    return folder.parent / LOCK_FOLDER / f"{folder.name}.lock"


def claim(folder: Path) -> FileLock:
    """Return the lock of a record's folder; who holds it may write there."""
    path = lock_file(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def is_free(folder: Path) -> bool:
    """Whether nobody writes this record now."""
    try:
        with claim(folder).acquire(timeout=0):
            return True
    except Timeout:
        return False
