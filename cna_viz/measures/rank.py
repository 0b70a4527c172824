"""Rank: the number of directions the features use, from their singular values.

Singular values of float64 come from a singular value decomposition. Those of float32 come from the eigenvalues of the
float64 Gram matrix of the smaller side, in a tenth of the time: squares of float32 are exact in float64, and values
below 1e-8 of the largest drown in the rounding of the features anyway.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from cna_viz.measures.rows import blocks, unit_scale


def effective_rank(x: Tensor) -> Tensor:
    r"""Effective rank: the exponential of the entropy of the normalized singular values.

    .. math:: \exp\Bigl(-\sum_k p_k \log p_k\Bigr), \qquad p_k = \sigma_k / \sum_l \sigma_l

    Source: Roy and Vetterli 2007; used for oversmoothing by Zhang et al., arXiv 2502.04591, who find that it follows
    the accuracy where energies stay flat. Between 1 (all rows on one line through the origin) and min(nodes, channels).
    Scaling X changes nothing; the features are not centered.

    Args:
        x: Features, ``[nodes, channels]``.

    Returns:
        A scalar; 0 for a zero matrix, NaN where x is not finite. Cost: O(nodes · channels²).
    """
    return effective_rank_of(singular_values(x))


def numerical_rank(x: Tensor) -> Tensor:
    r"""Numerical (or stable) rank: the sum of the squared singular values divided by the largest.

    .. math:: \lVert X \rVert_F^2 / \lVert X \rVert_2^2 = \sum_k \sigma_k^2 / \sigma_1^2

    Source: Zhang et al., arXiv 2502.04591. Between 1 and min(nodes, channels); large singular values weigh more than in
    the effective rank. Scaling X changes nothing; the features are not centered.

    Args:
        x: Features, ``[nodes, channels]``.

    Returns:
        A scalar; 0 for a zero matrix, NaN where x is not finite. Cost: O(nodes · channels²).
    """
    return numerical_rank_of(singular_values(x))


def rank_one_distance(x: Tensor) -> Tensor:
    r"""Distance to the rank-one matrix made of the largest row and the largest column.

    .. math::
        \left\lVert \frac{X}{\lVert X \rVert_*} - \frac{\hat X}{\lVert \hat X \rVert_*} \right\rVert_*,
        \qquad \hat X = \pm X_{:j} X_{i:}

    Row i and column j have the largest sums of absolute values; the sign is that of x_ij (+ for 0). Source: Roth, arXiv
    2407.11876, and his released code. In [0, 2]; 0 if and only if all rows lie on one line. Scaling X changes nothing.

    Args:
        x: Features, ``[nodes, channels]``.

    Returns:
        A scalar; NaN for a zero matrix, which has no direction, and where x is not finite. Ties go to the first row or
        column. Cost: O(nodes · channels²).
    """
    return nuclear_distance(x, singular_values(x))


def effective_rank_of(values: Tensor) -> Tensor:
    """Return :func:`effective_rank` of a matrix with these singular values."""
    total = values.sum()
    share = values / total.clamp(min=torch.finfo(values.dtype).tiny)
    rank: Tensor = torch.special.entr(share).sum().exp() * (total != 0)
    return rank


def numerical_rank_of(values: Tensor) -> Tensor:
    """Return :func:`numerical_rank` of a matrix with these singular values, ascending."""
    if not len(values):
        return values.sum()
    squares = values.square()
    return squares.sum() / squares[-1].clamp(min=torch.finfo(values.dtype).tiny)


def nuclear_distance(x: Tensor, values: Tensor) -> Tensor:
    """Return :func:`rank_one_distance` of ``x``, whose singular values are ``values``."""
    if not x.numel():
        return values.sum() * torch.nan
    x = unit_scale(x.detach()) if x.dtype == torch.float64 else x.detach()
    rows, columns = (torch.zeros(size, dtype=torch.float64, device=x.device) for size in x.shape)
    for block in blocks(*x.shape):
        y = x[block].double().abs()
        rows[block] = y.sum(dim=1)
        columns += y.sum(dim=0)
    i, j = rows.argmax(), columns.argmax()
    row, column = x.index_select(0, i[None])[0].double(), x.index_select(1, j[None])[:, 0].double()
    sign = torch.where(row.index_select(0, j[None]) < 0, -1.0, 1.0)
    row, column, length = sign * row / row.norm(), column / column.norm(), values.sum()
    if x.dtype == torch.float64:
        return _decomposed(x / length - torch.outer(column, row)).sum()
    return _roots(_gram(x, length, column, row)).sum()


def singular_values(x: Tensor) -> Tensor:
    """Return the singular values of ``x``, up to a common factor, ascending, float64; NaN where x is not finite.

    Cost: O(nodes · channels²), or O(nodes² · channels) for fewer nodes than channels.
    """
    x = x.detach()
    return _decomposed(unit_scale(x)) if x.dtype == torch.float64 else _roots(_gram(x))


def _decomposed(x: Tensor) -> Tensor:
    # NaN and infinity reach the extremes; asking each entry takes ten times as long.
    finite = torch.stack(torch.aminmax(x)).isfinite().all() if x.numel() else torch.ones((), dtype=torch.bool)
    return _finite_only(lambda clean: torch.linalg.svdvals(clean).flip(0), x, finite)


def _roots(gram: Tensor) -> Tensor:
    return _finite_only(lambda clean: torch.linalg.eigvalsh(clean).clamp_(min=0).sqrt_(), gram, gram.trace().isfinite())


def _finite_only(values: Callable[[Tensor], Tensor], x: Tensor, finite: Tensor) -> Tensor:
    """Return the values of ``x``, or as many NaN: decompositions raise errors where something is not finite."""
    if x.device.type == "cpu" and finite:
        return values(x)
    # Reading ``finite`` would make a GPU wait.
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
