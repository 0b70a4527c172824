"""One tensor of a snapshot, read and checked without the others: a snapshot of a deep network is larger than memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from cna_viz.errors import RecordError
from cna_viz.records.files import sha256
from cna_viz.records.integrity import Entry, check_snapshot

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Snapshot:
    """The file of one snapshot.

    A tensor is held against its own checksum, and the header that says where it is against that of the header.

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
        if name not in self._digests:
            return None
        with self._open() as file:
            array: Array = file.get_tensor(name)
        if sha256(array.reshape(-1).view(np.uint8).data) != self._digests[name]:
            raise RecordError(f"{self._path}: {name} was altered since it was written (its SHA-256 does not match)")
        return array

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every tensor, by name."""
        with self._open() as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in self._digests}

    @property
    def _path(self) -> Path:
        return self.folder / self.entry.file

    @property
    def _digests(self) -> Mapping[str, str]:
        return self.entry.tensors or {}

    @contextmanager
    def _open(self) -> Iterator[Any]:
        # The file is mapped into memory: reading behind the end of a truncated one would kill the process.
        check_snapshot(self.folder, self.entry)
        try:
            with safe_open(self._path, framework="np") as file:
                yield file
        except (SafetensorError, OSError) as error:
            raise RecordError(f"{self._path}: not readable as safetensors ({error})") from None
