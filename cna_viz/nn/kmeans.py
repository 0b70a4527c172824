"""The k-means algorithm on tensors: initial centroids, Lloyd steps, nearest centroid. No state, no GPU waits.

Lloyd, *Least squares quantization in PCM*, 1982; k-means++ by Arthur and Vassilvitskii, 2007. The distance is Euclidean
or cosine, :math:`1 - x·μ / (‖x‖‖μ‖)`; a centroid is the mean of its nodes in both cases, as in the library that the
released code of CNA uses. A row of zeros has cosine distance one from everything.
"""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def plus_plus(x: Tensor, clusters: int, seed: int, distance: str = "euclidean") -> Tensor:
    """Choose initial centroids by k-means++: each with probability proportional to its squared distance to the others.

    Args:
        x: Features, ``[nodes, channels]``.
        clusters: Number of centroids to choose.
        seed: Seed of the choice; the same seed and features give the same centroids on every device.
        distance: ``euclidean`` or ``cosine`` (distance between the rows scaled to length one).

    Returns:
        Centroids, rows of ``x``, ``[clusters, channels]``; rows repeat if ``x`` has fewer distinct ones.
    """
    draws = torch.rand(clusters, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(x.device)
    nodes = x.shape[0]
    place = F.normalize(x) if distance == "cosine" else x
    weight = torch.ones(nodes, dtype=torch.float64, device=x.device)
    chosen: list[Tensor] = []
    for draw in draws:
        cumulative = weight.cumsum(0)
        index = torch.searchsorted(cumulative, (draw * cumulative[-1]).view(1)).clamp(max=nodes - 1)
        squares = (place - place.index_select(0, index)).square().sum(dim=1).double()
        weight = torch.minimum(weight, squares) if chosen else squares
        chosen.append(index)
    return x.index_select(0, torch.cat(chosen))


def random_rows(x: Tensor, clusters: int, seed: int) -> Tensor:
    """Choose distinct rows of ``x`` as initial centroids, uniformly, ``[clusters, channels]``."""
    order = torch.randperm(x.shape[0], generator=torch.Generator().manual_seed(seed))
    return x.index_select(0, order[:clusters].to(x.device))


def lloyd(x: Tensor, centroids: Tensor, steps: int, distance: str = "euclidean") -> tuple[Tensor, Tensor]:
    """Run Lloyd steps and return the centroids with their assignment.

    On the CPU it ends early once a step changes nothing, with the same result; a GPU would have to wait for the answer.

    Args:
        x: Features, ``[nodes, channels]``.
        centroids: Initial centroids, ``[clusters, channels]``.
        steps: Number of steps.
        distance: ``euclidean`` or ``cosine``.

    Returns:
        Centroids ``[clusters, channels]`` and labels ``[nodes]``.
    """
    labels = nearest(x, centroids, distance)
    for _ in range(steps):
        moved = update(x, labels, centroids, distance)
        labels = nearest(x, moved, distance)
        still = x.device.type == "cpu" and torch.equal(moved, centroids)
        centroids = moved
        if still:
            break
    return centroids, labels


def nearest(x: Tensor, centroids: Tensor, distance: str = "euclidean") -> Tensor:
    """Return the index of the nearest centroid of every row; ties go to the lowest index."""
    # A row per centroid: reducing over columns takes a third of the time of reducing over rows.
    if distance == "cosine":
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


def update(x: Tensor, labels: Tensor, centroids: Tensor, distance: str = "euclidean") -> Tensor:
    """Return the means of the clusters; empty clusters move to the nodes farthest from their own centroids."""
    clusters = centroids.shape[0]
    means, sizes = cluster_means(x, labels, clusters)
    empty = sizes == 0
    if x.device.type == "cpu" and not empty.any():  # a GPU would have to wait for the answer
        return means
    own = centroids.index_select(0, labels)
    lengths = 1 - F.cosine_similarity(x, own) if distance == "cosine" else (x - own).square().sum(dim=1)
    farthest = lengths.topk(clusters).indices
    replacement = x.index_select(0, farthest.index_select(0, (empty.cumsum(0) - 1).clamp(min=0)))
    return torch.where(empty[:, None], replacement, means)
