"""The types a report parameter may be declared with: text into values, values into text, examples for messages.

Conversion is strict. ``2.0`` is no int, ``yes`` is no bool, ``nan`` is no float; nothing is guessed.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Final

SCALARS: Final = ("int", "float", "bool", "str")
LISTS: Final = ("list[int]", "list[float]", "list[str]")
KINDS: Final = (*SCALARS, *LISTS)
EXAMPLES: Final = {
    "int": "8",
    "float": "0.01",
    "bool": "true",
    "str": "digits",
    "list[int]": "2,4,8",
    "list[float]": "0.1,0.5",
    "list[str]": "relu,cna",
}


def from_text(kind: str, text: str) -> object:
    """Read a value of ``kind`` from text; a list is ``2,4,8`` or JSON ``[2, 4, 8]``.

    Raises:
        ValueError: The text does not spell a value of that kind.
    """
    if kind in LISTS:
        if text.lstrip().startswith("["):
            return typed(kind, json.loads(text))
        return [_scalar_from_text(kind[5:-1], item.strip()) for item in text.split(",")]
    return _scalar_from_text(kind, text)


def typed(kind: str, value: object) -> object:
    """Return a Python ``value`` as one of ``kind``: an int may stand for a float, a tuple for a list, nothing else.

    Raises:
        ValueError: The value has another type, or is no finite number, or no valid text.
    """
    if kind in LISTS:
        if not isinstance(value, list | tuple):
            raise ValueError(f"not a list: {value!r}")
        return [typed(kind[5:-1], item) for item in value]
    if kind == "float" and type(value) is int:
        value = float(value)
    if type(value).__name__ != kind or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError(f"not {kind}: {value!r}")
    if isinstance(value, str):
        value.encode()  # lone surrogates, from undecodable bytes on the command line, can't be written to a notebook
    return value


def as_text(value: object) -> str:
    """Return the text that a user would type for ``value``; :func:`from_text` reads it back."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        items = [as_text(item) for item in value]
        plain = items and all(item and item == item.strip() and "," not in item for item in items)
        return ",".join(items) if plain and not items[0].startswith("[") else json.dumps(value, ensure_ascii=False)
    return str(value)


def _scalar_from_text(kind: str, text: str) -> object:
    readers: dict[str, Callable[[str], object]] = {"int": _int, "float": _float, "bool": _bool, "str": _str}
    return typed(kind, readers[kind](text))


def _int(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text):  # int() would take "1_000" and other digits too
        raise ValueError(text)
    return int(text)


def _float(text: str) -> float:
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        raise ValueError(text)
    return float(text)


def _bool(text: str) -> bool:
    return {"true": True, "True": True, "false": False, "False": False}[text]


def _str(text: str) -> str:
    return text
