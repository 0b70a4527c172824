"""N: normalization over the nodes of each cluster."""

from torch import Tensor, nn

from cna_viz.nn.cluster import membership


class ClusterNorm(nn.Module):
    r"""Normalize every channel over the nodes of each cluster.

    .. math:: y_{ic} = \frac{x_{ic} - \mu_{k(i)c}}{\sqrt{\sigma^2_{k(i)c} + \epsilon}}

    with mean and (biased) variance over the nodes of cluster k, no affine parameters and no running statistics: training
    and evaluation compute the same. This is the step N of the paper's text (arXiv 2412.04064); with one cluster it is batch
    normalization without affine.

    Args:
        clusters: Number of clusters.
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
        members = membership(labels, self.clusters, x.dtype)
        shares = members / members.sum(dim=0).clamp(min=1)
        centered = x - members @ (shares.T @ x)
        variance = shares.T @ centered.square()
        return centered * (members @ (variance + self.eps).rsqrt())

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return f"clusters={self.clusters}, eps={self.eps}"
