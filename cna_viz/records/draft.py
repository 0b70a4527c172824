"""Files that are too large to be held in memory, written under another name until they are whole."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to; it is put in place when the context is left without an exception.

    Where it is left with one, what was at ``path`` before is as it was. The folder must exist.
    """
    written = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        yield written
        with written.open("rb+") as file:
            os.fsync(file.fileno())
        written.replace(path)
    finally:
        written.unlink(missing_ok=True)
