"""The clusters of a slot: the cluster of every node, empty clusters, and how they match the classes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cna_viz.analysis.tables.node_groups import is_labelled, node_groups
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class ClusterLabels:
    """The cluster of every node, ``[nodes]``, and the number of clusters, including empty ones, in one slot."""

    label: Array
    count: int

    @property
    def size(self) -> Array:
        """Nodes of every cluster, ``[count]``."""
        return np.bincount(self.label, minlength=self.count)

    @property
    def used(self) -> Array:
        """Numbers of the clusters that have nodes, ascending."""
        return np.flatnonzero(self.size)

    @property
    def empty(self) -> int:
        """Number of clusters without nodes."""
        return self.count - len(self.used)


def cluster_labels(record: Record, layer: int, epoch: int | None = None) -> ClusterLabels:
    """Return the clusters of the slot after a layer; refuses a slot without clusters."""
    check_slot(record, layer)
    stored = record.layer_variable("cluster_label", layer, epoch)
    if stored is None:
        raise UsageError(
            f"the slot {record.config.slot!r} of run {record.id} has no clusters at layer {layer}; slots with C have "
            "them: cna, c, cn, ca, cna-random and others"
        )
    label = stored.values.astype(np.int64)
    return ClusterLabels(label, max(int(label.max(initial=-1)) + 1, _stored_count(record, layer, epoch)))


def has_clusters(record: Record) -> bool:
    """Whether the slots of a run assign clusters; False for watched networks, whose slots are unknown."""
    config = record.config
    return config.watched is None and record.layers > 1 and config.model.factors.get("assignment", "none") != "none"


def check_slot(record: Record, layer: int) -> None:
    """Refuse a layer without a slot, naming those that have one; raises :class:`~cna_viz.errors.UsageError`."""
    if layer not in range(1, record.layers):
        slots = f"slots follow layers 1 to {record.layers - 1}" if record.layers > 1 else "it has no slot"
        raise UsageError(
            f"no slot after layer {layer} of run {record.id}: layers are 1 to {record.layers}, and {slots}"
        )


def effective_number(size: Array) -> float:
    """Return e to the entropy of the cluster sizes (Hill's number of order 1); NaN without nodes.

    It is 1 where one cluster has all nodes, K where all K are equally large.
    """
    share = size[size > 0] / max(size.sum(), 1)
    return float(np.exp(-(share * np.log(share)).sum())) if len(share) else np.nan


def _stored_count(record: Record, layer: int, epoch: int | None) -> int:
    """Return the number of clusters by what the slot keeps of each; 0 where that is unknown."""
    for name in ("centroid", "rational_numerator"):
        kept = record.layer_variable(name, layer, epoch)
        if kept is not None:
            return len(kept)
    # An untrained slot has no centroids yet.
    model = record.config.model
    by_kmeans = record.config.watched is None and model.factors.get("assignment") == "kmeans"
    return model.clusters if by_kmeans else 0


@dataclass(frozen=True)
class ClusterTable:
    """Nodes by cluster and group, ``[clusters, groups]``, and how far the two partitions agree.

    ``clusters`` are in the order of the rows; ``names`` and ``kind`` are those of the groups, the last of them the
    ``unlabelled`` nodes if there are any.
    """

    clusters: Array
    counts: Array
    names: tuple[str, ...]
    kind: str
    nmi: float
    ari: float
    unlabelled: int


def cluster_table(record: Record, layer: int, epoch: int | None = None) -> ClusterTable:
    """Count the nodes of every cluster by class, or by fifths of numeric targets; unlabelled nodes are counted last.

    Rows are ordered by the most frequent class of the cluster, then by its share, so that matches lie on a diagonal;
    empty clusters come last. NMI and ARI are those of ``cluster_nmi_classes`` and ``cluster_ari_classes``, over the
    labelled nodes, which a record need not hold.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score  # takes a second

    found, groups = cluster_labels(record, layer, epoch), node_groups(record)
    counts = count_pairs(found.label, groups.label, found.count, len(groups.names))
    size = counts.sum(axis=1)
    share = counts[:, : groups.rest or None] / np.maximum(size, 1)[:, None]
    order = np.lexsort((-share.max(axis=1), share.argmax(axis=1), size == 0))
    both = groups.label[known := is_labelled(record)], found.label[known]
    scores = (normalized_mutual_info_score, adjusted_rand_score)
    nmi, ari = (score(*both) if known.any() else np.nan for score in scores)
    return ClusterTable(order, counts[order], groups.names, groups.kind, float(nmi), float(ari), int((~known).sum()))


def count_pairs(one: Array, other: Array, rows: int, columns: int) -> Array:
    """Return how often two labels occur together, ``[rows, columns]``."""
    return np.bincount(one * columns + other, minlength=rows * columns).reshape(rows, columns)
