"""The lock of a record's writer; the system frees it when its holder dies, so a held lock means a living writer."""

import re
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from cna_viz.removal import TEMPORARY

LOCK_FOLDER: Final = ".locks"
"""Folder of the locks, beside the records."""
LOCK_FILE: Final = re.compile(rf"\.?(?P<id>[0-9a-f]{{16}})\.lock({TEMPORARY})?")
"""Names of the locks, also during their removal; they are empty files."""


def lock_file(folder: Path) -> Path:
    """Return the lock file of a record's folder."""
    return folder.parent / LOCK_FOLDER / f"{folder.name}.lock"


def record_lock(folder: Path) -> FileLock:
    """Return the lock of a record's folder; its holder may write there."""
    path = lock_file(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def is_free(folder: Path) -> bool:
    """Whether nobody is writing this record."""
    try:
        with record_lock(folder).acquire(timeout=0):
            return True
    except Timeout:
        return False
