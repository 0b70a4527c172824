"""C: which cluster each node belongs to, by k-means on its features.

Reference: Lloyd, *Least squares quantization in PCM*, 1982; k-means++ by Arthur and Vassilvitskii, 2007.
"""

from typing import Any

import torch
from torch import Tensor, nn

from cna_viz.errors import UsageError
from cna_viz.nn.tap import Tap


class KMeans(nn.Module):
    """Assign nodes to clusters by k-means, anew every few training steps.

    Minimizes Σᵢ ‖xᵢ - μ_{c(i)}‖² over assignments c and centroids μ by Lloyd steps, from k-means++ the first time and
    from the centroids of the last time later on. Between two clusterings every node keeps its label: clusters that
    change with every step make the loss jump. Evaluation uses what training stored and changes nothing; before any
    training step it computes what the first training step would. No gradient flows through the assignment.

    Args:
        channels: Channels of the input.
        clusters: Number of clusters K, at most the number of nodes.
        recluster_every: Training steps between two clusterings; the released code of CNA re-clusters every 20th call.
        steps: Lloyd steps of a clustering.

    Shapes:
        - input: ``[nodes, channels]``
        - output: labels, int64, ``[nodes]``, each in ``0 .. K-1``

    Attributes:
        centroids: Centroids of the last clustering, ``[K, channels]``.
        labels: Labels of the last clustering, ``[nodes]``. An input with another number of nodes is another graph:
            its nodes get the nearest centroid.
        count: Training steps seen.

    Raises:
        UsageError: When called with fewer nodes than clusters.
    """

    centroids: Tensor
    labels: Tensor
    count: Tensor
    seed: Tensor

    def __init__(self, channels: int, clusters: int, *, recluster_every: int = 20, steps: int = 10) -> None:
        super().__init__()
        if clusters < 1:
            raise UsageError(f"KMeans clusters = {clusters} is out of range: it must be at least 1")
        if recluster_every < 1:
            raise UsageError(f"KMeans recluster_every = {recluster_every} is out of range: it must be at least 1")
        self.clusters, self.recluster_every, self.steps = clusters, recluster_every, steps
        self.register_buffer("centroids", torch.zeros(clusters, channels))
        self.register_buffer("labels", torch.zeros(0, dtype=torch.long))
        self.register_buffer("count", torch.tensor(0))
        # The start is drawn from a seed that is part of the state: a reloaded module starts as this one would have.
        self.register_buffer("seed", torch.randint(2**31, ()))
        self.label_tap = Tap()

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Return the cluster of every node; in training mode also store what was found and count the step."""
        if x.shape[0] < self.clusters:
            raise UsageError(
                f"KMeans clusters = {self.clusters} is out of range: the input has {x.shape[0]} nodes, "
                f"so it must be at most {x.shape[0]}"
            )
        count = int(self.count)
        if count == 0 or (self.training and count % self.recluster_every == 0):
            labels = self._cluster(x, first=count == 0)
        elif len(self.labels) == len(x):
            labels = self.labels
        else:
            mean = x.mean(dim=0)
            labels = nearest(x - mean, self.centroids.to(x.dtype) - mean)
        if self.training:
            self.count += 1
        tapped: Tensor = self.label_tap(labels)
        return tapped

    def _cluster(self, x: Tensor, *, first: bool) -> Tensor:
        # Distances of nearly equal rows cancel in float32: measure them from the mean instead of from the origin.
        mean = x.mean(dim=0)
        x = x - mean
        start = plus_plus(x, self.clusters, int(self.seed)) if first else self.centroids.to(x.dtype) - mean
        centroids, labels = lloyd(x, start, self.steps)
        if self.training:
            self.centroids.copy_(centroids + mean)
            self.labels = labels
        return labels

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any) -> None:
        # The number of labels is that of the graph the module was trained on.
        stored = state_dict.get(f"{prefix}labels")
        if stored is not None:
            self.labels = self.labels.new_empty(stored.shape)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return f"{self.centroids.shape[1]}, clusters={self.clusters}, recluster_every={self.recluster_every}"


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

    A cluster that lost all its nodes is placed on the node farthest from its own centroid (the second such cluster on
    the second farthest, and so on).

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
    farthest = (x - centroids.index_select(0, labels)).square().sum(dim=1).topk(clusters).indices
    replacement = x[farthest[(empty.cumsum(0) - 1).clamp(min=0)]]
    return torch.where(empty[:, None], replacement, means)
