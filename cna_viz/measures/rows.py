"""Features with the lengths of their rows, which many measures need."""

from functools import lru_cache
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor

from cna_viz.measures.blocks import row_norms
from cna_viz.measures.edges import unit_scale

SAFE: Final = {torch.float32: (1e-16, 1e30, 1e-70), torch.float64: (1e-250, 1e250, 1e-300)}
"""Squared lengths for which a type can square differences: least and most of the longest row, least of any row."""


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


def runs_compiled(x: Tensor) -> bool:
    """Whether the compiled loops can take these features: on the CPU, float32 or float64, not being traced."""
    return x.device.type == "cpu" and x.dtype in SAFE and not torch.compiler.is_compiling()


@lru_cache(maxsize=1)
def load_kernel() -> Any:
    """Return the module of the compiled loops."""
    from cna_viz.measures import edge_kernel

    return edge_kernel


def as_rows(x: Tensor) -> Rows:
    """Measure the rows of ``x``. Cost: O(nodes · channels)."""
    x = x.detach()
    if not runs_compiled(x):
        norms = row_norms(x)
        return Rows(x, norms, norms.square().sum(), torch.float64)
    x, squares = x.contiguous(), torch.empty(len(x), dtype=torch.float64)
    total, smallest, largest = load_kernel().row_squares(x.numpy(), squares.numpy())
    low, high, least = SAFE[x.dtype]
    exact = low < largest < high and smallest > least
    return Rows(x, squares.sqrt_(), torch.tensor(total, dtype=torch.float64), x.dtype if exact else torch.float64)


def rescaled(rows: Rows) -> tuple[Rows, Tensor]:
    """Return rows whose squares fit into float64, and what they were divided by.

    Only float64 can be too large or too small for that; float32 is left as it is.
    """
    one = torch.ones((), dtype=torch.float64, device=rows.x.device)
    safe = rows.x.dtype != torch.float64 or (runs_compiled(rows.x) and _fits(rows.square))
    if safe or not rows.x.numel():
        return rows, one
    largest = rows.x.abs().max()
    return as_rows(unit_scale(rows.x)), torch.where(largest > 0, largest, one)


def _fits(square: Tensor) -> bool:
    low, high, _ = SAFE[torch.float64]
    return low < float(square) < high
