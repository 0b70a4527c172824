"""What users describe in YAML files: text in, a dictionary out, or one line that says what is wrong and where."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from cna_viz.errors import UsageError

MOST_BYTES: Final = 1_000_000
"""Size above which a file describes nothing."""


_POWER_OF_TEN: Final = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")


class _Loader(yaml.SafeLoader):
    """Reads 1e-4 as a number, as YAML 1.2 does; to PyYAML, which is at YAML 1.1, it is text."""


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _POWER_OF_TEN, list("-+0123456789"))


def read_text(path: Path, what: str) -> str:
    """Return the text of a file.

    Args:
        path: The file.
        what: What it should describe, for messages: ``a grid``.

    Raises:
        UsageError: When it can't be read, is too large, or is no text.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{path}: too large for {what}: {path.stat().st_size} bytes, at most {MOST_BYTES}")
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a text file in UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror or error}") from None


def parse(text: str, file: str, what: str, keys: Iterable[str]) -> dict[str, Any]:
    """Return the dictionary that a YAML text describes. Nothing in it is executed.

    Args:
        text: The text.
        file: Name of its file, for messages.
        what: What it should describe, for messages: ``a grid``.
        keys: Keys that it may have, for messages.

    Raises:
        UsageError: When it is not YAML, or no dictionary.
    """
    data = parse_any(text, file)
    if not isinstance(data, dict):
        raise UsageError(f"{file}: {what} needs some of the keys {', '.join(keys)}")
    return data


def parse_any(text: str, file: str) -> Any:
    """Return whatever a YAML text describes. Nothing in it is executed.

    Args:
        text: The text.
        file: Name of its file, for messages.

    Raises:
        UsageError: When it is not YAML.
    """
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        raise UsageError(f"{file}{where}: not YAML ({getattr(error, 'problem', None) or 'unreadable'})") from None
    except RecursionError:
        raise UsageError(f"{file}: nested too deeply") from None


def lines_of(text: str, key: str) -> list[int]:
    """Return the line, from 1, on which each item of the list below ``key`` begins; none where there is no such list.

    Args:
        text: A text that :func:`parse` accepts.
        key: A key of its outermost dictionary.
    """
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    for name, value in root.value:
        if name.value == key and isinstance(value, yaml.SequenceNode):
            return [item.start_mark.line + 1 for item in value.value]
    return []
