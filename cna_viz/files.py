"""Where we may write, and how: files are whole or as they were, also after a crash."""

import math
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from cna_viz.removal import remove

CACHE_VARIABLE: Final = "CNA_VIZ_CACHE"
"""Environment variable that names the cache folder."""


def cache_root() -> Path:
    """Return the folder of what can be made again: ``CNA_VIZ_CACHE``, else the user's cache. It need not exist yet."""
    given = os.environ.get(CACHE_VARIABLE)
    return Path(given).expanduser() if given else user_cache_path("cna_viz")


@contextmanager
def drafts(*paths: Path) -> Iterator[list[Path]]:
    """Give a temporary path beside each path; all are put in place, in order, when the context is left.

    Where it is left with an exception, or one of them can't be forced to disk, what was there before is as it was.

    Args:
        paths: The paths; their folders must exist. Each temporary path must be written to.
    """
    written = {path: path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp") for path in paths}
    try:
        yield list(written.values())
        for temporary in written.values():
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        for path, temporary in written.items():
            temporary.replace(path)
    finally:
        for temporary in written.values():
            remove(temporary, lambda _: "")  # nobody else knows its name


def replace_files(contents: Mapping[Path, bytes | str]) -> None:
    """Write all files under temporary names and, only when every one of them is on disk, put them in place, in order.

    Args:
        contents: Content by path; text is written as UTF-8. The folders must exist.

    Raises:
        OSError: A file can't be written; the files that were there before are as they were.
    """
    with drafts(*contents) as written:
        for temporary, content in zip(written, contents.values(), strict=True):
            temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write one file as :func:`replace_files` does, making its folder where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_files({path: content})


def finite(value: object) -> object:
    """Return JSON data with NaN and infinities, which JSON can't say, as ``None``."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
