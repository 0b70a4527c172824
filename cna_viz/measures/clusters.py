"""What clusters do: how large they are, how they change, and what they agree with. All on the CPU."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix
from torch import Tensor

Labels = Tensor | ArrayLike
"""Cluster of every node, integers, ``[nodes]``."""


def cluster_sizes(labels: Labels, clusters: int | None = None) -> Tensor:
    """Count the nodes of every cluster.

    Args:
        labels: Cluster of every node, at least 0.
        clusters: Number of clusters; by default the largest label says it.

    Returns:
        Int64, ``[clusters]``; 0 for clusters without a node. Cost: O(nodes).
    """
    return torch.bincount(torch.from_numpy(_array(labels)), minlength=clusters or 0)


def cluster_entropy(labels: Labels) -> Tensor:
    r"""Entropy of the cluster sizes, in nats.

    .. math:: -\sum_k p_k \log p_k, \qquad p_k = n_k / v

    Source: Shannon 1948. It lies in [0, log of the number of clusters]: 0 where one cluster has all nodes, log K where
    all K are equally large; its exponential is how many clusters are in use.

    Args:
        labels: Cluster of every node.

    Returns:
        A scalar, float64; NaN without nodes. Cost: O(nodes).
    """
    sizes = cluster_sizes(labels).double()
    return torch.special.entr(sizes / sizes.sum()).sum() if len(sizes) else _scalar(np.nan)


def cluster_churn(before: Labels, now: Labels, /) -> Tensor:
    r"""Share of nodes that changed their cluster, after the names of clusters have been matched as well as possible.

    .. math:: 1 - \frac{1}{v} \max_\pi \sum_i [\pi(b_i) = c_i]

    The best one-to-one matching π is found by the Hungarian method (Kuhn 1955, as scipy has it), so names that k-means
    exchanges cost nothing. It lies in [0, 1): 0 where the partition is the same.

    Args:
        before: Cluster of every node, then.
        now: Cluster of every node, now.

    Returns:
        A scalar, float64; NaN without nodes. Cost: O(nodes + clusters³).
    """
    one, other = _array(before), _array(now)
    if not len(one):
        return _scalar(np.nan)
    table = contingency_matrix(one, other)
    return _scalar(1 - table[linear_sum_assignment(table, maximize=True)].sum() / len(one))


def nmi(one: Labels, other: Labels, /) -> Tensor:
    r"""Normalized mutual information of two partitions, by the mean of both entropies.

    .. math:: \frac{2\, I(A; B)}{H(A) + H(B)}

    Source: ``sklearn.metrics.normalized_mutual_info_score``; Strehl and Ghosh 2002, who named it, divide by the
    geometric mean. It lies in [0, 1] and does not depend on names; it is not corrected for chance, so many small
    clusters get more than 0 by accident.

    Args:
        one: A label for every node.
        other: Another.

    Returns:
        A scalar, float64; 1 where both have one cluster, 0 where only one has; NaN without nodes. Cost: O(nodes).
    """
    return _compared(normalized_mutual_info_score, one, other)


def ari(one: Labels, other: Labels, /) -> Tensor:
    r"""Adjusted Rand index of two partitions: agreement on pairs of nodes, corrected for chance.

    .. math:: \frac{RI - E[RI]}{\max RI - E[RI]}

    Source: Hubert and Arabie 1985, as ``sklearn.metrics.adjusted_rand_score`` has it. It lies in [-½, 1]; 0 is chance,
    1 the same partition; names don't matter.

    Args:
        one: A label for every node.
        other: Another.

    Returns:
        A scalar, float64; 1 where both have one cluster, 0 where only one has; NaN without nodes. Cost: O(nodes).
    """
    return _compared(adjusted_rand_score, one, other)


def _compared(score: Callable[..., float], one: Labels, other: Labels) -> Tensor:
    a, b = _array(one), _array(other)
    return _scalar(score(a, b) if len(a) else np.nan)


def _array(labels: Labels) -> NDArray[np.int64]:
    plain = labels.detach().cpu().numpy() if isinstance(labels, Tensor) else np.asarray(labels)
    return plain.astype(np.int64)


def _scalar(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)
