"""Arrays that take long to compute, kept on disk under the hash of what they were computed from."""

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
    """Return what was kept, or compute it and keep it. A damaged file counts as none.

    Args:
        folder: Where results are kept.
        sources: The arrays that the result is computed from; their content, shapes and types are its name.
        parameters: What else decides the result; its ``repr`` is part of the name.
        compute: Computes the result.
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
    """Return what was kept of these sources and parameters, as :func:`kept_array` does; None where nothing was."""
    return _read(_path(folder, sources, parameters))


def _path(folder: Path, sources: Iterable[Array], parameters: object) -> Path:
    return folder / f"{_fingerprint(sources, parameters)}.npz"


def _fingerprint(sources: Iterable[Array], parameters: object) -> str:
    digest = hashlib.sha256(repr(parameters).encode())
    for source in sources:
        digest.update(repr((source.shape, source.dtype.str)).encode())
        digest.update(np.ascontiguousarray(source).data)
    return digest.hexdigest()[:32]


def _read(path: Path) -> Array | None:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:  # numpy forgets to close its own
            positions: Array = kept["positions"]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return positions
