"""Clusters of a slot against the classes: how many nodes of which class every cluster has."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cna_viz.analysis.tables.cluster_labels import cluster_labels
from cna_viz.analysis.tables.node_groups import node_groups
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class ClusterTable:
    """Clusters and groups of nodes, counted.

    Attributes:
        clusters: Numbers of the clusters, in the order of the rows.
        counts: Nodes by cluster and group, ``[clusters, groups]``.
        names: What each group is called.
        kind: ``class``, or ``target`` where nodes with similar targets are a group.
        nmi: Normalized mutual information of clusters and groups.
        ari: Adjusted Rand index of the same.
    """

    clusters: Array
    counts: Array
    names: tuple[str, ...]
    kind: str
    nmi: float
    ari: float


def cluster_table(record: Record, layer: int, epoch: int | None = None) -> ClusterTable:
    """Count the nodes of every cluster by class; where targets are numbers, by fifths of them.

    Rows are ordered by the class that is most frequent in the cluster, then by its share, so that what agrees lies on
    a diagonal; clusters without nodes come last. NMI and ARI are those of ``cluster_nmi_classes`` and
    ``cluster_ari_classes``, which a record need not hold.

    Args:
        record: A run whose slot has clusters, with snapshots.
        layer: 1 … number of layers - 1.
        epoch: A snapshot's epoch; the selected model's when left out.

    Raises:
        UsageError: When the slot has no clusters, or there is no such layer or snapshot.
    """
    # Takes a second to import, and who only counts pairs does not need it.
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    found, groups = cluster_labels(record, layer, epoch), node_groups(record)
    counts = count_pairs(found.label, groups.label, found.count, len(groups.names))
    size = counts.sum(axis=1)
    share = counts / np.maximum(size, 1)[:, None]
    order = np.lexsort((-share.max(axis=1), share.argmax(axis=1), size == 0))
    nmi = normalized_mutual_info_score(groups.label, found.label)
    ari = adjusted_rand_score(groups.label, found.label)
    return ClusterTable(order, counts[order], groups.names, groups.kind, float(nmi), float(ari))


def count_pairs(one: Array, other: Array, rows: int, columns: int) -> Array:
    """Return how often a label and another come together, ``[rows, columns]``."""
    return np.bincount(one * columns + other, minlength=rows * columns).reshape(rows, columns)
