"""Cluster measures: agreement with classes, communities and the previous layer, and churn over time."""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from cna_viz.config import vocabulary
from cna_viz.measures import clusters as measures

ClusterTable = dict[str, dict[int, float]]
"""Value by measure and layer."""


class ClusterMeasurer:
    """Measures the clusters of all layers; remembers the last ones for the churn.

    Args:
        names: Measures to take; other measures are ignored.
        partitions: Reference labels, one per node: ``classes`` and ``communities``.
    """

    def __init__(self, names: Sequence[str], partitions: Mapping[str, Tensor]) -> None:
        self.names = [name for name in names if name in vocabulary.CLUSTER_MEASURES]
        self.partitions = {name: labels.cpu() for name, labels in partitions.items()}
        self._before: dict[int, Tensor] = {}

    def __call__(self, labels: Mapping[int, Tensor]) -> ClusterTable:
        """Return the measures; values without a reference are missing.

        Args:
            labels: Cluster of every node, ``[nodes]``, by layer.
        """
        if not self.names:
            return {}
        labels = {layer: value.cpu() for layer, value in labels.items()}
        table: ClusterTable = {name: {} for name in self.names}
        for layer, now in labels.items():
            for name in self.names:
                value = self._measure(name, layer, now, labels)
                if value is not None:
                    table[name][layer] = value
        if "cluster_churn" in self.names:
            # Copies: loading a state writes to the labels of a slot.
            self._before = {layer: value.clone() for layer, value in labels.items()}
        return table

    def forget(self) -> None:
        """Forget the last clusters: the next call has no churn."""
        self._before = {}

    def _measure(self, name: str, layer: int, now: Tensor, labels: Mapping[int, Tensor]) -> float | None:
        if name == "cluster_entropy":
            return float(measures.cluster_entropy(now))
        compare: Callable[[Tensor, Tensor], Tensor] = measures.cluster_churn
        if name == "cluster_churn":
            other = self._before.get(layer)
        else:
            _, kind, partner = name.split("_")
            other = labels.get(layer - 1) if partner == "previous" else self.partitions.get(partner)
            compare = measures.nmi if kind == "nmi" else measures.ari
        return None if other is None or other.shape != now.shape else float(compare(other, now))
