"""One tensor of a snapshot, read and checked without the others: a snapshot of a deep network is larger than memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from cna_viz.errors import RecordError, shown
from cna_viz.records import schema
from cna_viz.records.reading.files import sha256
from cna_viz.records.reading.integrity import Entry, check_digest, check_size, read_header
from cna_viz.records.reading.tensors import Places, read_places, to_array

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Snapshot:
    """The file of one snapshot.

    The header, which says where the tensors are, is checked once, against its checksum, the manifest and the schema; a
    tensor is checked against its own checksum whenever it is read.

    Attributes:
        folder: Folder of the record.
        entry: The file as the manifest describes it.
        layers: Layers of the network; None where they are not known.
        nodes: Nodes of its graph; None where they are not known.
        watched: Whether the network was watched.
        prediction: Type of the prediction, where it is known.
    """

    folder: Path
    entry: Entry
    layers: int | None = None
    nodes: int | None = None
    watched: bool = False
    prediction: str | None = None

    def read(self, name: str) -> Array | None:
        """Return one tensor; None where the snapshot has none of this name.

        Raises:
            RecordError: Naming the file and the tensor, when it is not what was written.
        """
        if name not in self.places:
            return None
        place = self.places[name]
        check_size(self.folder, self.entry)
        try:
            content = bytearray(place.end - place.start)
            with self._path.open("rb") as file:
                file.seek(place.start)
                file.readinto(content)
        except OSError as error:
            raise RecordError(f"{self._path}: not readable ({error.strerror})") from None
        except MemoryError:
            raise RecordError(f"{self._path}: {name} is not read, as it needs more memory than there is") from None
        if sha256(content) != self._digests[name]:
            raise RecordError(f"{self._path}: {name} was altered since it was written (its SHA-256 does not match)")
        return to_array(content, name, self.places, self._path)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every tensor, by name."""
        return {name: place.shape for name, place in self.places.items()}

    @cached_property
    def places(self) -> Places:
        """The tensors as the header describes them, checked."""
        header = read_header(self.folder, self.entry)
        check_digest(self.folder, self.entry, sha256(header))
        places = read_places(
            header,
            self.entry.bytes,
            self._path,
            schema.variable_of if self.layers is None else partial(schema.variable_of, layers=self.layers),
            required=() if self.layers is None else schema.required_tensors(self.layers, watched=self.watched),
            nodes=self.nodes,
            wanted={"prediction": self.prediction} if self.prediction else None,
        )
        for name in sorted(places.keys() ^ self._digests.keys()):
            where = "file" if name in places else "manifest"
            raise RecordError(f"{self._path}: tensor {shown(name)} is in the {where} only")
        return places

    @property
    def _path(self) -> Path:
        return self.folder / self.entry.file

    @property
    def _digests(self) -> Mapping[str, str]:
        return self.entry.tensors or {}
