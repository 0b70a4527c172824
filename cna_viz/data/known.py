"""The content of datasets that is known without loading them: from an earlier look at the same files, or as pinned."""

import re
from contextlib import suppress
from pathlib import Path

from cna_viz.config import DataConfig
from cna_viz.config.datasets import CATALOG
from cna_viz.data.roots import find, fingerprint
from cna_viz.errors import DataError
from cna_viz.files import cache_root, write_atomically


def known_content(data: DataConfig, root: Path | None = None) -> str | None:
    """Return the digest of the graph that a run would train on now; None where nothing but training can tell.

    Files at hand are read, once: their digest is kept until they change. Without them it is the digest of the published
    files where that is pinned. A graph of the user's own has it in its config, an embedded one is part of the code.

    Raises:
        DataError: The files can't be read.
    """
    if data.own is not None:
        return data.own.digest
    spec = CATALOG[data.dataset]
    raw = spec.raw_for(data.split)
    if raw is None:
        return None
    try:
        folder = find(raw, root)
    except DataError:  # no such data root: a record can be read without
        folder = None
    if folder is None:
        return published_content(data)
    path = cache_root() / "contents" / f"{spec.name}-{fingerprint(folder, raw)}.txt"
    with suppress(OSError, UnicodeDecodeError):
        if re.fullmatch("[0-9a-f]{64}", found := path.read_text("utf-8")):
            return found
    from cna_viz.data.datasets import load_graph  # imports torch, which a second look avoids

    found = load_graph(data.replace(split_file=None, split=_any_split(data)), root).content
    with suppress(OSError):  # a cache that can't be written makes the next look slow, not wrong
        write_atomically(path, found)
    return found


def published_content(data: DataConfig) -> str | None:
    """Return the digest of a dataset of the catalogue as published, where it is pinned."""
    spec = CATALOG[data.dataset]
    return spec.content.get(spec.masks_with(data.split) or "")


def _any_split(data: DataConfig) -> str:
    return "random-60-20-20" if data.split == "own" else data.split
