"""Raw files from the net into the cache: whole or not at all, and never into a data root that the user named."""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from filecmp import cmp
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cna_viz.data import musae, npz, ogb, pyg, tu
from cna_viz.data.roots import download_root, search_path
from cna_viz.data.spec import DatasetSpec, RawFiles
from cna_viz.errors import DataError

logger = logging.getLogger("cna_viz")

PATIENCE: Final = 60.0
"""Seconds to wait for a server that says nothing."""

FETCHERS: Final[dict[str, Callable[[DatasetSpec, str, Path], None]]] = {
    "planetoid": pyg.fetch,
    "webkb": pyg.fetch,
    "actor": pyg.fetch,
    "heterophilous": pyg.fetch,
    "amazon": pyg.fetch,
    "citation-full": pyg.fetch,
    "ogb": ogb.fetch,
    "npz": npz.fetch,
    "musae": musae.fetch,
    "tu": tu.fetch,
}
"""What downloads the raw files of a dataset, by its family."""


def download(spec: DatasetSpec, protocol: str, raw: RawFiles, root: Path | None = None) -> Path:
    """Download the raw files of a dataset into the cache.

    Args:
        spec: The dataset.
        protocol: Split protocol wanted.
        raw: The files that belong to it.
        root: Folder given by the user, in which the files were not found; only the message needs it.

    Returns:
        The folder that holds the files now.

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
    # Behind the loaders stand urllib, fsspec, aiohttp, zipfile and the readers, each with errors of its own; whichever
    # it is, the dataset could not be had.
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
        FETCHERS[spec.family](spec, protocol, fetched)
        there = [name for name in raw.names if (goal / name).exists() or (goal / name).is_symlink()]
        for name in there:
            if not (goal / name).is_file() or not cmp(fetched / name, goal / name, shallow=False):
                raise DataError(f"{goal / name} is not the file that was downloaded, and is not replaced: move it away")
        for name in raw.names:
            if name not in there:
                (goal / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(fetched / name, goal / name)


def reason(error: Exception) -> str:
    """Return what went wrong as a few words of one line."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words[:200]}" if words else type(error).__name__


@contextmanager
def _patience() -> Iterator[None]:
    """Let connections give up: PyG opens them without a limit, and a silent firewall would hold us for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
