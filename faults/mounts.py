"""Small and read-only file systems, if this process is allowed to mount."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def may_mount(work: Path) -> bool:
    """Try whether a file system can be mounted here."""
    with small(work / "tried", 64) as mounted:
        return mounted


@contextmanager
def small(folder: Path, size: int) -> Iterator[bool]:
    """Mount an empty file system of ``size`` kB; yield whether that was possible."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = _call("mount", "-t", "tmpfs", "-o", f"size={size}k", "faults", str(folder))
    try:
        yield mounted
    finally:
        if mounted:
            _call("umount", "-l", str(folder))


@contextmanager
def read_only(folder: Path) -> Iterator[bool]:
    """Make a folder read-only, even for root; yield whether that was possible."""
    mounted = _call("mount", "--bind", str(folder), str(folder))
    locked = mounted and _call("mount", "-o", "remount,ro,bind", str(folder))
    try:
        yield locked
    finally:
        if mounted:
            _call("umount", "-l", str(folder))


def _call(*words: str) -> bool:
    if shutil.which(words[0]) is None:
        return False
    return subprocess.run(words, capture_output=True, check=False).returncode == 0
