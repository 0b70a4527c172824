"""What users describe in YAML files: text in, a dictionary out, or one line that says what is wrong and where."""

import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from cna_viz.errors import UsageError, shown

MOST_BYTES: Final = 1_000_000
"""Size above which a file describes nothing."""
MOST_VALUES: Final = 100_000
"""Values that a file may stand for, those counted again that it takes from elsewhere in it (``*name``)."""


_LONGEST: Final = 200
"""Letters of what a parser says that a message repeats."""
_UNWRITABLE: Final = re.compile("[\0\ud800-\udfff]")
"""NUL and lone surrogates: YAML can express them, file names and UTF-8 can't."""
_POWER_OF_TEN: Final = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$")


class _Loader(yaml.SafeLoader):
    """Reads 1e-4 as a number, as YAML 1.2 does; to PyYAML, which is at YAML 1.1, it is text.

    What PyYAML reads without a word is refused: a key that stands twice in a table, a few lines that stand for millions
    of values, and values that hold themselves.
    """

    def get_single_data(self) -> Any:
        """Return what the text describes."""
        root = self.get_single_node()
        if root is None:
            return None
        _size(root, {})
        return self.construct_document(root)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return the value of a node, or say where one is that is no value of its kind, as the date 2024-99-99."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError):
            raise _refused(f"{shown(node.value)} is no {node.tag.rpartition(':')[2]}", node) from None


def _size(node: yaml.Node, known: dict[yaml.Node, int]) -> int:
    """Return how many values a node stands for; refuse too many, itself among them, and keys that stand twice."""
    if node in known:
        if not known[node]:
            raise _refused("a value holds itself", node)
        return known[node]
    known[node] = 0  # until it is counted
    if isinstance(node, yaml.ScalarNode) and _UNWRITABLE.search(node.value):
        raise _refused(f"{shown(node.value)} contains a NUL or a lone surrogate", node)
    parts: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        _check_keys([key for key, _ in node.value])
        parts = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        parts = node.value
    known[node] = 1 + sum(_size(part, known) for part in parts)
    if known[node] > MOST_VALUES:
        raise _refused(f"it stands for more than {MOST_VALUES} values", node)
    return known[node]


def _check_keys(keys: list[yaml.Node]) -> None:
    seen = set()
    for key in keys:
        name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else None
        if name in seen and key.tag != "tag:yaml.org,2002:merge":
            raise _refused(f"the key {shown(key.value)} stands there twice", key)
        seen.update([] if name is None else [name])


def _refused(problem: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


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
        if not stat.S_ISREG(path.stat().st_mode):  # a device or a pipe may never end
            raise UsageError(f"{path}: not a regular file; save {what} to one first")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)  # some files hold more than the system reports
        if len(content) > MOST_BYTES:
            raise UsageError(f"{path}: too large for {what}: at most {MOST_BYTES} bytes")
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a text file in UTF-8") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UsageError(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}") from None


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
        problem = str(getattr(error, "problem", None) or "unreadable")
        raise UsageError(f"{file}{where}: not YAML ({problem[:_LONGEST]})") from None
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
