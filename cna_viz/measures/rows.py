"""Features with the lengths of their rows, which many measures need, and work on large matrices block by block."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import torch
from torch import Tensor

ENTRIES: Final = 2**20
"""Numbers in a block: 8 MiB in float64."""

SAFE: Final = {torch.float32: (1e-16, 1e30, 1e-70), torch.float64: (1e-250, 1e250, 1e-300)}
"""Squared lengths for which a type can square differences: bounds of the longest row, lower bound of any row."""


class Rows(NamedTuple):
    """Features with the lengths of their rows.

    Attributes:
        x: Features, ``[nodes, channels]``.
        norms: Lengths of the rows, float64, ``[nodes]``.
        square: ‖X‖², float64.
        type: Type in which differences of rows can be squared.
    """

    x: Tensor
    norms: Tensor
    square: Tensor
    type: torch.dtype


def as_rows(x: Tensor | Rows) -> Rows:
    """Measure the rows of ``x``, unless that is done already. Cost: O(nodes · channels)."""
    if isinstance(x, Rows):
        return x
    x = x.detach()
    if not runs_compiled(x):
        norms = row_norms(x)
        return Rows(x, norms, norms.square().sum(), torch.float64)
    from cna_viz.measures.kernels import row_squares

    x, squares = x.contiguous(), torch.empty(len(x), dtype=torch.float64)
    total, smallest, largest = row_squares(x.numpy(), squares.numpy())
    low, high, least = SAFE[x.dtype]
    exact = low < largest < high and smallest > least
    return Rows(x, squares.sqrt_(), torch.tensor(total, dtype=torch.float64), x.dtype if exact else torch.float64)


def rescaled(rows: Rows) -> tuple[Rows, Tensor]:
    """Return rows whose squares fit into float64, and the divisor; float32 always fits and is returned as it is."""
    x, one = rows.x, torch.ones((), dtype=torch.float64, device=rows.x.device)
    low, high, _ = SAFE[torch.float64]
    if x.dtype != torch.float64 or not x.numel() or (runs_compiled(x) and low < float(rows.square) < high):
        return rows, one
    largest = x.abs().max()
    return as_rows(unit_scale(x)), torch.where(largest > 0, largest, one)


def unit_scale(x: Tensor) -> Tensor:
    """Divide by the largest magnitude, so that squares neither vanish nor overflow; a zero matrix stays zero."""
    largest = x.abs().max() if x.numel() else x.new_zeros(())
    return x / torch.where(largest > 0, largest, torch.ones_like(largest))


def runs_compiled(x: Tensor) -> bool:
    """Whether the compiled loops take these features: on the CPU, float32 or float64, not being traced."""
    return x.device.type == "cpu" and x.dtype in SAFE and not torch.compiler.is_compiling()


def blocks(rows: int, channels: int) -> Iterator[slice]:
    """Yield slices that cover ``rows`` rows of ``channels`` numbers, each with about :data:`ENTRIES` numbers."""
    step = max(1, ENTRIES // max(1, channels))
    for start in range(0, rows, step):
        yield slice(start, min(rows, start + step))


def row_norms(x: Tensor) -> Tensor:
    """Return the length of every row, ``[nodes]``, in float64, where squares of tiny float32 numbers don't vanish."""
    norms: Tensor = torch.linalg.vector_norm(x, dim=1, dtype=torch.float64)
    return norms


def reciprocal(values: Tensor) -> Tensor:
    """Return 1 / values, and 0 where they are 0."""
    return torch.where(values == 0, values, values.reciprocal())
