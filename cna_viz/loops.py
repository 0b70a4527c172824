"""How loops over numbers are compiled for CPUs. Imported only by what holds such loops: Numba takes a while to load."""

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar, cast

import numba

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

FAST: Final = frozenset({"reassoc", "contract", "nsz", "arcp"})
"""Sums may be reordered, so that they use vector instructions; infinities and NaN keep their meaning."""


def compiled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile at the first call and keep the result on disk. The interpreter is not held, so threads can share work."""
    made = numba.njit(nogil=True, cache=True, fastmath=set(FAST), error_model="numpy")(function)
    return cast(Callable[Parameters, Result], made)
