"""Rational functions to start from: fits of well-known shapes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Self

import numpy as np
from scipy.optimize import least_squares

from cna_viz.errors import UsageError, unknown_name
from cna_viz.nn.rational import RELU_DENOMINATOR, RELU_NUMERATOR

Array = np.ndarray[Any, Any]

REACH: Final = 3.0
"""The shapes are fitted on [-3, 3]."""


@dataclass(frozen=True)
class Coefficients:
    """Coefficients of ``R(z) = Σ aᵢ zⁱ / (1 + Σ |bⱼ zʲ|)``, as in :mod:`cna_viz.nn.rational`.

    Attributes:
        numerator: a₀ … a₅.
        denominator: b₁ … b₄.

    Raises:
        UsageError: When the number of coefficients is wrong, or one is not finite.
    """

    numerator: tuple[float, ...] = RELU_NUMERATOR
    denominator: tuple[float, ...] = RELU_DENOMINATOR

    def __post_init__(self) -> None:
        for name, default in (("numerator", RELU_NUMERATOR), ("denominator", RELU_DENOMINATOR)):
            values = getattr(self, name)
            if len(values) != len(default) or not all(math.isfinite(value) for value in values):
                raise UsageError(f"{name} = {values} is not accepted: it must be {len(default)} finite numbers")

    @classmethod
    def of(cls, values: Sequence[float], decimals: int | None = None) -> Self:
        """Return the coefficients with these ten values, rounded to so many decimals if given."""
        kept = values if decimals is None else [round(value, decimals) for value in values]
        return cls(tuple(kept[: len(RELU_NUMERATOR)]), tuple(kept[len(RELU_NUMERATOR) :]))

    @property
    def values(self) -> tuple[float, ...]:
        """All coefficients, the numerator first."""
        return (*self.numerator, *self.denominator)


SHAPES: Final[dict[str, Callable[[Array], Array]]] = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "bump": lambda z: np.exp(-(z**2)),
    "identity": lambda z: z,
}
"""The shapes of the presets."""

_EXACT: Final = {"relu": Coefficients(), "identity": Coefficients((0.0, 1.0, 0.0, 0.0, 0.0, 0.0), (0.0,) * 4)}


@cache
def preset(name: str) -> Coefficients:
    """Return the coefficients of a preset: ``relu`` (the slot's initial ones), ``tanh``, ``bump`` or ``identity``.

    Tanh and bump are least-squares fits on [-3, 3].

    Raises:
        UsageError: When the preset is unknown; lists the known ones.
    """
    if name not in SHAPES:
        raise unknown_name("rational", name, SHAPES)
    if name in _EXACT:
        return _EXACT[name]
    z = np.linspace(-REACH, REACH, 301)
    wanted = SHAPES[name](z)
    start = np.array([0.1, 1.0, 0.1, 0.1, 0.0, 0.0, 0.1, 0.5, 0.1, 0.1])
    found = least_squares(lambda values: evaluate(Coefficients.of(values.tolist()), z) - wanted, start)
    return Coefficients.of(found.x.tolist())


def evaluate(coefficients: Coefficients, z: Array) -> Array:
    """Return R(z) for every z."""
    top = np.polynomial.polynomial.polyval(z, np.array(coefficients.numerator))
    bottom = np.polynomial.polynomial.polyval(np.abs(z), np.abs([1.0, *coefficients.denominator]))
    return np.asarray(top / bottom)
