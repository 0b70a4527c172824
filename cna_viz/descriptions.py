"""YAML files written by users: a dictionary, or a one-line error with its place."""

import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from cna_viz.errors import UsageError, shown

MOST_BYTES: Final = 1_000_000
"""Maximum size of a file."""
MOST_VALUES: Final = 100_000
"""Maximum number of values in a file, with aliases (``*name``) expanded."""
_LONGEST: Final = 200
"""Maximum number of characters that a message quotes from PyYAML."""
_UNWRITABLE: Final = re.compile("[\0\ud800-\udfff]")
"""NUL and lone surrogates, which YAML can express, and file names and UTF-8 can't."""


class _Loader(yaml.SafeLoader):
    """Reads 1e-4 as a number, as YAML 1.2 does; refuses duplicate keys, circular values and exponential expansion."""

    def get_single_data(self) -> Any:
        root = self.get_single_node()
        if root is None:
            return None
        _size(root, {})
        return self.construct_document(root)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError):  # e.g. the date 2024-99-99
            raise _refused(f"{shown(node.value)} is not a valid {node.tag.rpartition(':')[2]}", node) from None


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def _size(node: yaml.Node, known: dict[yaml.Node, int]) -> int:
    """Return the number of values in a node, and refuse what :class:`_Loader` refuses."""
    if node in known:
        if not known[node]:
            raise _refused("a value contains itself", node)
        return known[node]
    known[node] = 0  # until it is counted
    parts: list[yaml.Node] = []
    if isinstance(node, yaml.ScalarNode) and _UNWRITABLE.search(node.value):
        raise _refused(f"{shown(node.value)} contains a NUL or a lone surrogate", node)
    if isinstance(node, yaml.MappingNode):
        keys = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if (key.tag, key.value) in keys:
                    raise _refused(f"the key {shown(key.value)} occurs twice", key)
                keys.add((key.tag, key.value))
        parts = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        parts = node.value
    known[node] = 1 + sum(_size(part, known) for part in parts)
    if known[node] > MOST_VALUES:
        raise _refused(f"it expands to more than {MOST_VALUES} values", node)
    return known[node]


def _refused(problem: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def read_text(path: Path, what: str) -> str:
    """Return the text of a file, which should describe ``what``, such as ``a grid``.

    Raises:
        UsageError: If it can't be read, is too large, or is not text.
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
    """Return the dictionary that a YAML text describes; ``file``, ``what`` and the possible ``keys`` are for messages.

    Raises:
        UsageError: If it is not YAML, or not a dictionary.
    """
    data = parse_any(text, file)
    if not isinstance(data, dict):
        raise UsageError(f"{file}: {what} needs some of the keys {', '.join(keys)}")
    return data


def parse_any(text: str, file: str) -> Any:
    """Return the value that a YAML text describes, without executing anything; otherwise as :func:`parse`."""
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
    """Return the line number of every item of the list at ``key`` of the outermost dictionary; empty without a list."""
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    lists = (value.value for name, value in root.value if name.value == key and isinstance(value, yaml.SequenceNode))
    return [item.start_mark.line + 1 for item in next(lists, [])]
