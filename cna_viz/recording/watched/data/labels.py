"""Labels. Class 3 is channel 3 of the network, so classes are never renumbered."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from cna_viz.data.clean import UNLABELLED
from cna_viz.data.own.labels import are_whole, as_int64, label_values, numbers_to_predict
from cna_viz.data.own.parts import plural
from cna_viz.errors import DataError, UsageError, shown
from cna_viz.recording.watched.data.objects import on_cpu

NO_TASK = 'task="none" reads no labels and scores only what your loop reports'
"""The way out where labels can't be read."""

Values = np.ndarray[Any, Any]


class WatchedLabels(NamedTuple):
    """Classes (int64, -1 for none) or numbers (float32, NaN for none), the number of classes, and what was read."""

    y: Tensor
    classes: int
    notes: tuple[str, ...] = ()

    @property
    def known(self) -> Tensor:
        """Whether a row has a label."""
        return ~self.y.isnan() if self.y.is_floating_point() else self.y >= 0


def read_labels(y: Any, task: str | None) -> WatchedLabels:
    """Return labels, one per row: numbers of any type, ``[rows]`` or ``[rows, 1]``, or one-hot rows.

    Every negative integer is no label, since losses ignore -1, -100 and the like.

    Raises:
        DataError: Labels are text or infinite, or there are several per row.
        UsageError: They don't fit the task.
    """
    try:
        return _read(_array(y), task)
    except DataError as error:
        raise DataError(f"data.y: {error}; {NO_TASK}") from None


def _read(y: Values, task: str | None) -> WatchedLabels:
    if any(isinstance(value, str | bytes) for value in (y.flat if y.dtype.kind in "OUS" else ())):
        raise DataError("labels are text, and which channel of the network is which class can't be known: number them")
    values, said = label_values(y)
    if task == "node-regression":
        return _numbers(values, "as the task says", one_hot=bool(said))
    if np.array_equal(np.unique(values[values == values]), [-1, 1]):
        raise DataError(
            "labels are -1 and 1, and a negative one is no label: make them classes 0 and 1 by (data.y + 1) // 2"
        )
    if values.dtype.kind == "f" and not are_whole(values):
        if task is not None:
            raise UsageError(
                f"data.y has numbers that are not whole, and task = {shown(task)} needs classes; {NO_TASK}"
            )
        return _numbers(values, "since they are not whole")
    if values.dtype.kind == "f":
        said = [*said, 'labels are floats, all whole: they are classes (task="node-regression" makes them numbers)']
        values = np.where(np.isnan(values), UNLABELLED, values)
    return _classes(as_int64(values), y.shape[1] if y.ndim == 2 and y.shape[1] > 1 else 0, said)


def _array(y: Any) -> Values:
    if isinstance(y, Tensor):
        plain = on_cpu(y)
        dense = plain.to_dense() if plain.layout != torch.strided else plain
        # NumPy has no bfloat16.
        found: Values = (dense.double() if dense.is_floating_point() else dense).numpy()
        return found
    try:
        return np.asarray(y)
    except (TypeError, ValueError):
        raise DataError(f"labels are a {type(y).__name__} that is no array of one number per row") from None


def _numbers(values: Values, why: str, *, one_hot: bool = False) -> WatchedLabels:
    if one_hot:
        raise DataError("labels are one-hot rows, which are classes and not a number to predict")
    found = numbers_to_predict(values.astype(np.float64), why)
    return WatchedLabels(found.y, 0, (f"labels are numbers to predict, {why}", *_missing(found.y.isnan(), "NaN")))


def _classes(values: Values, columns: int, said: list[str]) -> WatchedLabels:
    y = torch.from_numpy(np.where(values < 0, UNLABELLED, values))
    count = columns or max(int(y.max()) + 1 if len(y) else 0, 0)
    return WatchedLabels(y, count, (*said, *_missing(y < 0, "negative or NaN")))


def _missing(missing: Tensor, form: str) -> list[str]:
    count = int(missing.sum())
    return [f"{plural(count, 'label')} missing ({form}): unlabelled, in no split and no score"] if count else []
