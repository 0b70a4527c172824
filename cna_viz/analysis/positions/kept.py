"""Arrays that take long to compute, kept on disk under the hash of their sources."""

import hashlib
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from cna_viz.files import write_atomically

Array = np.ndarray[Any, Any]


def kept_array(folder: Path, sources: Iterable[Array], parameters: object, compute: Callable[[], Array]) -> Array:
    """Return a kept result, or compute it and keep it. A damaged file counts as none.

    Its name is the hash of the content, shapes and types of ``sources`` and of the ``repr`` of ``parameters``.
    """
    sources = list(sources)
    kept = look_up(folder, sources, parameters)
    if kept is not None:
        return kept
    made = compute()
    content = BytesIO()
    np.savez(content, positions=made)
    write_atomically(_path(folder, sources, parameters), content.getvalue())
    return made


def look_up(folder: Path, sources: Iterable[Array], parameters: object) -> Array | None:
    """Return the kept result of these sources and parameters; None without one."""
    try:
        # numpy forgets to close a file that it opens and can't read
        with _path(folder, sources, parameters).open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
            return np.asarray(kept["positions"])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def _path(folder: Path, sources: Iterable[Array], parameters: object) -> Path:
    digest = hashlib.sha256(repr(parameters).encode())
    for source in sources:
        digest.update(repr((source.shape, source.dtype.str)).encode())
        digest.update(np.ascontiguousarray(source).data)
    return folder / f"{digest.hexdigest()[:32]}.npz"
