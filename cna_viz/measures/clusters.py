"""Clusters: their sizes, their changes, and their agreement with other partitions. All on the CPU."""

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
        clusters: Number of clusters; by default the largest label + 1.

    Returns:
        Int64, ``[clusters]``; 0 for clusters without a node. Cost: O(nodes).
    """
    return torch.bincount(torch.from_numpy(_array(labels)), minlength=clusters or 0)


def cluster_entropy(labels: Labels) -> Tensor:
    r"""Entropy of the cluster sizes, in nats.

    .. math:: -\sum_k p_k \log p_k, \qquad p_k = n_k / v

    Source: Shannon 1948. In [0, log K]: 0 if one cluster has all nodes, log K if all K clusters are equally large; its
    exponential is the effective number of clusters.

    Args:
        labels: Cluster of every node.

    Returns:
        A scalar, float64; NaN without nodes. Cost: O(nodes).
    """
    sizes = cluster_sizes(labels).double()
    return torch.special.entr(sizes / sizes.sum()).sum() if len(sizes) else _scalar(np.nan)


def cluster_churn(before: Labels, now: Labels, /) -> Tensor:
    r"""Share of nodes that changed their cluster under the best matching of cluster names.

    .. math:: 1 - \frac{1}{v} \max_\pi \sum_i [\pi(b_i) = c_i]

    The Hungarian method (Kuhn 1955, from scipy) finds the best one-to-one matching π, so permuted names cost nothing.
    In [0, 1): 0 for equal partitions.

    Args:
        before: Cluster of every node before.
        now: Cluster of every node now.

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
    geometric mean. In [0, 1], independent of names; not corrected for chance: many small clusters exceed 0.

    Args:
        one: Cluster of every node.
        other: Cluster of every node in the other partition.

    Returns:
        A scalar, float64; 1 if both partitions are one cluster, 0 if only one is; NaN without nodes. Cost: O(nodes).
    """
    return _compared(normalized_mutual_info_score, one, other)


def ari(one: Labels, other: Labels, /) -> Tensor:
    r"""Adjusted Rand index of two partitions: agreement on pairs of nodes, corrected for chance.

    .. math:: \frac{RI - E[RI]}{\max RI - E[RI]}

    Source: Hubert and Arabie 1985, from ``sklearn.metrics.adjusted_rand_score``. In [-½, 1], independent of names: 0 at
    chance, 1 for equal partitions.

    Args:
        one: Cluster of every node.
        other: Cluster of every node in the other partition.

    Returns:
        A scalar, float64; 1 if both partitions are one cluster, 0 if only one is; NaN without nodes. Cost: O(nodes).
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
