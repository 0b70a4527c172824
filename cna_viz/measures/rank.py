"""How many directions the features really use."""

import torch
from torch import Tensor

from cna_viz.measures.spectrum import nuclear_distance, singular_values


def effective_rank(x: Tensor) -> Tensor:
    r"""Effective rank: the exponential of the entropy of the normalized singular values.

    .. math:: \exp\Bigl(-\sum_k p_k \log p_k\Bigr), \qquad p_k = \sigma_k / \sum_l \sigma_l

    Source: Roy and Vetterli 2007; used for oversmoothing by Zhang et al., arXiv 2502.04591, who find that it follows
    the accuracy where energies stay flat. It lies between 1 (all rows on one line through the origin) and
    min(nodes, channels). Scaling X changes nothing; the features are not centered.

    Args:
        x: Features, ``[nodes, channels]``.

    Returns:
        A scalar; 0 for a zero matrix, NaN where x is not finite. Cost: O(nodes · channels²).
    """
    return effective_rank_of(singular_values(x))


def numerical_rank(x: Tensor) -> Tensor:
    r"""Numerical (or stable) rank: the squares of all singular values by that of the largest.

    .. math:: \lVert X \rVert_F^2 / \lVert X \rVert_2^2 = \sum_k \sigma_k^2 / \sigma_1^2

    Source: Zhang et al., arXiv 2502.04591. It lies between 1 and min(nodes, channels); against the effective rank it
    looks at large singular values only. Scaling X changes nothing; the features are not centered.

    Args:
        x: Features, ``[nodes, channels]``.

    Returns:
        A scalar; 0 for a zero matrix, NaN where x is not finite. Cost: O(nodes · channels²).
    """
    return numerical_rank_of(singular_values(x))


def rank_one_distance(x: Tensor) -> Tensor:
    r"""Distance to a matrix of rank one that is made of the largest row and the largest column.

    .. math::
        \left\lVert \frac{X}{\lVert X \rVert_*} - \frac{\hat X}{\lVert \hat X \rVert_*} \right\rVert_*,
        \qquad \hat X = \pm X_{:j} X_{i:}

    Row i and column j are those whose absolute values have the largest sum, the sign is that of x_ij (+ for 0).
    Source: Roth, arXiv 2407.11876, and his released code. It lies in [0, 2]; 0 if and only if all rows lie on one line.
    Scaling X changes nothing.

    Args:
        x: Features, ``[nodes, channels]``.

    Returns:
        A scalar; NaN for a zero matrix, which is next to every line, and where x is not finite. Of rows or columns
        that are equally large the first is taken. Cost: O(nodes · channels²).
    """
    return nuclear_distance(x, singular_values(x))


def effective_rank_of(values: Tensor) -> Tensor:
    """Return :func:`effective_rank` of a matrix with these singular values."""
    total = values.sum()
    share = values / total.clamp(min=torch.finfo(values.dtype).tiny)
    rank: Tensor = torch.special.entr(share).sum().exp() * (total != 0)
    return rank


def numerical_rank_of(values: Tensor) -> Tensor:
    """Return :func:`numerical_rank` of a matrix with these singular values, the largest of them last."""
    if not len(values):
        return values.sum()
    squares = values.square()
    return squares.sum() / squares[-1].clamp(min=torch.finfo(values.dtype).tiny)
