"""The tensors of a safetensors file, each read and checked alone: a snapshot of a deep network exceeds the memory."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from cna_viz.config import DataConfig, RunConfig, WatchedConfig
from cna_viz.errors import RecordError, shown
from cna_viz.records import schema
from cna_viz.records.reading.files import parse_json, readable, sha256
from cna_viz.records.reading.integrity import ManifestEntry, check_digest, check_size, read_header

Array = np.ndarray[Any, Any]
DTYPES: Final = {"F16": "<f2", "F32": "<f4", "I8": "<i1", "I32": "<i4", "I64": "<i8"}
"""NumPy's names of the dtypes in a record, by those of safetensors."""
LENGTH: Final = 8
"""Bytes before the JSON of a header, which hold its length."""


@dataclass(frozen=True)
class Place:
    """A tensor as the header describes it, in bytes ``start`` to ``end`` of the file; layer 0 if it has none."""

    variable: str
    layer: int
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def sizes(self) -> dict[str, int]:
        """Size of every dimension."""
        return dict(zip(schema.VARIABLES[self.variable].stored_dims, self.shape, strict=True))


Places = Mapping[str, Place]


def read_places(
    header: bytes,
    size: int,
    path: Path,
    variable_of: Callable[[str], tuple[str, int] | None],
    *,
    required: Iterable[str] = (),
    nodes: int | None = None,
    dtypes: Mapping[str, str | None],
) -> Places:
    """Return the tensors of a file by name, each with a valid name, dtype and shape, stored side by side to the end.

    ``variable_of`` returns variable and layer of a name, None if the file can't have such a tensor; ``nodes`` and
    ``dtypes`` are the only allowed number of nodes and dtypes, if known.
    """
    if len(header) < LENGTH or LENGTH + int.from_bytes(header[:LENGTH], "little") != len(header):
        raise RecordError(f"{path}: not a safetensors file (its header is cut, or too long)")
    entries = parse_json(header[LENGTH:], f"{path}: header")
    places = {name: _place(entry, variable_of(name), name, path, len(header)) for name, entry in entries.items()}
    for name in required:
        if name not in places:
            raise RecordError(f"{path}: tensor {name} is missing")
    for name, dtype in dtypes.items():
        if dtype is not None and name in places and places[name].dtype != dtype:
            raise RecordError(f"{path}: tensor {name} has dtype {places[name].dtype}, it must be {dtype}")
    end = len(header)
    for name, place in sorted(places.items(), key=lambda item: (item[1].start, item[1].end)):
        if place.start != end:
            raise RecordError(f"{path}: tensor {name} begins at byte {shown(place.start)}, it must begin at {end}")
        end = place.end
    if end != size:
        raise RecordError(f"{path}: its tensors end at byte {end}, but the file has {size} bytes")
    _check_sizes(places, nodes, path)
    return places


def read_graph_places(header: bytes, size: int, path: Path, data: DataConfig | WatchedConfig) -> Places:
    """Return the tensors of the graph of a run on this data; otherwise as :func:`read_places`."""
    names = schema.graph_tensors(data)
    dtypes = {"target": "F32" if data.task == "node-regression" else "I64"}
    return read_places(header, size, path, {name: (name, 0) for name in names}.get, required=names, dtypes=dtypes)


def _place(entry: object, kind: tuple[str, int] | None, name: str, path: Path, begin: int) -> Place:
    if kind is None:
        raise RecordError(f"{path}: tensor {shown(name)} is not one that this file can have")
    variable, where = schema.VARIABLES[kind[0]], f"{path}: tensor {name}"
    match entry:
        case {"dtype": dtype, "shape": shape, "data_offsets": [int(start), int(end)]}:
            pass
        case _:
            raise RecordError(f"{where} is {shown(entry)}, it must have dtype, shape and two data_offsets")
    if dtype not in variable.dtypes:
        raise RecordError(f"{where} has dtype {shown(dtype)}, it must be {' or '.join(variable.dtypes)}")
    dims = variable.stored_dims
    if not isinstance(shape, list) or len(shape) != len(dims) or not all(map(schema.is_count, shape)):
        raise RecordError(f"{where} has shape {shown(shape)}, it must be [{', '.join(dims)}]")
    if end - start != math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize:
        raise RecordError(f"{where} has shape {shown(shape)} of {dtype}, but {shown(end - start)} bytes")
    return Place(*kind, dtype, tuple(shape), begin + start, begin + end)


def _check_sizes(places: Places, nodes: int | None, path: Path) -> None:
    """Check the sizes of dimensions: one number of nodes in all files, one number of clusters per layer."""
    shared = {} if nodes is None else {("node", 0): nodes}
    for name, place in places.items():
        fixed = schema.VARIABLES[place.variable].sizes
        for dim, size in place.sizes.items():
            wanted = fixed.get(dim, size)
            if dim in ("node", "cluster", "edge"):
                wanted = shared.setdefault((dim, place.layer if dim == "cluster" else 0), size)
            if size != wanted or (size == 0 and dim != "edge"):
                allowed = wanted or "at least 1"
                raise RecordError(f"{path}: tensor {name} has {size} along {dim}, it must have {allowed}")


def to_array(content: bytes | bytearray, name: str, places: Places, path: Path) -> Array:
    """Return a tensor from its bytes, with its integers checked."""
    place = places[name]
    variable, array = schema.VARIABLES[place.variable], np.frombuffer(content, DTYPES[place.dtype]).reshape(place.shape)
    if array.dtype.kind == "i" and array.size:
        most, low, high = _largest(variable.most, place.layer, places), array.min(), array.max()
        if low < variable.least or high > most:
            wrong, allowed = low if low < variable.least else high, f"integers from {variable.least} to {most}"
            raise RecordError(f"{path}: tensor {name} holds {wrong}, it must hold {allowed}")
        if variable.ascending and (array[1:] < array[:-1]).any():
            raise RecordError(f"{path}: tensor {name} does not ascend")
    return array


def _largest(most: int | str, layer: int, places: Places) -> int:
    """Return the largest allowed integer; for positions along a dimension that of the last in this layer."""
    if isinstance(most, int):
        return most
    names = [schema.tensor_name(name, layer) for name in schema.LAYER_VARIABLES] if layer else places
    sizes = (places[name].sizes.get(most) for name in names if name in places)
    last = next((size - 1 for size in sizes if size is not None), schema.LARGEST)
    return last + (most == "edge")


@dataclass(frozen=True)
class Snapshot:
    """The file of one snapshot in the folder of a record.

    Its header is checked once, against its checksum, the manifest and the schema; a tensor is checked against its own
    checksum whenever it is read. What the config and the number of nodes determine is checked if they are known.
    """

    folder: Path
    entry: ManifestEntry
    config: RunConfig | None = None
    nodes: int | None = None

    def read(self, name: str) -> Array | None:
        """Return one tensor, checked; None if the snapshot has no tensor of this name."""
        if name not in self.places:
            return None
        place = self.places[name]
        check_size(self.folder, self.entry)
        with readable(self._path), self._path.open("rb") as file:
            content = bytearray(place.end - place.start)
            file.seek(place.start)
            file.readinto(content)
        if sha256(content) != (self.entry.tensors or {})[name]:
            raise RecordError(f"{self._path}: {name} was altered since it was written (its SHA-256 does not match)")
        return to_array(content, name, self.places, self._path)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every tensor, by name."""
        return {name: place.shape for name, place in self.places.items()}

    @cached_property
    def places(self) -> Places:
        """The tensors as the header describes them, checked."""
        header, config = read_header(self.folder, self.entry), self.config
        check_digest(self.folder, self.entry, sha256(header))
        places = read_places(
            header,
            self.entry.bytes,
            self._path,
            schema.variable_of if config is None else partial(schema.variable_of, layers=config.layers),
            required=() if config is None else schema.required_tensors(config),
            nodes=self.nodes,
            dtypes={} if config is None else {"prediction": "F32" if config.task == "node-regression" else "I32"},
        )
        for name in sorted(places.keys() ^ (self.entry.tensors or {}).keys()):
            where = "file" if name in places else "manifest"
            raise RecordError(f"{self._path}: tensor {shown(name)} is in the {where} only")
        return places

    @property
    def _path(self) -> Path:
        return self.folder / self.entry.file
