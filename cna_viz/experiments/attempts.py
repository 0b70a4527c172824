"""An interrupted attempt is lost only when a finished one replaces it."""

import shutil
from itertools import count
from pathlib import Path


def set_aside(folder: Path) -> None:
    """Move what an interrupted attempt left to ``<id>.unfinished-<n>``, out of the way of a new one."""
    if folder.exists():
        names = (folder.with_name(f"{folder.name}.unfinished-{number}") for number in count(1))
        folder.rename(next(name for name in names if not name.exists()))


def unfinished_attempts(folder: Path) -> list[Path]:
    """Return the attempts that were set aside for this record."""
    return sorted(folder.parent.glob(f"{folder.name}.unfinished-*"))


def forget_unfinished(folder: Path) -> None:
    """Remove the attempts that a finished record has replaced: it holds all that they held."""
    for attempt in unfinished_attempts(folder):
        shutil.rmtree(attempt)
