"""Compile numerical loops for CPUs with Numba, which is slow to import."""

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar, cast

import numba

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

FAST: Final = frozenset({"reassoc", "contract", "nsz", "arcp"})
"""Sums may be reordered for vector instructions; infinities and NaN keep their meaning."""


def compiled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile at the first call and cache the result on disk; runs without the GIL."""
    made = numba.njit(nogil=True, cache=True, fastmath=set(FAST), error_model="numpy")(function)
    return cast(Callable[Parameters, Result], made)
