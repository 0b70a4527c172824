"""Where we may write, and how: files are whole or as they were, also after a crash."""

import math
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

CACHE_VARIABLE: Final = "CNA_VIZ_CACHE"
"""Environment variable that names the cache folder."""


def cache_root() -> Path:
    """Return the folder of what can be made again: ``CNA_VIZ_CACHE``, else the user's cache. It need not exist yet."""
    given = os.environ.get(CACHE_VARIABLE)
    return Path(given).expanduser() if given else user_cache_path("cna_viz")


def replace_files(contents: Mapping[Path, bytes | str]) -> None:
    """Write all files under temporary names and, only when every one of them is on disk, put them in place, in order.

    Args:
        contents: Content by path; text is written as UTF-8. The folders must exist.

    Raises:
        OSError: A file can't be written; the files that were there before are as they were.
    """
    unique = uuid.uuid4().hex
    drafts = {path: path.with_name(f".{path.name}.{unique}.tmp") for path in contents}
    try:
        for path, content in contents.items():
            with drafts[path].open("xb") as draft:
                draft.write(content.encode() if isinstance(content, str) else content)
                draft.flush()
                os.fsync(draft.fileno())
        for path, written in drafts.items():
            written.replace(path)
    finally:
        for written in drafts.values():
            written.unlink(missing_ok=True)


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
