"""N: normalization over the nodes of each cluster, over all nodes, or over the channels of each node."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from cna_viz.nn.derivative import first_derivative_only
from cna_viz.nn.kmeans import membership


class ClusterNorm(nn.Module):
    r"""Normalize every channel over the nodes of each cluster.

    .. math:: y_{ic} = \frac{x_{ic} - \mu_{k(i)c}}{\sqrt{\sigma^2_{k(i)c} + \epsilon}}

    with mean and (biased) variance over the nodes of cluster k, no affine parameters and no running statistics:
    training and evaluation compute the same. This is step N of the paper's text (arXiv 2412.04064); with one cluster it
    is batch normalization without affine. NaN and infinity make their channel NaN in their own cluster only.

    Args:
        clusters: Number of clusters. With one, labels are ignored: all nodes are normalized together.
        eps: Added to the variance. A cluster of one node gives zeros.

    Shapes:
        - input: ``[nodes, channels]``, labels ``[nodes]``
        - output: ``[nodes, channels]``
    """

    def __init__(self, clusters: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.clusters, self.eps = clusters, eps

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Return ``x`` normalized within the clusters given by ``labels``."""
        groups = labels if self.clusters > 1 else torch.zeros_like(labels)
        members = membership(groups, self.clusters, x.dtype)
        shares = members / members.sum(dim=0).clamp(min=1)
        y: Tensor = _ClusterNorm.apply(x, groups, shares.T, self.eps)  # type: ignore[no-untyped-call]
        return y

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return f"clusters={self.clusters}, eps={self.eps}"


class _ClusterNorm(torch.autograd.Function):
    """The normalization with its closed-form backward; ``shares @ x`` is the mean of x over each cluster.

    With g the gradient at y, the gradient at x is (g - mean(g) - y · mean(g · y)) / √(σ² + ε), means over the cluster.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, labels: Tensor, shares: Tensor, eps: float) -> Tensor:
        # Squares of larger values would overflow, and zero times infinity is NaN, too.
        largest = math.sqrt(torch.finfo(x.dtype).max) / 2
        finite = _finite(x)
        centered = (finite - (shares @ finite).index_select(0, labels)).clamp_(-largest, largest)
        # The mean of large features is off by their rounding error; subtracting the residual mean corrects it.
        centered.sub_((shares @ centered).index_select(0, labels))
        variance = (shares @ centered.square()).masked_fill_(_spoiled(shares, x), math.nan)
        scale = (variance + eps).rsqrt().index_select(0, labels)
        y = centered.mul_(scale)
        ctx.save_for_backward(y, scale, labels, shares)
        return y

    @staticmethod
    @first_derivative_only
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        y, scale, labels, shares = ctx.saved_tensors
        gradient = gradients[0]
        product = gradient * y  # not finite wherever the gradient or y is not
        mean = (shares @ _finite(gradient)).index_select(0, labels)
        slope = (shares @ _finite(product)).masked_fill_(_spoiled(shares, product), math.nan)
        return (gradient - mean).sub_(slope.index_select(0, labels).mul_(y)).mul_(scale), None, None, None


# A product with ``shares`` would spread NaN to every cluster, as zero times NaN is NaN. So these values stay out
# of the product and spoil the statistics of their own cluster afterwards.


def _finite(x: Tensor) -> Tensor:
    return x.nan_to_num(0, 0, 0)


def _spoiled(shares: Tensor, x: Tensor) -> Tensor:
    """Return where a node of the cluster has NaN or infinity, ``[clusters, channels]``."""
    # The difference is zero or NaN; isfinite would take three times as long.
    return shares @ (x - x).nan_to_num_(1) > 0


class NodeNorm(nn.Module):
    r"""Normalize the channels of every node: step N of the released code of CNA.

    .. math:: y_{ic} = \frac{x_{ic} - \bar x_i}{\sqrt{s^2_i + \epsilon}}, \qquad
              s^2_i = \frac{1}{C - 1} \sum_c (x_{ic} - \bar x_i)^2

    Layer normalization without affine, or NodeNorm (Zhou et al., arXiv 2006.07107), with unbiased variance. A single
    channel gives zero.

    Args:
        eps: Added to the variance.

    Shapes:
        - input and output: ``[nodes, channels]``
    """

    def __init__(self, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return ``x`` with every row normalized; ``labels`` are ignored."""
        # Relative to the first channel, which keeps small differences of large features.
        difference = x - x[:, :1]
        centered = difference - difference.mean(dim=1, keepdim=True)
        variance = centered.square().sum(dim=1, keepdim=True) / max(x.shape[1] - 1, 1)
        return centered * (variance + self.eps).rsqrt()

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return f"eps={self.eps}"


class NoNorm(nn.Module):
    """Leave the features as they are: the ablation of N."""

    eps = 0.0

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return ``x``."""
        return x


def make_normalization(normalization: str, clusters: int) -> ClusterNorm | NodeNorm | NoNorm:
    """Return the module of a normalization by name: ``cluster``, ``batch``, ``node`` or ``none``."""
    if normalization in {"cluster", "batch"}:
        return ClusterNorm(clusters if normalization == "cluster" else 1)
    return NodeNorm() if normalization == "node" else NoNorm()
