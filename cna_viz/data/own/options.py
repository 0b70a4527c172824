"""Options of an import, for Python and the command line. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from cna_viz.config.vocabulary import SCORES, TASKS
from cna_viz.errors import UsageError, unknown_name

_CHOICES: Final = {"task": TASKS, "metric": SCORES, "weights": ("use", "drop")}


def _option(text: str, default: Any = None) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class ImportOptions:
    """What the user says of the files; what is left out is recognized by its name, or refused."""

    id: str | None = _option("column with the ids of nodes")
    label: str | None = _option("column, attribute or array with the labels")
    source: str | None = _option("column with the sources of edges")
    target: str | None = _option("column with the targets of edges")
    weight: str | None = _option("column, attribute or array with the weights of edges")
    features: str | None = _option("columns a,b,c; or degree, onehot, random:K or laplacian:K; or a file, for .mtx")
    labels: str | None = _option("file with a label per line, or a table of id and label, for .mtx")
    drop: tuple[str, ...] = _option("columns, attributes or arrays a,b,c to leave out", ())
    fill: str | None = _option("value for missing features, or mean")
    directed: bool = _option("keep the direction of edges", False)
    weights: str = _option("use or drop the weights of edges", "use")
    task: str | None = _option("node-classification or node-regression, where labels could be either")
    metric: str | None = _option("score that selects: accuracy, macro_f1, roc_auc, nmse or r2")

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in choices:
                raise unknown_name(name, str(value), choices)

    def read_by(self, name: str, *used: str) -> None:
        """Refuse options that a format has no use for.

        Raises:
            UsageError: One was given.
        """
        for option in {"id", "source", "target", "labels"} - {*used}:
            if getattr(self, option) is not None:
                raise UsageError(f"--{option} has no meaning for {name}: leave it out")


def import_options(given: Mapping[str, Any]) -> ImportOptions:
    """Return the options given by name; paths and numbers become text, and ``"a,b"`` becomes a tuple of columns.

    Raises:
        UsageError: There is no such option, or a value is not allowed.
    """
    known = [option.name for option in fields(ImportOptions)]
    for name in given:
        if name not in known:
            raise unknown_name("option", name, known)
    values = {name: value for name, value in given.items() if value is not None}
    return ImportOptions(**{name: _plain(name, value) for name, value in values.items()})


def _plain(name: str, value: Any) -> Any:
    if name == "directed":
        return bool(value)
    if name == "drop":
        return tuple(value.split(",")) if isinstance(value, str) else tuple(map(str, value))
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
