"""C: which cluster each node belongs to, by k-means on its features.

Reference: Lloyd, *Least squares quantization in PCM*, 1982; k-means++ by Arthur and Vassilvitskii, 2007.
"""

import torch
from torch import Tensor, nn

from cna_viz.errors import UsageError
from cna_viz.nn.tap import Tap


class KMeans(nn.Module):
    """Assign nodes to clusters with k-means that goes on where the last training step left off.

    Minimizes Σᵢ ‖xᵢ - μ_{c(i)}‖² over assignments c and centroids μ. The first call starts from k-means++ and runs
    ``start_steps`` Lloyd steps; later calls run ``steps`` Lloyd steps from the stored centroids. Training stores the
    centroids it arrives at, evaluation computes the same and stores nothing, so that evaluating twice gives the same
    labels. No gradient flows through the assignment.

    Args:
        channels: Channels of the input.
        clusters: Number of clusters K, at most the number of nodes.
        steps: Lloyd steps per call once centroids are stored.
        start_steps: Lloyd steps of the first call.

    Shapes:
        - input: ``[nodes, channels]``
        - output: labels, int64, ``[nodes]``, each in ``0 .. K-1``

    Raises:
        UsageError: When called with fewer nodes than clusters.
    """

    centroids: Tensor
    fitted: Tensor
    seed: Tensor

    def __init__(self, channels: int, clusters: int, *, steps: int = 1, start_steps: int = 10) -> None:
        super().__init__()
        if clusters < 1:
            raise UsageError(f"KMeans clusters = {clusters} is out of range: it must be at least 1")
        self.clusters, self.steps, self.start_steps = clusters, steps, start_steps
        self.register_buffer("centroids", torch.zeros(clusters, channels))
        self.register_buffer("fitted", torch.tensor(False))
        # The start is drawn from a seed that is part of the state: a reloaded module starts as this one would have.
        self.register_buffer("seed", torch.randint(2**31, ()))
        self.label_tap = Tap()

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Return the cluster of every node; in training mode also store the new centroids."""
        if x.shape[0] < self.clusters:
            raise UsageError(
                f"KMeans clusters = {self.clusters} is out of range: the input has {x.shape[0]} nodes, "
                f"so it must be at most {x.shape[0]}"
            )
        # Distances of nearly equal rows cancel in float32: measure them from the mean instead of from the origin.
        mean = x.mean(dim=0)
        x = x - mean
        if self.fitted:
            centroids, labels = lloyd(x, self.centroids.to(x.dtype) - mean, self.steps)
        else:
            centroids, labels = lloyd(x, plus_plus(x, self.clusters, int(self.seed)), self.start_steps)
        if self.training:
            self.centroids.copy_(centroids + mean)
            self.fitted.fill_(True)
        tapped: Tensor = self.label_tap(labels)
        return tapped

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return f"{self.centroids.shape[1]}, clusters={self.clusters}"


def plus_plus(x: Tensor, clusters: int, seed: int) -> Tensor:
    """Choose start centroids by k-means++: each next one with probability proportional to its squared distance.

    Args:
        x: Features, ``[nodes, channels]``.
        clusters: Number of centroids to choose.
        seed: Seed of the choice; the same seed and features give the same centroids on every device.

    Returns:
        Centroids, rows of ``x``, ``[clusters, channels]``. Where fewer distinct rows exist, rows repeat.
    """
    draws = torch.rand(clusters, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(x.device)
    nodes = x.shape[0]
    weight = torch.ones(nodes, dtype=torch.float64, device=x.device)
    chosen = []
    for draw in draws:
        cumulative = weight.cumsum(0)
        index = torch.searchsorted(cumulative, draw * cumulative[-1]).clamp(max=nodes - 1)
        chosen.append(x[index])
        distance = (x - x[index]).square().sum(dim=1).double()
        weight = distance if len(chosen) == 1 else torch.minimum(weight, distance)
    return torch.stack(chosen)


def lloyd(x: Tensor, centroids: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Run Lloyd steps and return the centroids with the assignment that belongs to them.

    A cluster that lost all its nodes is placed on the node farthest from its own centroid (the second such cluster on the
    second farthest, and so on).

    Args:
        x: Features, ``[nodes, channels]``.
        centroids: Start, ``[clusters, channels]``.
        steps: Number of steps.

    Returns:
        Centroids ``[clusters, channels]`` and labels ``[nodes]``.
    """
    labels = nearest(x, centroids)
    for _ in range(steps):
        centroids = _update(x, labels, centroids)
        labels = nearest(x, centroids)
    return centroids, labels


def nearest(x: Tensor, centroids: Tensor) -> Tensor:
    """Return the index of the nearest centroid of every row; the lowest index where several are equally near."""
    # ‖x‖² is the same for all centroids and drops out of ‖x - μ‖² = ‖x‖² - 2x·μ + ‖μ‖².
    return torch.addmm(centroids.square().sum(dim=1), x, centroids.T, alpha=-2).argmin(dim=1)


def membership(labels: Tensor, clusters: int, dtype: torch.dtype) -> Tensor:
    """Return the indicator matrix M, ``[nodes, clusters]``: M[i, k] = 1 where node i is in cluster k."""
    return torch.zeros(labels.shape[0], clusters, dtype=dtype, device=labels.device).scatter_(1, labels[:, None], 1)


def _update(x: Tensor, labels: Tensor, centroids: Tensor) -> Tensor:
    clusters = centroids.shape[0]
    members = membership(labels, clusters, x.dtype)
    sizes = members.sum(dim=0)
    means = (members.T @ x) / sizes.clamp(min=1)[:, None]
    empty = sizes == 0
    farthest = (x - centroids[labels]).square().sum(dim=1).topk(clusters).indices
    replacement = x[farthest[(empty.cumsum(0) - 1).clamp(min=0)]]
    return torch.where(empty[:, None], replacement, means)
