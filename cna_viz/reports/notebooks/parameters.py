"""The parameters that a notebook declares, and the strict conversion of given values.

papermill checks nothing: unknown names only warn, types are ignored, and a parameter *name* can carry code. So the
declarations are read from the notebook's cell tagged ``parameters`` and everything is checked here, before papermill::

    depths: list[int] = [2, 4, 8]  # numbers of layers

Nothing is guessed: ``2.0`` is no int, ``yes`` no bool, ``nan`` no float.
"""

import ast
import io
import json
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, TypeAdapter

from cna_viz.errors import ReportError, UsageError, shown, unknown_name
from cna_viz.reports.notebooks import validate


def _encodable(text: str) -> str:
    text.encode()  # lone surrogates, from undecodable bytes on the command line, can't be written to a notebook
    return text


_Float = Annotated[float, Field(allow_inf_nan=False)]
_Text = Annotated[str, AfterValidator(_encodable)]
KINDS: Final[Mapping[str, tuple[TypeAdapter[Any], str]]] = {
    "int": (TypeAdapter(int), "8"),
    "float": (TypeAdapter(_Float), "0.01"),
    "bool": (TypeAdapter(bool), "true"),
    "str": (TypeAdapter(_Text), "digits"),
    "list[int]": (TypeAdapter(list[int]), "2,4,8"),
    "list[float]": (TypeAdapter(list[_Float]), "0.1,0.5"),
    "list[str]": (TypeAdapter(list[_Text]), "relu,cna"),
}
"""The types that a parameter may be declared with, each with an example for messages."""
_SPELLING: Final = {
    "int": re.compile(r"[+-]?[0-9]+"),
    "float": re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"),
    "bool": re.compile(r"[Tt]rue|[Ff]alse"),
}
"""Accepted spellings of a scalar; Python's ``int`` would also take ``1_000`` and other digits."""


@dataclass(frozen=True)
class Parameter:
    """A declared parameter: ``name: annotation = default  # comment``."""

    name: str
    annotation: str
    default: object
    comment: str

    @property
    def kind(self) -> str:
        """The declared type without ``| None``."""
        return self.annotation.removesuffix(" | None").removeprefix("None | ")


def read_parameters(notebook: Path) -> list[Parameter]:
    """Return the declared parameters in order; empty when no cell is tagged ``parameters``.

    Raises:
        ReportError: The file is no notebook, or its parameter cell contains anything but annotated literals.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        tagged = [cell["source"] for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportError(f"{notebook} is not a notebook: {type(error).__name__}: {error}") from None
    try:
        return _declarations("".join(tagged[0]) if tagged else "")
    except (SyntaxError, ValueError) as error:
        raise ReportError(f"the parameter cell of {notebook} can't be read: {error}") from None


def convert(declared: Sequence[Parameter], given: Mapping[str, object], report: str = "") -> dict[str, object]:
    """Return the value of every declared parameter, checked in type and range: the given one, else the default.

    Args:
        declared: The parameters of the notebook.
        given: Text from a command line, or values of the declared type.
        report: Name of the report, for messages.

    Raises:
        UsageError: A name is not declared, or a value has the wrong type or is refused by :mod:`.validate`.
    """
    names = [parameter.name for parameter in declared]
    for name in given:
        if name not in names:  # also keeps out names that carry code: declared names are identifiers
            raise unknown_name(f"parameter of report {report!r}" if report else "parameter", name, names)
    values = {
        parameter.name: _value(parameter, given[parameter.name]) if parameter.name in given else parameter.default
        for parameter in declared
    }
    validate.check(values)
    return values


def as_text(value: object) -> str:
    """Return the text that a user would type for ``value``; :func:`convert` reads it back."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        items = [as_text(item) for item in value]
        plain = items and all(item and item == item.strip() and "," not in item for item in items)
        return ",".join(items) if plain and not items[0].startswith("[") else json.dumps(value, ensure_ascii=False)
    return str(value)


def _value(parameter: Parameter, given: object) -> object:
    kind, default = parameter.kind, parameter.default
    if kind != parameter.annotation and given in (None, "none", "None"):
        return None
    try:
        return _typed(kind, _from_text(kind, given) if isinstance(given, str) else given)
    except (ValueError, RecursionError):  # the last: JSON nested without end
        example = KINDS[kind][1] if default in (None, "", []) else as_text(default)
        raise UsageError(
            f"parameter {parameter.name} = {shown(given)} is not of type {parameter.annotation}; an example: {example}"
        ) from None


def _typed(kind: str, value: object) -> object:
    """Return ``value`` as one of ``kind``; an int may stand for a float and a tuple for a list, nothing else."""
    return KINDS[kind][0].validate_python(list(value) if isinstance(value, tuple) else value, strict=True)


def _from_text(kind: str, text: str) -> object:
    """Read a scalar, or a list as ``2,4,8`` or as JSON ``[2, 4, 8]``."""
    if kind.startswith("list"):
        if text.lstrip().startswith("["):
            return json.loads(text)
        return [_from_text(kind[5:-1], item.strip()) for item in text.split(",")]
    if kind == "str":
        return text
    if not _SPELLING[kind].fullmatch(text):
        raise ValueError(f"not of type {kind}: {text!r}")
    if kind == "bool":
        return text.lower() == "true"
    return int(text) if kind == "int" else float(text)


def _declarations(source: str) -> list[Parameter]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
    found = []
    for statement in ast.parse(source).body:
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value):
            raise ValueError(f"line {statement.lineno} is not of the form `name: type = default  # comment`")
        annotation = ast.unparse(statement.annotation)
        comment = comments.get(statement.end_lineno or statement.lineno, "")
        parameter = Parameter(statement.target.id, annotation, ast.literal_eval(statement.value), comment)
        if parameter.kind not in KINDS:
            raise ValueError(f"{parameter.name} has type {annotation}; choices: {', '.join(KINDS)}, or | None")
        try:
            if parameter.default is not None or parameter.kind == annotation:
                _typed(parameter.kind, parameter.default)
        except ValueError:
            raise ValueError(f"{parameter.name} = {shown(parameter.default)} is not of type {annotation}") from None
        found.append(parameter)
    return found
