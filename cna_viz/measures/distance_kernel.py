"""The loop over pairs of nodes for CPUs, compiled by Numba; loaded when first needed."""

import numpy as np

from cna_viz.loops import compiled
from cna_viz.measures.edge_kernel import Array


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
