"""Labels of any type become classes 0 ... C - 1 with names, or numbers to predict; what is missing stays unlabelled."""

import re
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cna_viz.data.clean import UNLABELLED
from cna_viz.data.own.parts import listed, plural
from cna_viz.errors import DataError, UsageError, shown

MOST_FLOATS: Final = 100
"""Maximum number of distinct whole numbers, stored as floats, that are taken for classes."""
MISSING_WORDS: Final = "-1, empty, or NA, NaN, null or None as text"
"""What counts as no label."""
_INTEGER: Final = re.compile(r"[+-]?\d{1,18}")

Values = np.ndarray[Any, Any]


class Labels(NamedTuple):
    """Classes or numbers, the names of the classes where they have any, and what was changed."""

    y: Tensor
    names: tuple[str, ...]
    changes: tuple[str, ...]


def read_labels(y: Values, task: str | None) -> Labels:
    """Return labels of any type.

    Args:
        y: Integers, floats, booleans or text, ``[rows]`` or ``[rows, 1]``, or one-hot rows.
        task: node-classification or node-regression, where the user says it.

    Raises:
        DataError: Labels are infinite, or there are several per row.
        UsageError: They don't fit the task.
    """
    values, said = label_values(y)
    if values.dtype.kind == "O":
        found = _of_words(values, task)
    elif task == "node-regression":
        found = numbers_to_predict(values.astype(np.float64), "as the task says")
    elif values.dtype.kind == "f":
        found = _of_floats(values.astype(np.float64), task)
    else:
        found = _of_integers(as_int64(values))
    return found._replace(changes=(*said, *found.changes))


def are_whole(values: Values) -> bool:
    """Whether all values but NaN are whole numbers that float64 can count."""
    known = values[~np.isnan(values)]
    return bool((known == np.floor(known)).all() and (np.abs(known) < 2**53).all())


def label_values(y: Values) -> tuple[Values, list[str]]:
    """Return labels, one per row: numbers, or text and None; and what was changed.

    Raises:
        DataError: There are several per row, or one is neither a number nor text.
    """
    flat, said = _flat(y)
    return (_numbers_in_text(flat) if flat.dtype.kind not in "biuf" else flat), said


def _flat(y: Values) -> tuple[Values, list[str]]:
    if y.ndim == 2 and y.shape[1] == 1:
        return y[:, 0], []
    if y.ndim == 2 and y.dtype.kind in "biuf" and len(y):
        if not (np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()):
            raise DataError(f"labels of shape {list(y.shape)} are several per node, and there is no task for that")
        return y.argmax(axis=1), [f"labels were one-hot rows of {y.shape[1]} classes"]
    if y.ndim != 1:
        raise DataError(f"labels have shape {list(y.shape)}, not one per node")
    return y, []


def _numbers_in_text(y: Values) -> Values:
    """Return text that is all whole numbers as integers, all numbers as floats, and any other as text or None."""
    words = [_word(value) for value in y]
    known = [word for word in words if word is not None]
    if known and all(_INTEGER.fullmatch(word) for word in known):
        return np.array([UNLABELLED if word is None else int(word) for word in words], dtype=np.int64)
    try:
        return np.array([np.nan if word is None else _number(word) for word in words])
    except ValueError:
        return np.array([None if word == str(UNLABELLED) else word for word in words], dtype=object)


def _word(value: Any) -> str | None:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if not isinstance(value, str | int | float | np.generic) or isinstance(value, np.complexfloating):
        raise DataError(f"label {shown(value)} is neither a number nor text")
    text = str(int(value)) if isinstance(value, bool | np.bool_) else str(value).strip()
    return None if text.lower() in {"", "nan", "none"} else text


def _of_words(words: Values, task: str | None) -> Labels:
    if task == "node-regression":
        wrong = next(word for word in words if word is not None and not _is_number(word))
        raise UsageError(f"label {shown(wrong)} is no number, so that the task can't be node-regression")
    names = sorted({word for word in words if word is not None})
    numbers = {name: number for number, name in enumerate(names)} | {None: UNLABELLED}
    y = torch.tensor([numbers[word] for word in words])
    return Labels(y, tuple(names), (f"classes are text, in alphabetical order: {listed(names)}", *_unlabelled(y < 0)))


def _number(word: str) -> float:
    """Return a number in text. Python would also read ``1_0``, which is a name."""
    if "_" in word:
        raise ValueError(word)
    return float(word)


def _is_number(word: str) -> bool:
    try:
        _number(word)
    except ValueError:
        return False
    return True


def _of_floats(values: Values, task: str | None) -> Labels:
    known = values[~np.isnan(values)]
    whole = are_whole(known)
    if task is None and not (whole and len(np.unique(known)) <= MOST_FLOATS):
        many = f"more than {MOST_FLOATS} whole ones (--task node-classification makes them classes)"
        return numbers_to_predict(values, f"since they are {many if whole else 'not whole'}")
    if not whole:
        raise UsageError(
            f"label {shown(float(known[known != np.floor(known)][0]))} is no class: classes are whole numbers"
        )
    found = _of_integers(np.where(np.isnan(values), UNLABELLED, values).astype(np.int64))
    said = "labels were floats, all whole: they are classes (--task node-regression makes them numbers)"
    return found._replace(changes=(said, *found.changes))


def numbers_to_predict(values: Values, why: str) -> Labels:
    """Return numbers as float32, with NaN where there is none; ``why`` they are no classes is a clause.

    Raises:
        DataError: One is infinite.
    """
    with np.errstate(over="ignore"):
        y = torch.from_numpy(values.astype(np.float32))
    if bool(torch.isinf(y).any()):
        raise DataError("labels are infinite, or larger than float32 can hold")
    return Labels(y, (), (f"labels are numbers to predict, {why}", *_unlabelled(y.isnan())))


def as_int64(values: Values) -> Values:
    """Return whole numbers as int64.

    Raises:
        DataError: One is too large.
    """
    if values.dtype.kind == "u" and len(values) and int(values.max()) >= 2**63:
        raise DataError(f"label {values.max()} is too large: classes are at most 2^63 - 1")
    return values.astype(np.int64)


def _of_integers(values: Values) -> Labels:
    classes = np.unique(values[values != UNLABELLED])
    y = torch.from_numpy(np.where(values == UNLABELLED, UNLABELLED, np.searchsorted(classes, values)))
    if np.array_equal(classes, np.arange(len(classes))):
        return Labels(y, (), tuple(_unlabelled(y < 0)))
    names = tuple(map(str, classes.tolist()))
    said = f"classes {listed(names)} are numbered 0 to {len(names) - 1} and keep their numbers as names"
    return Labels(y, names, (said, *_unlabelled(y < 0)))


def _unlabelled(missing: Tensor) -> list[str]:
    count = int(missing.sum())
    return (
        [f"{plural(count, 'label')} missing ({MISSING_WORDS}): unlabelled, in no split and no score"] if count else []
    )
