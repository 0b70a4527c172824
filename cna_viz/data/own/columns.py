"""Columns that describe nodes: which is the label, which are masks, which are features."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from cna_viz.data.own.options import ImportOptions
from cna_viz.data.own.parts import listed
from cna_viz.data.own.structural import is_structural
from cna_viz.data.own.table_files import names
from cna_viz.errors import DataError, UsageError, nearest_first, unknown_name

LABELS: Final = ("label", "class", "y", "target")
_MASK: Final = re.compile(r"(train|val|test)(_mask)?(?:_?(\d+))?")
_ID_LIKE: Final = re.compile(r"(.*_)?(id|index)|unnamed: 0", re.IGNORECASE)


def choose(columns: Sequence[str], given: str | None, usual: Sequence[str]) -> str | None:
    """Return the column that the user gave, else the first with one of the usual names; None where there is none.

    Raises:
        UsageError: The column that the user gave is not there.
    """
    if given is not None and given not in columns:
        raise unknown_name("column", given, nearest_first(given, columns)[:20])
    return given or next((column for name in usual for column in columns if column.lower() == name), None)


def described(
    frame: pd.DataFrame, options: ImportOptions
) -> tuple[Any, pd.DataFrame | None, Mapping[str, Any], list[str]]:
    """Return labels, features and masks among the columns that describe nodes, and what was guessed.

    Raises:
        UsageError: The labels are not recognized, or a column that was named is not there.
    """
    for name in options.drop:
        choose(names(frame), name, ())
    frame = frame.drop(columns=list(options.drop))
    label = choose(names(frame), options.label, ()) or _only_label(frame)
    if label is None:
        raise UsageError(f"no column is named {either(LABELS)}: --label names it, one of {listed(names(frame))}")
    changes = [] if options.label else [f"labels are column {label!r} (--label names another)"]
    y = frame.pop(label)
    masks, frame = _masks(frame)
    x, said = _features(frame, options)
    return y.to_numpy(dtype=object if y.dtype.kind not in "biuf" else None), x, masks, changes + said


def _only_label(frame: pd.DataFrame) -> str | None:
    """Return the one column with a usual name of labels; the other would be a feature that tells them."""
    lower = {name.lower() for name in names(frame)}
    usual = {*LABELS} - ({"y"} if "x" in lower else set())  # x and y are a position
    found = [name for name in names(frame) if name.lower() in usual and not _all_differ(frame[name])]
    if len(found) > 1:
        raise UsageError(f"columns {' and '.join(found)} could both be the labels: --label names one, --drop the other")
    return found[0] if found else None


def _features(frame: pd.DataFrame, options: ImportOptions) -> tuple[pd.DataFrame | None, list[str]]:
    if options.features is not None and not is_structural(options.features):
        wanted = options.features.split(",")
        for name in wanted:
            choose(names(frame), name, ())
        unused = [name for name in names(frame) if name not in wanted]
        return frame[wanted], [f"left out, since --features does not name them: {listed(unused)}"] if unused else []
    ids = [name for name in names(frame) if _ID_LIKE.fullmatch(name) or _all_differ(frame[name])]
    said = [f"{name!r} looks like ids and is no feature (--features names the columns that are)" for name in ids]
    frame = frame.drop(columns=ids)
    return frame if len(frame.columns) else None, said


def _all_differ(column: "pd.Series[Any]") -> bool:
    """Whether a column of text has another value for every node, as names and ids have."""
    if column.dtype.kind in "biuf" or len(column) < 2:
        return False
    return all(isinstance(word, str) for word in column) and column.is_unique


def _masks(frame: pd.DataFrame) -> tuple[dict[str, Any], pd.DataFrame]:
    """Take the columns of masks out of a table: ``train_mask``, or ``train_mask_0`` ... for repetitions."""
    found: dict[str, list[tuple[int, str]]] = {}
    for name in names(frame):
        if parsed := _MASK.fullmatch(name):
            found.setdefault(parsed[1], []).append((int(parsed[3] or 0), name))
    numbers = {part: sorted(number for number, _ in columns) for part, columns in found.items()}
    if len(set(map(tuple, numbers.values()))) > 1:
        listed = ", ".join(f"{part} {' '.join(map(str, some))}" for part, some in numbers.items())
        raise DataError(f"the masks have different repetitions: {listed}; each needs train, val and test")
    taken = {part: frame[[name for _, name in sorted(columns)]] for part, columns in found.items()}
    others = frame.drop(columns=[name for columns in found.values() for _, name in columns])
    return {part: _flags(part, columns) for part, columns in taken.items()}, others


def _flags(part: str, columns: pd.DataFrame) -> Any:
    if not all(dtype.kind in "biuf" for dtype in columns.dtypes) or bool(columns.isna().to_numpy().any()):
        raise DataError(f"the {part} mask has values that are not true, false, 0 or 1, or has none for some nodes")
    values = columns.to_numpy(dtype="float64")
    return values[:, 0] if values.shape[1] == 1 else values


def either(names: Sequence[str]) -> str:
    """Return names as in ``"a, b or c"``."""
    return f"{', '.join(names[:-1])} or {names[-1]}"
