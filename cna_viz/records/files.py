"""Plain files written so that a crash at any moment leaves either the old state or the new one."""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from cna_viz.errors import RecordError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, force it to disk, then give it its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def to_json(value: Any) -> str:
    """Return one line of JSON with sorted keys; numbers that are not finite become null."""
    return json.dumps(_without_infinities(value), sort_keys=True, allow_nan=False)


def _without_infinities(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_infinities(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_without_infinities(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; raises :class:`~cna_viz.errors.RecordError` naming the file when it is none."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RecordError(f"{path}: not readable as JSON ({error})") from None
    if not isinstance(value, dict):
        raise RecordError(f"{path}: not a JSON object")
    return value


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON objects, one a line; a last line without its line end was never finished and is dropped."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: not readable ({error.strerror})") from None
    lines = text[: text.rfind(b"\n") + 1].splitlines()
    entries = []
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise RecordError(f"{path}, line {number}: not JSON ({error})") from None
        if not isinstance(entry, dict):
            raise RecordError(f"{path}, line {number}: not a JSON object")
        entries.append(entry)
    return entries


def tensors_to_bytes(tensors: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Return the safetensors file that holds these arrays."""
    return save({name: np.ascontiguousarray(array) for name, array in tensors.items()})


def tensors_from_bytes(content: bytes, path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read a safetensors file; raises :class:`~cna_viz.errors.RecordError` naming ``path`` when it is none."""
    try:
        return load(content)
    except SafetensorError as error:
        raise RecordError(f"{path}: not a safetensors file ({error})") from None


def sha256(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
