"""The cache folder, and files that appear as a whole or stay as they were, even after a crash."""

import errno
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from cna_viz.removal import WhyKept, remove, temporary_name

CACHE_VARIABLE: Final = "CNA_VIZ_CACHE"
"""Environment variable that names the cache folder."""


def cache_root() -> Path:
    """Return the cache folder: ``CNA_VIZ_CACHE``, else below the user's. It need not exist yet."""
    given = os.environ.get(CACHE_VARIABLE)
    return Path(given).expanduser() if given else user_cache_path("cna_viz")


@contextmanager
def atomic_paths(*paths: Path, why_kept: WhyKept = lambda _: "") -> Iterator[list[Path]]:
    """Give a temporary path beside each path; when the context is left, all are put in place, in order.

    After an exception, or if one of them can't be forced to disk, the old files are unchanged.

    Args:
        paths: The paths; their folders must exist. Each temporary path must be written to.
        why_kept: Returns why an existing file must not be replaced, empty if it may.

    Raises:
        FileExistsError: If one of them must not be replaced; then none is.
    """
    written = {path: temporary_name(path) for path in paths}
    try:
        yield list(written.values())
        for temporary in written.values():
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        for path in paths:
            if os.path.lexists(path) and (reason := why_kept(path)):
                raise FileExistsError(errno.EEXIST, f"{path.name} {reason} and is not replaced", str(path))
        for path, temporary in written.items():
            temporary.replace(path)
    finally:
        for temporary in written.values():
            remove(temporary, lambda _: "")  # nobody else knows its name


def replace_files(contents: Mapping[Path, bytes | str], why_kept: WhyKept = lambda _: "") -> None:
    """Write all files under temporary names, and put them in place only once every one of them is on disk.

    Text is written as UTF-8; the folders must exist. If a file can't be written, the old files are unchanged.
    """
    with atomic_paths(*contents, why_kept=why_kept) as written:
        for temporary, content in zip(written, contents.values(), strict=True):
            temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def write_atomically(path: Path, content: bytes | str, why_kept: WhyKept = lambda _: "") -> None:
    """Write one file as :func:`replace_files` does, and create its folder if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_files({path: content}, why_kept)


def finite(value: object) -> object:
    """Return JSON data with ``None`` in place of NaN and infinities, which JSON can't express."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
