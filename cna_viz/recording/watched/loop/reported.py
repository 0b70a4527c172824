"""The numbers that a loop reports of an epoch, by split."""

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from torch import Tensor

from cna_viz.config import vocabulary
from cna_viz.errors import UsageError, unknown_name

Reported: TypeAlias = Any
"""Numbers by split; a loss may be a number, that of the training nodes; None if unknown."""

_SHARES = ("accuracy", "macro_f1", "roc_auc")


def by_split(what: str, value: Reported) -> dict[str, float]:
    """Return a loss or a score by split.

    Raises:
        UsageError: The score or a split is unknown, or a value is no number or out of range.
    """
    if what not in ("loss", *vocabulary.SCORES):
        raise unknown_name("score", what, ("loss", *vocabulary.SCORES))
    given = {} if value is None else dict(value) if isinstance(value, Mapping) else {"train": value}
    for name in given:
        if name not in vocabulary.SPLITS:
            raise unknown_name(f"part of {what}", str(name), vocabulary.SPLITS)
    try:
        found = {name: _number(number) for name, number in given.items()}
    except (TypeError, ValueError, RuntimeError):
        raise UsageError(
            f"{what} = {value!r} is not accepted: it must be a number, or a number for each part"
        ) from None
    if what != "loss" and value is not None and not isinstance(value, Mapping):
        number = found["train"]
        raise UsageError(f"{what} = {number:g} is of unknown nodes: say of which, as in {what}={{'val': {number:g}}}")
    for name, number in found.items():
        if what in _SHARES and not (math.isnan(number) or 0 <= number <= 1):
            raise UsageError(f"{what} of {name} = {number:g} is out of range: it must be a share, from 0 to 1")
    return found


def _number(value: Any) -> float:
    if isinstance(value, str | bytes):
        raise TypeError(f"{value!r} is text")
    return float(value.detach() if isinstance(value, Tensor) else value)
