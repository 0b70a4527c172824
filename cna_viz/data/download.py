"""Raw files from the network into the cache: whole or not at all, and never into a data root that the user named."""

import logging
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from filecmp import cmp
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from torch_geometric.data import download_url, extract_zip

from cna_viz.config.datasets import DatasetSpec, RawFiles
from cna_viz.data import pyg, readers
from cna_viz.data.archives import check_archive
from cna_viz.data.roots import download_root, search_path
from cna_viz.errors import DataError

logger = logging.getLogger("cna_viz")

PATIENCE: Final = 60.0
"""Seconds to wait for a silent server."""


def download(spec: DatasetSpec, protocol: str, raw: RawFiles, root: Path | None = None) -> Path:
    """Download the raw files of a dataset into the cache and return the folder that holds them.

    ``root`` is the folder of the user without the files; only the message needs it.

    Raises:
        DataError: The files could not be downloaded, read or stored, or others are in their place. No part of them is
            left behind.
    """
    goal = download_root() / raw.folder
    logger.warning("dataset %r is not on disk: downloading it to %s", spec.name, goal)
    try:
        _download_whole(spec, protocol, raw, goal)
    except DataError:
        raise
    # urllib, fsspec, aiohttp, zipfile and the readers all raise errors of their own.
    except Exception as error:
        folders = " or ".join(str(folder / raw.folder) for folder in search_path(root))
        raise DataError(
            f"dataset {spec.name!r} is not on disk and could not be downloaded ({reason(error)}): "
            f"put the files {raw} into {folders}"
        ) from error
    return goal


def _download_whole(spec: DatasetSpec, protocol: str, raw: RawFiles, goal: Path) -> None:
    download_root().mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=download_root(), prefix=".download-") as temporary, _patience():
        fetched = Path(temporary)
        if spec.loader:
            pyg.load(spec, protocol, fetched)
        else:
            _fetch(spec, raw, fetched)
            readers.read(spec, protocol, fetched)
        there = [name for name in raw.names if os.path.lexists(goal / name)]
        for name in there:
            if not (goal / name).is_file() or not cmp(fetched / name, goal / name, shallow=False):
                raise DataError(f"{goal / name} is not the file that was downloaded, and is not replaced: move it away")
        for name in raw.names:
            if name not in there:
                (goal / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(fetched / name, goal / name)


def _fetch(spec: DatasetSpec, raw: RawFiles, folder: Path) -> None:
    """Download a file, or unpack the files of an archive, into a folder."""
    with TemporaryDirectory(dir=folder) as unpacked:
        path = Path(download_url(spec.url, unpacked))
        if path.suffix == ".zip":
            check_archive(path)
            extract_zip(str(path), unpacked)
        found = {name: Path(unpacked) / spec.inside.format(name) for name in raw.names}
        lost = [name for name, source in found.items() if not source.is_file()]
        if lost:
            raise FileNotFoundError(f"the archive lacks {', '.join(lost)}")
        for name, source in found.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, folder / name)


def reason(error: Exception) -> str:
    """Return what went wrong as a few words of one line."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words[:200]}" if words else type(error).__name__


@contextmanager
def _patience() -> Iterator[None]:
    """Let connections time out: PyG opens them without a limit, and a silent firewall would block for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
