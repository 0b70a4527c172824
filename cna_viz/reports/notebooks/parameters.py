"""The parameters a notebook declares, and the strict road from what a user gives to what is injected.

papermill checks nothing: unknown names only warn, types are ignored, and a parameter *name* can carry code. So the
declarations are read from the notebook's cell tagged ``parameters`` and everything is checked here, before papermill::

    depths: list[int] = [2, 4, 8]  # numbers of layers
"""

import ast
import io
import json
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cna_viz.errors import ReportError, UsageError, shown, unknown_name
from cna_viz.reports.notebooks import types, validate


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

    @property
    def optional(self) -> bool:
        """Whether ``none`` is a value."""
        return self.kind != self.annotation


def read_parameters(notebook: Path) -> list[Parameter]:
    """Return what ``notebook`` declares, in its order; nothing when no cell is tagged ``parameters``.

    Raises:
        ReportError: The file is no notebook, or its parameter cell holds something else than annotated literals.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        tagged = [cell["source"] for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportError(f"{notebook} is not a notebook: {type(error).__name__}: {error}") from None
    source = "".join(tagged[0]) if tagged else ""
    try:
        return _declarations(source)
    except (SyntaxError, ValueError) as error:
        raise ReportError(f"the parameter cell of {notebook} can't be read: {error}") from None


def convert(declared: Sequence[Parameter], given: Mapping[str, object], report: str = "") -> dict[str, object]:
    """Return the value of every declared parameter, checked in type and meaning: the given one, else the default.

    Args:
        declared: What the notebook declares.
        given: Text from a command line, or values of the declared type.
        report: Name of the report, for messages.

    Raises:
        UsageError: A name is not declared, a value has the wrong type, or means nothing (see :mod:`.validate`).
    """
    names = [parameter.name for parameter in declared]
    for name in given:
        if name not in names:  # also the wall against names that carry code: declared names are identifiers
            raise unknown_name(f"parameter of report {report!r}" if report else "parameter", name, names)
    values = {
        parameter.name: _value(parameter, given[parameter.name]) if parameter.name in given else parameter.default
        for parameter in declared
    }
    validate.check(values)
    return values


def describe(declared: Sequence[Parameter]) -> list[tuple[str, str, str, str]]:
    """Return rows of name, type, default (as one would type it) and comment, for a help text."""
    return [(item.name, item.annotation, types.as_text(item.default), item.comment) for item in declared]


def _value(parameter: Parameter, given: object) -> object:
    if parameter.optional and (given is None or given in ("none", "None")):
        return None
    try:
        if isinstance(given, str) and parameter.kind != "str":
            return types.from_text(parameter.kind, given)
        return types.typed(parameter.kind, given)
    except (ValueError, LookupError, RecursionError):  # the last: JSON nested without end
        default = parameter.default
        example = types.EXAMPLES[parameter.kind] if default in (None, "", []) else types.as_text(default)
        raise UsageError(
            f"parameter {parameter.name} = {shown(given)} is not of type {parameter.annotation}; an example: {example}"
        ) from None


def _declarations(source: str) -> list[Parameter]:
    comments = _comments(source)
    found = []
    for statement in ast.parse(source).body:
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value):
            raise ValueError(f"line {statement.lineno} is not of the form `name: type = default  # comment`")
        annotation = ast.unparse(statement.annotation)
        comment = comments.get(statement.end_lineno or statement.lineno, "")
        parameter = Parameter(statement.target.id, annotation, ast.literal_eval(statement.value), comment)
        if parameter.kind not in types.KINDS:
            raise ValueError(f"{parameter.name} has type {annotation}; choices: {', '.join(types.KINDS)}, or | None")
        if not (parameter.optional and parameter.default is None):
            types.typed(parameter.kind, parameter.default)
        found.append(parameter)
    return found


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
