"""The forms of a record's files: JSON objects, lines of them, and safetensors."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from cna_viz.errors import RecordError
from cna_viz.files import finite


def to_json(value: Any) -> str:
    """Return one line of JSON with sorted keys; numbers that are not finite become null."""
    return json.dumps(finite(value), sort_keys=True, allow_nan=False)


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
