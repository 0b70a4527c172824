"""Limits on the unpacked size of compressed files: a few kilobytes can hold more than any memory."""

import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cna_viz.errors import DataError

MOST: Final = 4 * 2**30
"""Maximum bytes of all parts of a file together."""


def check_archive(path: Path) -> None:
    """Raise DataError where a zip archive, such as ``.npz``, declares more than :data:`MOST`; no more is ever read.

    A file that is no archive is left to its reader, which reports it.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > MOST:
        raise _too_large(path)


@contextmanager
def open_gzip(path: Path) -> Iterator[io.BufferedReader]:
    """Open a file of gzip for reading; a read beyond :data:`MOST` raises DataError."""
    with gzip.open(path, "rb") as unpacked:
        yield io.BufferedReader(_Bounded(unpacked, path))


class _Bounded(io.RawIOBase):
    """A stream that ends with an error instead of filling the memory: gzip does not declare the size."""

    def __init__(self, stream: gzip.GzipFile, path: Path) -> None:
        self._stream, self._path, self._left = stream, path, MOST

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        content = self._stream.read(len(view))
        self._left -= len(content)
        if self._left < 0:
            raise _too_large(self._path)
        view[: len(content)] = content
        return len(content)


def _too_large(path: Path) -> DataError:
    return DataError(f"{path} unpacks to more than {MOST / 2**30:g} GiB and is not read: it is not a dataset of ours")
