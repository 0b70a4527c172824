"""One tensor of a snapshot, read and checked without the others: a snapshot of a deep network is larger than memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from cna_viz.errors import RecordError
from cna_viz.records.files import sha256, tensors_from_bytes
from cna_viz.records.integrity import Entry, check_size, read_checked

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Snapshot:
    """The file of one snapshot.

    A tensor is held against its own checksum. Where the manifest has none for tensors, the whole file is read and
    checked when anything of it is asked for.

    Attributes:
        folder: Folder of the record.
        entry: The file as the manifest describes it.
    """

    folder: Path
    entry: Entry

    def read(self, name: str) -> Array | None:
        """Return one tensor; None where the snapshot has none of this name.

        Raises:
            RecordError: Naming the file and the tensor, when it is not what was written.
        """
        if self.entry.tensors is None:
            return self._all.get(name)
        if name not in self.entry.tensors:
            return None
        with self._open() as file:
            array: Array = file.get_tensor(name)
        if sha256(array.reshape(-1).view(np.uint8).data) != self.entry.tensors[name]:
            raise RecordError(f"{self._path}: {name} was altered since it was written (its SHA-256 does not match)")
        return array

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every tensor, by name."""
        if self.entry.tensors is None:
            return {name: array.shape for name, array in self._all.items()}
        with self._open() as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in self.entry.tensors}

    @property
    def _path(self) -> Path:
        return self.folder / self.entry.file

    @cached_property
    def _all(self) -> dict[str, Array]:
        return tensors_from_bytes(read_checked(self.folder, self.entry), self._path)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        # The file is mapped into memory: reading behind the end of a truncated one would kill the process.
        check_size(self.folder, self.entry)
        try:
            with safe_open(self._path, framework="np") as file:
                yield file
        except (SafetensorError, OSError) as error:
            raise RecordError(f"{self._path}: not readable as safetensors ({error})") from None
