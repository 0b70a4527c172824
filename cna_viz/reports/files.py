"""Files that are whole or not there: written under a temporary name, then renamed."""

import math
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode


def replace_files(texts: Mapping[Path, str]) -> None:
    """Write all ``texts``, and only when every one of them is on disk put them in place, in order.

    Raises:
        OSError: A file can't be written; the files that were there before are as they were.
    """
    unique = uuid.uuid4().hex
    drafts = {path: path.with_name(f".{path.name}.{unique}") for path in texts}
    try:
        for path, text in texts.items():
            with drafts[path].open("x", encoding="utf-8", newline="\n") as draft:
                draft.write(text)
                draft.flush()
                os.fsync(draft.fileno())
        for path, written in drafts.items():
            os.replace(written, path)
    finally:
        for written in drafts.values():
            written.unlink(missing_ok=True)


def notebook_text(notebook: "NotebookNode") -> str:
    """Return the text of a notebook's file."""
    import nbformat

    writes: Any = nbformat.writes  # untyped
    return str(writes(notebook))


def finite(value: object) -> object:
    """Return JSON data with NaN and infinities, which JSON can't say, as ``None``."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
