"""Features of any type become float32: text one-hot, missing values filled on request, anything else refused."""

import math
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cna_viz.data.own.parts import check_size, plural
from cna_viz.errors import DataError, UsageError, shown

MOST_VALUES: Final = 50
"""Maximum number of values of a column of text that becomes one-hot."""

Values = np.ndarray[Any, Any]


def feature_matrix(x: Tensor | pd.DataFrame, fill: str | None) -> tuple[Tensor, list[str]]:
    """Return features as float32, and what was changed.

    Args:
        x: Numbers, or columns of numbers and words.
        fill: Value for missing ones, or ``mean``, that of the column.

    Raises:
        DataError: Values are missing, infinite or too large, or a column has too many words.
        UsageError: ``fill`` is no number where one is needed.
    """
    return _of_tensor(x, fill) if isinstance(x, Tensor) else _of_table(x, fill)


def _of_tensor(x: Tensor, fill: str | None) -> tuple[Tensor, list[str]]:
    if x.dim() != 2:
        raise DataError(f"features have shape {list(x.shape)}, not [nodes, features]")
    found = x.to(torch.float32, copy=True)
    said = [] if x.dtype == torch.float32 else [f"features were {str(x.dtype).removeprefix('torch.')} and are float32"]
    for number in (~torch.isfinite(found)).any(dim=0).nonzero().flatten().tolist():
        column, changed = _finite(x[:, number].double().numpy(), f"feature {number}", fill)
        found[:, number] = torch.from_numpy(column)
        said += changed
    return found, said


def _of_table(frame: pd.DataFrame, fill: str | None) -> tuple[Tensor, list[str]]:
    columns: list[Values] = []
    said: list[str] = []
    check_size(4 * frame.size, "the features")
    for name, column in frame.items():
        made, changed = _column(str(name), column, fill)
        columns.append(made)
        said += changed
    return torch.from_numpy(np.concatenate(columns, axis=1)), said


def _column(name: str, column: "pd.Series[Any]", fill: str | None) -> tuple[Values, list[str]]:
    if column.dtype.kind in "biuf":
        values, said = _finite(column.to_numpy(dtype="float64", na_value=math.nan), f"column {name!r}", fill)
        return values[:, None], said
    missing = column.isna()
    if bool(missing.any()) and fill in {None, "mean"}:
        raise DataError(
            f"column {name!r} has {plural(int(missing.sum()), 'missing value')}: --fill WORD or --drop {name}"
        )
    words = column.where(~missing, fill)
    if not all(isinstance(word, str | bool | np.bool_) for word in words):
        raise DataError(f"column {name!r} is neither all numbers nor all text ({shown(_odd(words))}): --drop {name}")
    return _one_hot(name, words.astype(str), int(missing.sum()))


def _odd(words: "pd.Series[Any]") -> object:
    return next(word for word in words if not isinstance(word, str | bool | np.bool_))


def _one_hot(name: str, words: "pd.Series[str]", filled: int) -> tuple[Values, list[str]]:
    values, codes = np.unique(words.to_numpy(dtype=object), return_inverse=True)
    if len(values) > MOST_VALUES:
        raise DataError(
            f"column {name!r} is text with {len(values):,} values, and at most {MOST_VALUES} become one-hot features: "
            f"--drop {name} leaves it out"
        )
    said = [f"{plural(filled, 'missing value')} of column {name!r} filled"] if filled else []
    said.append(f"column {name!r} is text: {plural(len(values), 'one-hot feature')}")
    return np.eye(len(values), dtype=np.float32)[codes], said


def _finite(values: Values, what: str, fill: str | None) -> tuple[Values, list[str]]:
    """Return a column as finite float32."""
    missing = np.isnan(values)
    said = []
    if missing.any():
        values = np.where(missing, _filling(values[~missing], what, int(missing.sum()), fill), values)
        said = [f"{plural(int(missing.sum()), 'missing value')} of {what} filled with {fill}"]
    if not np.isfinite(values).all():
        raise DataError(f"{what} has infinite values: replace them in the file, or leave it out with --drop")
    with np.errstate(over="ignore"):
        found = values.astype(np.float32)
    if not np.isfinite(found).all():
        raise DataError(f"{what} has {shown(float(np.abs(values).max()))}, which float32 can't hold: scale it")
    return found, said


def _filling(known: Values, what: str, missing: int, fill: str | None) -> float:
    if fill is None:
        raise DataError(f"{what} has {plural(missing, 'missing value')}: --fill VALUE or --fill mean fills them")
    if fill == "mean":
        if not len(known):
            raise DataError(f"{what} has no value at all, so that it has no mean: leave it out with --drop")
        return float(known.mean())
    try:
        value = float(fill)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(
            f"--fill {shown(fill)} is not accepted for {what}, which is numbers: give a finite one or mean"
        )
    return value
