"""The forms of a record's files: JSON objects, lines of them, and safetensors."""

import hashlib
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from cna_viz.errors import RecordError
from cna_viz.files import finite

MOST: Final = 4 * 2**30
"""Bytes of a file that is read into memory whole."""


def to_json(value: Any) -> str:
    """Return one line of JSON with sorted keys; numbers that are not finite become null."""
    return json.dumps(finite(value), sort_keys=True, allow_nan=False)


def read_bytes(path: Path) -> bytes:
    """Read a file; raises :class:`~cna_viz.errors.RecordError` naming it when that is not possible."""
    size = size_of(path)
    if size > MOST:
        raise RecordError(f"{path}: not read, as it has {size:,} bytes; a file of a record has at most {MOST:,}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: not readable ({error.strerror})") from None


def size_of(path: Path) -> int:
    """Return the bytes of a file of a record, which is a file of its own.

    A link could lead anywhere, and who reads a pipe or a device waits for ever.

    Raises:
        RecordError: Naming the file, when it is missing, or a link or anything else that is no file.
    """
    try:
        status = path.lstat()
    except OSError as error:
        raise RecordError(f"{path}: not readable ({error.strerror})") from None
    if not stat.S_ISREG(status.st_mode):
        raise RecordError(f"{path}: not a file of its own; links and devices are not read")
    return status.st_size


def parse_json(content: bytes, path: Path) -> dict[str, Any]:
    """Read a JSON object; raises :class:`~cna_viz.errors.RecordError` naming ``path`` when it is none."""
    return _object(content, str(path))


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that holds a JSON object; errors as in :func:`parse_json`."""
    return parse_json(read_bytes(path), path)


def parse_lines(content: bytes, path: Path) -> list[dict[str, Any]]:
    """Read JSON objects, one a line; a last line without its line end was never finished and is dropped."""
    return [_object(line, f"{path}, line {number}") for number, line in enumerate(finished_lines(content), start=1)]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON objects as :func:`parse_lines` does."""
    return parse_lines(read_bytes(path), path)


def finished_lines(content: bytes) -> list[bytes]:
    """Return the lines that have their line end."""
    return content[: content.rfind(b"\n") + 1].splitlines()


def _object(text: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise RecordError(f"{where}: not JSON ({error})") from None
    except RecursionError:
        raise RecordError(f"{where}: not JSON of a record (nested without end)") from None
    if not isinstance(value, dict):
        raise RecordError(f"{where}: not a JSON object")
    return value


def tensors_to_bytes(tensors: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Return the safetensors file that holds these arrays."""
    return save({name: np.ascontiguousarray(array) for name, array in tensors.items()})


def tensors_from_bytes(content: bytes, path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read a safetensors file, its arrays by name in order; raises RecordError naming ``path`` when it is none."""
    try:
        return dict(sorted(load(content).items()))  # loaded in an order that differs from time to time
    except SafetensorError as error:
        raise RecordError(f"{path}: not a safetensors file ({error})") from None


def sha256(content: bytes | memoryview) -> str:
    """Return the SHA-256 of ``content`` in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
