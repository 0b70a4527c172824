"""The file formats of a record: JSON objects, lines of them, and safetensors."""

import hashlib
import json
import math
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Never

import numpy as np
from safetensors.numpy import save

from cna_viz.errors import RecordError, shown
from cna_viz.files import finite
from cna_viz.records.schema import LARGEST

MOST: Final = 4 * 2**30
"""Maximum size in bytes of a file that is read as a whole."""
DEEPEST: Final = 16
"""Maximum nesting of the JSON of a record."""


def to_json(value: Any) -> str:
    """Return one line of JSON with sorted keys; non-finite numbers become null."""
    return json.dumps(finite(value), sort_keys=True, allow_nan=False)


@contextmanager
def readable(path: Path | str) -> Iterator[None]:
    """Raise :class:`~cna_viz.errors.RecordError`, which names the path, if it can't be read or exceeds the memory."""
    try:
        yield
    except OSError as error:
        raise RecordError(f"{path}: not readable ({error.strerror})") from None
    except MemoryError:
        raise RecordError(f"{path}: not read: it does not fit into memory") from None


def size_of(path: Path) -> int:
    """Return the size of a regular file; refuse links, which lead anywhere, and pipes, which can block forever."""
    with readable(path):
        status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise RecordError(f"{path}: not a regular file; links and devices are not read")
    return status.st_size


def read_bytes(path: Path) -> bytes:
    """Read a regular file; raises :class:`~cna_viz.errors.RecordError` if that is impossible."""
    size = size_of(path)
    if size > MOST:
        raise RecordError(f"{path}: not read: it has {size:,} bytes, and a file of a record has at most {MOST:,}")
    with readable(path):
        return path.read_bytes()


def parse_json(content: bytes, where: Path | str) -> dict[str, Any]:
    """Parse a JSON object; refuse duplicate keys, NaN, integers beyond 64 bits, unencodable text, and deep nesting."""
    try:
        value = json.loads(content.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
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
    """Parse one JSON object per line, dropping an unfinished last line."""
    return [parse_json(line, f"{path}, line {number}") for number, line in enumerate(finished_lines(content), start=1)]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON objects as :func:`parse_lines` does."""
    return parse_lines(read_bytes(path), path)


def finished_lines(content: bytes) -> list[bytes]:
    """Return the lines that end in a newline."""
    return content[: content.rfind(b"\n") + 1].splitlines()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"{shown(twice)} occurs twice")
    return value


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not a JSON number")


def _check_plain(value: Any, depth: int) -> None:
    if isinstance(value, dict | list):
        if depth == 0:
            raise ValueError("nested too deeply")
        for part in (*value, *value.values()) if isinstance(value, dict) else value:
            if type(part) is not float or not math.isfinite(part):
                _check_plain(part, depth - 1)
    elif isinstance(value, str):
        value.encode()  # raises for lone surrogates
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")
    elif isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError("an integer has more than 64 bits")


def tensors_to_bytes(tensors: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Return the safetensors file that holds these arrays."""
    return save({name: np.ascontiguousarray(array) for name, array in tensors.items()})


def sha256(content: bytes | bytearray) -> str:
    """Return the SHA-256 as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
