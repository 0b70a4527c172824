"""What a slot has learned or remembers: clusters and rational coefficients."""

from torch import Tensor, nn

from cna_viz.nn.assignment import KMeans, Whole
from cna_viz.nn.cna import CNA
from cna_viz.nn.rational import Rational


def label_taps(slots: dict[int, nn.Module]) -> dict[tuple[int, str], nn.Module]:
    """Return the taps that cluster labels pass, by layer and the name ``cluster_label``, where there are clusters."""
    return {
        (layer, "cluster_label"): module.label_tap
        for layer, slot in slots.items()
        for module in slot.modules()
        if isinstance(module, CNA) and not isinstance(module.assignment, Whole)
    }


def slot_tensors(slot: nn.Module) -> dict[str, Tensor]:
    """Return the centroids and the rational coefficients of a slot, by variable of the record.

    Centroids are those of the last clustering; an untrained slot has none.
    """
    tensors: dict[str, Tensor] = {}
    for module in slot.modules():
        if isinstance(module, KMeans) and module.centroids.shape[1] > 0 and module.count > 0:
            tensors["centroid"] = module.centroids.float()
        if isinstance(module, Rational):
            tensors["rational_numerator"] = module.numerator.detach().float()
            tensors["rational_denominator"] = module.denominator.detach().float()
    return tensors
