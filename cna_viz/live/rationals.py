"""Rational functions to start from: those of the slot that are nearest to a shape everybody knows."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from scipy.optimize import least_squares

from cna_viz.errors import UsageError, unknown_name
from cna_viz.nn.rational import RELU_DENOMINATOR, RELU_NUMERATOR

Array = np.ndarray[Any, Any]

REACH: Final = 3.0
"""The shapes are met between minus and plus this."""


@dataclass(frozen=True)
class Coefficients:
    """Those of ``R(z) = Σ aᵢ zⁱ / (1 + Σ |bⱼ zʲ|)``, as :mod:`cna_viz.nn.rational` has it.

    Attributes:
        numerator: a₀ … a₅.
        denominator: b₁ … b₄.

    Raises:
        UsageError: When there are more or fewer coefficients, or one is not finite.
    """

    numerator: tuple[float, ...] = RELU_NUMERATOR
    denominator: tuple[float, ...] = RELU_DENOMINATOR

    def __post_init__(self) -> None:
        for name, default in (("numerator", RELU_NUMERATOR), ("denominator", RELU_DENOMINATOR)):
            values = getattr(self, name)
            if len(values) != len(default) or not all(math.isfinite(value) for value in values):
                raise UsageError(f"{name} = {values} is not accepted: it must be {len(default)} finite numbers")


SHAPES: Final[dict[str, Callable[[Array], Array]]] = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "bump": lambda z: np.exp(-(z**2)),
    "identity": lambda z: z,
}
"""What the presets look like."""

_EXACT: Final = {"relu": Coefficients(), "identity": Coefficients((0.0, 1.0, 0.0, 0.0, 0.0, 0.0), (0.0,) * 4)}


@cache
def preset(name: str) -> Coefficients:
    """Return the coefficients of a preset: ``relu`` (as the slot starts), ``tanh``, ``bump`` or ``identity``.

    Tanh and bump are least-squares fits on [-3, 3], made when first asked for.

    Raises:
        UsageError: When there is no such preset; lists those there are.
    """
    if name not in SHAPES:
        raise unknown_name("rational", name, SHAPES)
    return _EXACT[name] if name in _EXACT else _fit(SHAPES[name])


def evaluate(coefficients: Coefficients, z: Array) -> Array:
    """Return R(z) for every z."""
    top = np.polynomial.polynomial.polyval(z, np.array(coefficients.numerator))
    bottom = np.polynomial.polynomial.polyval(np.abs(z), np.abs([1.0, *coefficients.denominator]))
    return np.asarray(top / bottom)


def _fit(shape: Callable[[Array], Array]) -> Coefficients:
    z = np.linspace(-REACH, REACH, 301)
    wanted = shape(z)

    def unpack(numbers: Array) -> Coefficients:
        return Coefficients(tuple(numbers[:6].tolist()), tuple(numbers[6:].tolist()))

    start = np.array([0.1, 1.0, 0.1, 0.1, 0.0, 0.0, 0.1, 0.5, 0.1, 0.1])
    found = least_squares(lambda numbers: evaluate(unpack(numbers), z) - wanted, start)
    return unpack(found.x)
