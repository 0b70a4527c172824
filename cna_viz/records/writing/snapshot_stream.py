"""Write one snapshot tensor by tensor, so that no more than one of them has to be in memory."""

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import ExitStack, suppress
from io import BufferedRandom
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from cna_viz.errors import RecordError
from cna_viz.files import drafts

_TYPES: Final = {
    np.dtype(name): code
    for name, code in (
        ("float16", "F16"),
        ("float32", "F32"),
        ("float64", "F64"),
        ("int8", "I8"),
        ("int32", "I32"),
        ("int64", "I64"),
    )
}
_ENTRY: Final = 160
"""Bytes that the header takes per tensor, its name apart: type, shape and offsets, spelled out."""


class SnapshotStream:
    """Writer of a safetensors file whose tensors come one after the other; a context manager.

    A safetensors file begins with a header that says where every tensor is. Room for it is left free and filled at the
    end; what is too much of it is blanks, which the format allows. The file appears under its name when the context is
    left without an exception, and not at all otherwise.

    Args:
        path: The file; its folder must exist.
        names: The tensors that are expected. Others may come; if the header then gets too long, the file is copied.

    Attributes:
        tensors: SHA-256 of the bytes of every tensor, by name.
        header: SHA-256 of what stands before the tensors.
        bytes: Size of the finished file.
    """

    def __init__(self, path: Path, names: list[str]) -> None:
        self.path, self.tensors = path, dict[str, str]()
        self.bytes, self.header = 0, ""
        self._stack = ExitStack()
        self._room = -(-sum(len(name) + _ENTRY for name in [*names, "room"]) // 8) * 8
        self._entries: dict[str, dict[str, Any]] = {}
        self._end = 0
        self._file: BufferedRandom | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            (draft,) = stack.enter_context(drafts(self.path))
            self._file = draft.open("x+b")
            stack.push(self._close)
            self._stack = stack.pop_all()
        self._file.seek(8 + self._room)
        return self

    def add(self, name: str, array: "np.ndarray[Any, Any]") -> None:
        """Append a tensor.

        Raises:
            RecordError: When there is a tensor of this name already, or its type can't be stored.
        """
        kind = array.dtype.newbyteorder("=")
        if name in self._entries or kind not in _TYPES:
            what = "is written twice" if name in self._entries else f"has type {array.dtype}, which can't be stored"
            raise RecordError(f"{self.path}: tensor {name!r} {what}")
        content = (
            np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).reshape(-1).view(np.uint8)
        )
        start, self._end = self._end, self._end + content.nbytes
        self._entries[name] = {
            "dtype": _TYPES[kind],
            "shape": list(array.shape),
            "data_offsets": [start, self._end],
        }
        self.tensors[name] = hashlib.sha256(content.data).hexdigest()
        self._open.write(content.data)

    def __exit__(self, *exception: Any) -> None:
        self._stack.__exit__(*exception)

    def _close(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            # What waits in a buffer is not needed any more: that it can't be written must not hide why it ended.
            with suppress(OSError):
                self._open.close()

    @property
    def _open(self) -> BufferedRandom:
        if self._file is None:
            raise RuntimeError("a snapshot stream is written to inside its context")
        return self._file

    def _finish(self) -> None:
        entries = json.dumps(self._entries, separators=(",", ":")).encode()
        if len(entries) > self._room:
            self._make_room(len(entries))
        header = self._room.to_bytes(8, "little") + entries.ljust(self._room)
        self._open.seek(0)
        self._open.write(header)
        self._open.flush()
        os.fsync(self._open.fileno())
        if hasattr(os, "posix_fadvise"):
            # Now that it is on disk, it need not fill memory as well: sweeps write more than there is of it.
            os.posix_fadvise(self._open.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        # The tensors have their checksums already: to read them again would double the time of a snapshot.
        self.bytes, self.header = 8 + self._room + self._end, hashlib.sha256(header).hexdigest()

    def _make_room(self, size: int) -> None:
        """Move the tensors back, behind a header of this size."""
        room = -(-size // 8) * 8
        with tempfile.TemporaryFile(dir=self.path.parent) as copy:
            self._open.seek(8 + self._room)
            shutil.copyfileobj(self._open, copy)
            copy.seek(0)
            self._open.seek(8 + room)
            shutil.copyfileobj(copy, self._open)
        self._room = room
