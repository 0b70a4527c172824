"""The k-means algorithm on tensors: a start, Lloyd steps, the nearest centroid. No state, no host synchronisation.

Reference: Lloyd, *Least squares quantization in PCM*, 1982; k-means++ by Arthur and Vassilvitskii, 2007. Distances are
Euclidean or cosine, :math:`1 - x·μ / (‖x‖‖μ‖)`; a centroid is the mean of its nodes in both cases, as in the library
that the released code of CNA uses. A row of zeros has cosine distance one from everything.
"""

from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

METRICS: Final = ("euclidean", "cosine")


def plus_plus(x: Tensor, clusters: int, seed: int, metric: str = "euclidean") -> Tensor:
    """Choose start centroids by k-means++: each next one with probability proportional to its squared distance.

    Args:
        x: Features, ``[nodes, channels]``.
        clusters: Number of centroids to choose.
        seed: Seed of the choice; the same seed and features give the same centroids on every device.
        metric: ``euclidean`` or ``cosine`` (distance between the rows scaled to length one).

    Returns:
        Centroids, rows of ``x``, ``[clusters, channels]``. Where fewer distinct rows exist, rows repeat.
    """
    draws = torch.rand(clusters, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(x.device)
    nodes = x.shape[0]
    place = F.normalize(x) if metric == "cosine" else x
    weight = torch.ones(nodes, dtype=torch.float64, device=x.device)
    chosen: list[Tensor] = []
    for draw in draws:
        cumulative = weight.cumsum(0)
        index = torch.searchsorted(cumulative, (draw * cumulative[-1]).view(1)).clamp(max=nodes - 1)
        distance = (place - place.index_select(0, index)).square().sum(dim=1).double()
        weight = torch.minimum(weight, distance) if chosen else distance
        chosen.append(index)
    return x.index_select(0, torch.cat(chosen))


def random_rows(x: Tensor, clusters: int, seed: int) -> Tensor:
    """Choose distinct rows of ``x`` as start centroids, each with the same probability, ``[clusters, channels]``."""
    order = torch.randperm(x.shape[0], generator=torch.Generator().manual_seed(seed))
    return x.index_select(0, order[:clusters].to(x.device))


def lloyd(x: Tensor, centroids: Tensor, steps: int, metric: str = "euclidean") -> tuple[Tensor, Tensor]:
    """Run Lloyd steps and return the centroids with the assignment that belongs to them.

    A cluster that lost all its nodes is placed on the node farthest from its own centroid (the second such cluster on
    the second farthest, and so on). It ends before ``steps`` where a step changed nothing, as far as that can be seen
    without making a GPU wait; the result is the same.

    Args:
        x: Features, ``[nodes, channels]``.
        centroids: Start, ``[clusters, channels]``.
        steps: Number of steps.
        metric: ``euclidean`` or ``cosine``.

    Returns:
        Centroids ``[clusters, channels]`` and labels ``[nodes]``.
    """
    labels = nearest(x, centroids, metric)
    for _ in range(steps):
        moved = update(x, labels, centroids, metric)
        labels = nearest(x, moved, metric)
        still = x.device.type == "cpu" and torch.equal(moved, centroids)
        centroids = moved
        if still:
            break
    return centroids, labels


def nearest(x: Tensor, centroids: Tensor, metric: str = "euclidean") -> Tensor:
    """Return the index of the nearest centroid of every row; the lowest index where several are equally near."""
    # A row per centroid: the smallest of a column is found in a third of the time of the smallest of a row.
    if metric == "cosine":
        return (F.normalize(centroids) @ x.T).max(dim=0).indices
    # ‖x‖² is the same for all centroids and drops out of ‖x - μ‖² = ‖x‖² - 2x·μ + ‖μ‖².
    norms = centroids.square().sum(dim=1, keepdim=True)
    return torch.addmm(norms, centroids, x.T, alpha=-2).min(dim=0).indices


def membership(labels: Tensor, clusters: int, dtype: torch.dtype) -> Tensor:
    """Return the indicator matrix M, ``[nodes, clusters]``: M[i, k] = 1 where node i is in cluster k."""
    return torch.zeros(labels.shape[0], clusters, dtype=dtype, device=labels.device).scatter_(1, labels[:, None], 1)


def cluster_means(x: Tensor, labels: Tensor, clusters: int) -> tuple[Tensor, Tensor]:
    """Return the mean of every cluster, ``[clusters, channels]``, and its number of nodes, ``[clusters]``."""
    members = membership(labels, clusters, x.dtype)
    sizes = members.sum(dim=0)
    return (members.T @ x) / sizes.clamp(min=1)[:, None], sizes


def update(x: Tensor, labels: Tensor, centroids: Tensor, metric: str = "euclidean") -> Tensor:
    """Return the means of the clusters; a cluster without nodes goes to the node farthest from its own centroid."""
    clusters = centroids.shape[0]
    means, sizes = cluster_means(x, labels, clusters)
    empty = sizes == 0
    if x.device.type == "cpu" and not empty.any():  # a GPU would have to wait for the answer
        return means
    own = centroids.index_select(0, labels)
    distance = 1 - F.cosine_similarity(x, own) if metric == "cosine" else (x - own).square().sum(dim=1)
    farthest = distance.topk(clusters).indices
    replacement = x.index_select(0, farthest.index_select(0, (empty.cumsum(0) - 1).clamp(min=0)))
    return torch.where(empty[:, None], replacement, means)
