"""Work on a large matrix in pieces, so that no copy of all of it is ever made."""

from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor

ENTRIES: Final = 2**20
"""Numbers in a piece: 8 MiB in float64."""


def blocks(rows: int, channels: int) -> Iterator[slice]:
    """Yield slices that cover ``rows`` rows of so many channels, each with about :data:`ENTRIES` numbers."""
    step = max(1, ENTRIES // max(1, channels))
    for start in range(0, rows, step):
        yield slice(start, min(rows, start + step))


def row_norms(x: Tensor) -> Tensor:
    """Return the length of every row, float64, ``[nodes]``; squares of very small float32 don't vanish in it."""
    norms: Tensor = torch.linalg.vector_norm(x, dim=1, dtype=torch.float64)
    return norms


def reciprocal(values: Tensor) -> Tensor:
    """Return 1 / values, and 0 where they are 0."""
    return torch.where(values == 0, values, values.reciprocal())
