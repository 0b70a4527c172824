"""How many directions the features really use."""

import torch
from torch import Tensor

from cna_viz.measures.edges import unit_scale


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
    # NaN and infinities reach the extremes; asking each entry takes ten times as long.
    finite = torch.stack(torch.aminmax(x)).isfinite().all()
    values = torch.linalg.svdvals(unit_scale(x.nan_to_num(0, 0, 0)))
    share = values / values.sum().clamp(min=torch.finfo(x.dtype).tiny)
    rank = torch.special.entr(share).sum().exp() * (values[0] > 0)
    return torch.where(finite, rank, torch.nan)
