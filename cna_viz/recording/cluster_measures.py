"""Cluster measures: agreement with classes, communities and the previous layer, and churn over time."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from cna_viz.config import vocabulary
from cna_viz.measures import clusters as measures


class ClusterMeasurer:
    """Measures the clusters of all layers, compared with named reference labels and, for the churn, the last ones.

    Nodes whose reference label is -1, those without a class, are left out of the comparison with it.
    """

    def __init__(self, names: Sequence[str], partitions: Mapping[str, Tensor]) -> None:
        self.names = [name for name in names if name in vocabulary.CLUSTER_MEASURES]
        self.partitions = {name: labels.cpu() for name, labels in partitions.items()}
        self._before: dict[int, Tensor] = {}

    def __call__(self, labels: Mapping[int, Tensor]) -> dict[str, dict[int, float]]:
        """Return values by measure and layer, of labels, ``[nodes]``, by layer; those without reference are missing."""
        if not self.names:
            return {}
        labels = {layer: value.cpu() for layer, value in labels.items()}
        table = {name: self._measure(name, labels) for name in self.names}
        if "cluster_churn" in self.names:
            # Copies: loading a state writes to the labels of a slot.
            self._before = {layer: value.clone() for layer, value in labels.items()}
        return table

    def forget(self) -> None:
        """Forget the last clusters: the next call has no churn."""
        self._before = {}

    def _measure(self, name: str, labels: Mapping[int, Tensor]) -> dict[int, float]:
        if name == "cluster_entropy":
            return {layer: float(measures.cluster_entropy(now)) for layer, now in labels.items()}
        if name == "cluster_churn":
            compare, others = measures.cluster_churn, self._before
        else:
            _, kind, partner = name.split("_")
            compare = measures.nmi if kind == "nmi" else measures.ari
            if partner == "previous":
                others = {layer + 1: value for layer, value in labels.items()}
            else:
                others = {layer: self.partitions[partner] for layer in labels if partner in self.partitions}
        return {
            layer: float(compare(*_labelled(others[layer], now)))
            for layer, now in labels.items()
            if layer in others and others[layer].shape == now.shape
        }


def _labelled(reference: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    known = reference >= 0
    return (reference, labels) if bool(known.all()) else (reference[known], labels[known])
