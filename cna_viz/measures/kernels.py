"""Loops over rows, edges and pairs of nodes for CPUs, compiled by Numba; imported when first needed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cna_viz.loops import compiled

Array = NDArray[Any]


@compiled
def add_edges(
    x: Array, first: Array, second: Array, factors: Array, weights: Array, start: int, stop: int, sums: Array
) -> None:
    """Add Σ_e w_ek ‖a_ik x_i - a_jk x_j‖² over the edges start .. stop - 1 to ``sums``, float64, [k].

    The squares are added up in the type of the factors, the edges in float64. A factor of 0 marks a row without
    direction: it counts as orthogonal to a row that has one, and as equal to one that has none.
    """
    for e in range(start, stop):
        i, j = first[e], second[e]
        for k in range(factors.shape[1]):
            a, b = factors[i, k], factors[j, k]
            total = factors.dtype.type(0)
            for c in range(x.shape[1]):
                difference = x[i, c] * a - x[j, c] * b
                total += difference * difference
            if (a == 0) != (b == 0):
                total += factors.dtype.type(1)
            sums[k] += np.float64(total) * weights[e, k]


@compiled
def row_squares(x: Array, squares: Array) -> tuple[float, float, float]:
    """Write ‖x_i‖² of every row to ``squares``, float64; return their sum, smallest non-zero value and largest."""
    total, smallest, largest = 0.0, np.inf, 0.0
    for i in range(x.shape[0]):
        square = 0.0
        for c in range(x.shape[1]):
            value = np.float64(x[i, c])
            square += value * value
        squares[i] = square
        total += square
        largest = max(largest, square)
        if 0 < square < smallest:
            smallest = square
    return total, smallest, largest


@compiled
def add_distances(x: Array, label: Array, start: int, stop: int, sums: Array) -> None:
    """Add the distances of the rows start .. stop - 1 to all rows of each class to ``sums``, [nodes, classes]."""
    for j in range(len(x)):
        for i in range(start, stop):
            square = 0.0
            for c in range(x.shape[1]):
                difference = x[i, c] - x[j, c]
                square += difference * difference
            sums[i, label[j]] += np.sqrt(square)
