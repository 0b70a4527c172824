"""Singular values, and the nuclear norm of a difference of rank one.

Those of float64 come from a singular value decomposition. Those of float32 come from the eigenvalues of the float64
Gram matrix of the smaller side, a tenth of the time: squares of float32 are exact in float64, and what is below 1e-8 of
the largest singular value drowns in the rounding of the eigenvalues as it does in that of the features themselves.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from cna_viz.measures.blocks import blocks
from cna_viz.measures.edges import unit_scale


def singular_values(x: Tensor) -> Tensor:
    """Return the singular values of ``x``, up to a common factor, ascending, float64; NaN where x is not finite.

    Cost: O(nodes · channels²), or with the two exchanged where there are fewer nodes than channels.
    """
    x = x.detach()
    if x.dtype == torch.float64:
        return _decomposed(unit_scale(x))
    return _roots(_gram(x))


def nuclear_distance(x: Tensor, values: Tensor) -> Tensor:
    """Return the rank-one distance of ``x``, whose singular values are ``values``."""
    if not x.numel():
        return values.sum() * torch.nan
    x = x.detach()
    x = unit_scale(x) if x.dtype == torch.float64 else x
    i, j = (sums.argmax() for sums in _absolute_sums(x))
    row, column = x.index_select(0, i[None])[0].double(), x.index_select(1, j[None])[:, 0].double()
    sign = torch.where(row.index_select(0, j[None]) < 0, -1.0, 1.0)
    row, column, length = sign * row / row.norm(), column / column.norm(), values.sum()
    if x.dtype == torch.float64:
        return _decomposed(x / length - torch.outer(column, row)).sum()
    return _roots(_gram(x, length, column, row)).sum()


def _absolute_sums(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return Σ|x| of every row and of every column, float64."""
    rows, columns = (torch.zeros(size, dtype=torch.float64, device=x.device) for size in x.shape)
    for block in blocks(*x.shape):
        y = x[block].double().abs()
        rows[block] = y.sum(dim=1)
        columns += y.sum(dim=0)
    return rows, columns


def _decomposed(x: Tensor) -> Tensor:
    # NaN and infinities reach the extremes; asking each entry takes ten times as long.
    finite = torch.stack(torch.aminmax(x)).isfinite().all() if x.numel() else torch.ones((), dtype=torch.bool)
    return _finite_only(lambda clean: torch.linalg.svdvals(clean).flip(0), x, finite)


def _roots(gram: Tensor) -> Tensor:
    return _finite_only(lambda clean: torch.linalg.eigvalsh(clean).clamp_(min=0).sqrt_(), gram, gram.trace().isfinite())


def _finite_only(values: Callable[[Tensor], Tensor], x: Tensor, finite: Tensor) -> Tensor:
    """Return the values of ``x``, or as many NaN: decompositions raise errors where something is not finite."""
    if x.device.type == "cpu" and finite:
        return values(x)
    # A GPU is not asked, it would have to be waited for.
    return torch.where(finite, values(x.nan_to_num(0, 0, 0)), torch.nan)


def _gram(x: Tensor, length: Tensor | None = None, column: Tensor | None = None, row: Tensor | None = None) -> Tensor:
    """Return YᵀY, or YYᵀ where that is smaller, block by block; Y is x, or x / length - column · row."""
    if x.shape[0] < x.shape[1]:
        return _gram(x.T, length, row, column)
    gram: Tensor | None = None
    for block in blocks(*x.shape):
        y = x[block].to(torch.float64, copy=True)
        if length is not None and column is not None and row is not None:
            y.div_(length).addr_(column[block], row, alpha=-1)
        gram = y.T @ y if gram is None else gram.addmm_(y.T, y)
    return torch.zeros(x.shape[1], x.shape[1], dtype=torch.float64, device=x.device) if gram is None else gram
