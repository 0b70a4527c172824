"""The folders of datasets: the data root, which is only read, and the cache. Imports no torch."""

import hashlib
import os
from importlib.metadata import version
from pathlib import Path
from typing import Final

from cna_viz.config.datasets import RawFiles
from cna_viz.errors import DataError
from cna_viz.files import cache_root

DATA_VARIABLE: Final = "CNA_VIZ_DATA"
"""Environment variable that names the data root."""

TRUST_VARIABLE: Final = "CNA_VIZ_TRUST_DATA"
"""Environment variable that, set to 1, lets unknown pickles be read; ``--trust-data`` sets it."""

READING_VERSION: Final = 1
"""Raised whenever the same raw files would give another graph or other figures."""


def trusted() -> bool:
    """Return whether the user trusts the files of the data root, whoever made them."""
    return os.environ.get(TRUST_VARIABLE) == "1"


def download_root() -> Path:
    """Return the data root below the cache, the only one that downloads go to. It need not exist yet."""
    return cache_root() / "data"


def data_root(root: Path | None = None) -> Path:
    """Return the data root: ``root``, else ``CNA_VIZ_DATA``, else the folder that downloads go to.

    Raises:
        DataError: The user named a folder that does not exist.
    """
    given, source = (root, "data folder") if root is not None else (os.environ.get(DATA_VARIABLE), DATA_VARIABLE)
    if not given:
        return download_root()
    folder = Path(given).expanduser()
    if not os.path.isdir(folder):  # unlike Path.is_dir, False also where we may not look
        raise DataError(f"{source} {str(folder)!r} does not exist or is not a folder")
    return folder


def search_path(root: Path | None = None) -> tuple[Path, ...]:
    """Return the data roots to look in, in order: the one of :func:`data_root`, then that of downloads."""
    return tuple(dict.fromkeys((data_root(root), download_root())))


def find(raw: RawFiles, root: Path | None = None) -> Path | None:
    """Return the first folder that holds all of ``raw``, or ``None``; ``root`` and errors as in :func:`data_root`."""
    for candidate in search_path(root):
        folder = candidate / raw.folder
        if all(os.path.isfile(folder / name) for name in raw.names):
            return folder
    return None


def fingerprint(folder: Path, raw: RawFiles) -> str:
    """Return sixteen hexadecimal digits that change with the raw files and with the code that reads them.

    Files count as changed by path, size and times, also that of their last renaming or copying, which no program sets;
    not by content: listing must stay quick.
    """
    lines = [f"{READING_VERSION} torch-geometric {version('torch-geometric')} {folder.resolve()}"]
    for name in raw.names:
        status = (folder / name).stat()
        lines.append(f"{name} {status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
