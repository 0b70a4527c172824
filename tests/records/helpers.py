"""The files of a record as the description in docs/schema.md has them, written without the library."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np


def manifest_line(folder: Path, name: str) -> dict[str, Any]:
    """Return what a manifest says of a file; where a header says not where its tensors are, it lists one in vain."""
    content = (folder / name).read_bytes()
    line = {"file": name, "bytes": len(content)}
    if not name.startswith("snapshots/"):
        return {**line, "sha256": digest(content)}
    end = 8 + int.from_bytes(content[:8], "little")
    try:
        places = {key: slice(*value["data_offsets"]) for key, value in json.loads(content[8:end]).items()}
        tensors = {key: digest(content[end:][place]) for key, place in places.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        tensors = {"prediction": "0" * 64}
    return {**line, "header": digest(content[:end]), "tensors": tensors}


def manifest_lines(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a manifest that fits what lies in the folder."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [manifest_line(folder, name) for name in names if name not in {"manifest.jsonl", "COMPLETE"}]


TWICE = "TWICE"
"""Stands for a key that is written twice."""
WIDTHS: dict[str, float] = {
    **{"I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F16": 2, "BF16": 2, "I16": 2, "U16": 2},
    **{"F32": 4, "I32": 4, "U32": 4, "F64": 8, "I64": 8, "U64": 8, "C64": 8, "F4": 0.5, "F6_E2M3": 0.75},
}
"""Bytes of a number, by the types that safetensors has."""
Tensor = list[Any]
"""Type, shape and bytes."""


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file as its header describes them."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    return {
        name: [entry["dtype"], entry["shape"], content[end:][slice(*entry["data_offsets"])]]
        for name, entry in json.loads(content[8:end]).items()
    }


def tensor_file(tensors: dict[str, Tensor], twice: str = "") -> bytes:
    """Return a safetensors file of any tensors; bytes that one has too few of are zeros, unless it is a giant."""
    entries, data = {}, b""
    for name, (dtype, shape, content) in tensors.items():
        length, start = _length(dtype, shape, len(content)), len(data)
        data += content[:length].ljust(length, b"\0")
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, len(data)]}
    header = json.dumps(entries).replace(f'"{TWICE}"', json.dumps(twice)).encode()
    return len(header).to_bytes(8, "little") + header + data


def _length(dtype: Any, shape: Any, before: int) -> int:
    sizes = shape if isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape) else [2**62]
    length = math.ceil(math.prod(sizes) * (WIDTHS.get(dtype, 1) if isinstance(dtype, str) else 1))
    return length if length < 10**5 else before


def snapshot_of(layers: int, nodes: int, **others: "np.ndarray[Any, Any]") -> dict[str, "np.ndarray[Any, Any]"]:
    """Return the tensors that every snapshot has, all ones, and others; ``__`` in a name stands for a dot."""
    places = [("conv", layer) for layer in range(1, layers + 1)] + [("slot", layer) for layer in range(1, layers)]
    embeddings = {f"embedding.{stage}.{layer:04d}": np.ones((nodes, 3), dtype=np.float16) for stage, layer in places}
    named = {name.replace("__", "."): array for name, array in others.items()}
    return {"prediction": np.ones(nodes, dtype=np.int32), **embeddings, **named}


GRAPH = {
    "target": np.array([0, 1]),
    "split_of_node": np.array([1, 2], dtype=np.int8),
    "degree": np.array([1, 1]),
    "edge_index": np.array([[0, 1], [1, 0]]),
}
"""Two nodes and their edge."""


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_manifest(folder: Path, lines: list[str]) -> None:
    """Give a record this manifest, and the mark that fits."""
    (folder / "manifest.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (folder / "COMPLETE").write_text(digest((folder / "manifest.jsonl").read_bytes()) + "\n")
