"""Rounding loss and spread of features in one compiled CPU loop; imported when first needed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cna_viz.loops import compiled


@compiled
def add_squares(x: NDArray[Any], stored: NDArray[Any], first: NDArray[Any], sums: NDArray[Any]) -> None:
    """Add Σ(x - stored)², Σ(x - first)² and, for every channel, Σ(x - first) to ``sums``, float64, [2 + channels]."""
    lost, spread = 0.0, 0.0
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            value = np.float64(x[i, c])  # float() would leave it in float32, where squares vanish and overflow
            rounding, difference = value - stored[i, c], value - first[0, c]
            lost += rounding * rounding
            spread += difference * difference
            sums[2 + c] += difference
    sums[0] += lost
    sums[1] += spread
