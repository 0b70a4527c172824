"""CNA as one would write it down from its formulas: what the fast code is held against, in numbers and in time."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def naive_cna(
    x: Tensor,
    labels: Tensor,
    numerator: Tensor | None,
    denominator: Tensor | None,
    *,
    clusters: int,
    normalization: str,
    activation: str,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize and activate with a loop over the clusters and operations that autograd differentiates.

    Args:
        x: Features, ``[nodes, channels]``.
        labels: Cluster of every node, ``[nodes]``.
        numerator: a₀ … a₅ of every cluster, ``[clusters, 6]``; for ``rational``.
        denominator: b₁ … b₄ of every cluster, ``[clusters, 4]``; for ``rational``.
        clusters: Number of clusters.
        normalization: ``cluster``, ``node``, ``batch`` or ``none``.
        activation: ``rational``, ``relu`` or ``none``.
        eps: Added to the variance.
    """
    if normalization == "batch":
        x = standardize(x, 0, len(x), eps)
    elif normalization == "node":
        x = standardize(x, 1, x.shape[1] - 1, eps)
    elif normalization == "cluster":
        z = torch.zeros_like(x)
        for k in range(clusters):
            mask = labels == k
            if mask.any():
                z[mask] = standardize(x[mask], 0, int(mask.sum()), eps)
        x = z
    if activation == "relu":
        return F.relu(x)
    if activation == "none":
        return x
    assert numerator is not None
    assert denominator is not None
    y = torch.zeros_like(x)
    for k in range(clusters):
        mask = labels == k
        y[mask] = rational(x[mask], numerator[k], denominator[k])
    return y


def standardize(x: Tensor, dim: int, divisor: int, eps: float) -> Tensor:
    """Subtract the mean over ``dim`` and divide by the standard deviation."""
    centered = x - x.mean(dim, keepdim=True)
    variance = (centered**2).sum(dim, keepdim=True) / max(divisor, 1)
    return centered / torch.sqrt(variance + eps)


def rational(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return P(x)/Q(x) of version A: Q = 1 + Σ |b_j x^j|."""
    top = sum((a[i] * x**i for i in range(len(a))), torch.zeros_like(x))
    bottom = sum(((b[j - 1] * x**j).abs() for j in range(1, len(b) + 1)), torch.ones_like(x))
    return top / bottom
