"""The header of a safetensors file, checked against the schema before a byte is read by what it says."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from cna_viz.errors import RecordError, shown
from cna_viz.records import schema
from cna_viz.records.reading.files import parse_json

Array = np.ndarray[Any, Any]
KindOf = Callable[[str], tuple[str, int] | None]
"""Gives variable and layer of a tensor by its name; None where the file can't have such a tensor."""

DTYPES: Final = {"F16": "<f2", "F32": "<f4", "I8": "<i1", "I32": "<i4", "I64": "<i8"}
"""The types of all tensors of a record, as safetensors and as NumPy call them."""
LENGTH: Final = 8
"""Bytes before the JSON of a header; they say how long it is."""


@dataclass(frozen=True)
class Place:
    """A tensor as the header of its file describes it.

    Attributes:
        variable: Its variable.
        layer: Its layer; 0 where the variable has none.
        dtype: Its type, as safetensors calls it.
        shape: Its shape.
        start: Its first byte in the file.
        end: The byte after its last.
    """

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
    kind_of: KindOf,
    *,
    required: Iterable[str] = (),
    nodes: int | None = None,
    wanted: Mapping[str, str] | None = None,
) -> dict[str, Place]:
    """Return the tensors of a file by name, each of an allowed name, type and shape, and side by side to the end.

    Args:
        header: What stands before the tensors: the length of the JSON, and the JSON.
        size: Bytes of the file.
        path: The file, for messages.
        kind_of: Gives variable and layer by name.
        required: Names of tensors that must be there.
        nodes: Number of nodes, where it is known from elsewhere.
        wanted: The type of some tensors, where only one of those of the schema will do.

    Raises:
        RecordError: Naming the file, the tensor, and what is allowed.
    """
    if len(header) < LENGTH or LENGTH + int.from_bytes(header[:LENGTH], "little") != len(header):
        raise RecordError(f"{path}: not a safetensors file (its header is cut, or too long)")
    entries = parse_json(header[LENGTH:], f"{path}: header")
    places = {name: _place(entry, kind_of(name), name, path, len(header)) for name, entry in entries.items()}
    missing = next((name for name in required if name not in places), None)
    if missing is not None:
        raise RecordError(f"{path}: tensor {missing} is missing")
    for name, dtype in (wanted or {}).items():
        if name in places and places[name].dtype != dtype:
            raise RecordError(f"{path}: tensor {name} has dtype {places[name].dtype}, it must be {dtype}")
    _check_order(places, len(header), size, path)
    _check_sizes(places, nodes, path)
    return places


def read_graph_places(header: bytes, size: int, path: Path, task: str) -> dict[str, Place]:
    """Return the tensors of a graph by name; arguments and errors as in :func:`read_places`, and the task."""
    names = schema.graph_tensors(task)
    wanted = {"target": "F32" if task == "node-regression" else "I64"}
    kind_of = {name: (name, 0) for name in names}.get
    return read_places(header, size, path, kind_of, required=names, wanted=wanted)


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


def _check_order(places: Places, begin: int, size: int, path: Path) -> None:
    """Check that the tensors lie side by side, from the header to the end of the file."""
    end = begin
    for name, place in sorted(places.items(), key=lambda item: (item[1].start, item[1].end)):
        if place.start != end:
            raise RecordError(f"{path}: tensor {name} begins at byte {shown(place.start)}, it must begin at {end}")
        end = place.end
    if end != size:
        raise RecordError(f"{path}: its tensors end at byte {end}, but the file has {size} bytes")


def _check_sizes(places: Places, nodes: int | None, path: Path) -> None:
    """Check that dimensions have their size: the nodes one in all files, the clusters one in every layer."""
    shared = {} if nodes is None else {("node", 0): nodes}
    for name, place in places.items():
        fixed = schema.VARIABLES[place.variable].sizes
        for dim, size in place.sizes.items():
            wanted = fixed.get(dim, size)
            if dim in ("node", "cluster"):
                wanted = shared.setdefault((dim, place.layer if dim == "cluster" else 0), size)
            if size != wanted or (size == 0 and dim != "edge"):
                raise RecordError(
                    f"{path}: tensor {name} has {size} along {dim}, it must have {wanted or 'at least 1'}"
                )


def to_array(content: bytes | bytearray, name: str, places: Places, path: Path) -> Array:
    """Return a tensor whose integers are in their range.

    Args:
        content: Its bytes.
        name: Its name.
        places: All tensors of the file.
        path: The file, for messages.

    Raises:
        RecordError: Naming the file, the tensor, the value and what is allowed.
    """
    place = places[name]
    variable, array = schema.VARIABLES[place.variable], np.frombuffer(content, DTYPES[place.dtype]).reshape(place.shape)
    if array.dtype.kind == "i" and array.size:
        most = _largest(variable.most, place.layer, places)
        if array.min() < 0 or array.max() > most:
            wrong = array.min() if array.min() < 0 else array.max()
            raise RecordError(f"{path}: tensor {name} holds {wrong}, it must hold integers from 0 to {most}")
        if variable.ascending and (array[1:] < array[:-1]).any():
            raise RecordError(f"{path}: tensor {name} does not ascend")
    return array


def _largest(most: int | str, layer: int, places: Places) -> int:
    """Return the largest integer; where it is a position, that of the last along its dimension in this layer."""
    if isinstance(most, int):
        return most
    names = [schema.tensor_name(name, layer) for name in schema.LAYER_VARIABLES] if layer else places
    sizes = (places[name].sizes.get(most) for name in names if name in places)
    last = next((size - 1 for size in sizes if size is not None), schema.LARGEST)
    return last + (most == "edge")
