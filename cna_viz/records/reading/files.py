"""The forms of a record's files: JSON objects, lines of them, and safetensors."""

import hashlib
import json
import math
import stat
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Never

import numpy as np
from safetensors.numpy import save

from cna_viz.errors import RecordError, shown
from cna_viz.files import finite
from cna_viz.records.schema import LARGEST

MOST: Final = 4 * 2**30
"""Bytes of a file that is read into memory whole."""
DEEPEST: Final = 16
"""Objects and lists within each other in the JSON of a record."""


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
    except MemoryError:
        raise RecordError(f"{path}: not read, as its {size:,} bytes need more memory than there is") from None


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


def parse_json(content: bytes, where: Path | str) -> dict[str, Any]:
    """Read a JSON object.

    Refuses what JSON can say and no record does: a key twice, NaN, integers of more than 64 bits, text that can't be
    encoded, deep nesting.

    Args:
        content: The JSON.
        where: The file, for the message.

    Raises:
        RecordError: When it is no such object.
    """
    try:
        value = json.loads(content.decode(), object_pairs_hook=_each_once, parse_constant=_refuse_constant)
        _check_plain(value, DEEPEST)
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else error
        raise RecordError(f"{where}: not the JSON of a record ({why})") from None
    if not isinstance(value, dict):
        raise RecordError(f"{where}: not a JSON object")
    return value


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that holds a JSON object; errors as in :func:`parse_json`."""
    return parse_json(read_bytes(path), path)


def parse_lines(content: bytes, path: Path) -> list[dict[str, Any]]:
    """Read JSON objects, one a line; a last line without its line end was never finished and is dropped."""
    return [parse_json(line, f"{path}, line {number}") for number, line in enumerate(finished_lines(content), start=1)]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON objects as :func:`parse_lines` does."""
    return parse_lines(read_bytes(path), path)


def finished_lines(content: bytes) -> list[bytes]:
    """Return the lines that have their line end."""
    return content[: content.rfind(b"\n") + 1].splitlines()


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"{shown(twice)} occurs twice")
    return value


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is no number of JSON")


def _check_plain(value: Any, depth: int) -> None:
    """Raise ValueError for values that break what reads, prints or exports them."""
    if isinstance(value, dict | list):
        if depth == 0:
            raise ValueError("nested too deeply")
        for part in (*value, *value.values()) if isinstance(value, dict) else value:
            if type(part) is not float or not math.isfinite(part):
                _check_plain(part, depth - 1)
    elif isinstance(value, str):
        value.encode()  # lone surrogates can't be
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")
    elif isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError("an integer has more than 64 bits")


def tensors_to_bytes(tensors: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Return the safetensors file that holds these arrays."""
    return save({name: np.ascontiguousarray(array) for name, array in tensors.items()})


def sha256(content: bytes | bytearray) -> str:
    """Return the SHA-256 of ``content`` in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
