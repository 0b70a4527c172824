"""CNA: cluster, normalize, activate."""

from torch import Tensor, nn

from cna_viz.nn.cluster import KMeans
from cna_viz.nn.normalize import ClusterNorm
from cna_viz.nn.rational import Rational


class CNA(nn.Module):
    r"""Cluster-Normalize-Activate (Skryagin et al., arXiv 2412.04064), as the paper's text describes it.

    C assigns every node to a cluster by k-means on its features, N normalizes within each cluster, A applies one
    learned rational function per cluster:

    .. math:: y_{ic} = R_{k(i)}\left(\frac{x_{ic} - \mu_{k(i)c}}{\sqrt{\sigma^2_{k(i)c} + \epsilon}}\right)

    A plain module without a graph: it fits between the layers of any network whose rows are nodes. All that is
    learned or remembered is in ``state_dict``; evaluation changes nothing; the input is never written to.

    Args:
        channels: Channels of the input.
        clusters: Number of clusters, at most the number of nodes.
        recluster_every: Training steps between two clusterings.

    Shapes:
        - input: ``[nodes, channels]``
        - output: ``[nodes, channels]``

    Raises:
        UsageError: When called with fewer nodes than clusters.
    """

    def __init__(self, channels: int, clusters: int = 8, *, recluster_every: int = 20) -> None:
        super().__init__()
        self.assignment = KMeans(channels, clusters, recluster_every=recluster_every)
        self.normalization = ClusterNorm(clusters)
        self.activation = Rational(clusters)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` clustered, normalized and activated."""
        labels = self.assignment(x)
        y: Tensor = self.activation(self.normalization(x, labels), labels)
        return y
