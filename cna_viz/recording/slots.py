"""Recorded state of the slots: cluster labels, centroids, rational coefficients, and the inputs of the rationals."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from cna_viz.measures.rows import blocks
from cna_viz.nn.assignment import KMeans, Whole
from cna_viz.nn.cna import CNA
from cna_viz.nn.normalize import ClusterNorm, NodeNorm, NoNorm
from cna_viz.nn.rational import Rational
from cna_viz.records.schema import HISTOGRAM_BINS, HISTOGRAM_REACH


def label_taps(slots: Mapping[int, nn.Module]) -> dict[tuple[int, str], nn.Module]:
    """Return the taps of the cluster labels, by layer and ``cluster_label``, of the slots that cluster."""
    return {
        (layer, "cluster_label"): module.label_tap
        for layer, slot in slots.items()
        for module in slot.modules()
        if isinstance(module, CNA) and not isinstance(module.assignment, Whole)
    }


def slot_tensors(slot: nn.Module) -> dict[str, Tensor]:
    """Return a slot's centroids (of the last clustering, if any) and rational coefficients, by record variable."""
    tensors: dict[str, Tensor] = {}
    for module in slot.modules():
        if isinstance(module, KMeans) and module.centroids.shape[1] > 0 and module.count > 0:
            tensors["centroid"] = module.centroids.float()
        if isinstance(module, Rational):
            tensors["rational_numerator"] = module.numerator.detach().float()
            tensors["rational_denominator"] = module.denominator.detach().float()
    return tensors


@contextmanager
def listen_to_rationals(slots: Mapping[int, nn.Module], heard: Callable[[int, Tensor], None]) -> Iterator[None]:
    """Call ``heard`` with the layer and the histogram of what enters the rationals of its slot, at each call.

    The input is normalized once more for this: a hook on normalization or activation would disable the fused pass, and
    the recorded values would differ from the trained ones in their last digits.
    """
    with ExitStack() as stack:
        for layer, slot in slots.items():
            for module in slot.modules():
                if isinstance(module, CNA) and isinstance(module.activation, Rational):
                    for handle in _attach(layer, module, len(module.activation.numerator), heard):
                        stack.callback(handle.remove)
        yield


def histogram(values: Tensor, labels: Tensor, clusters: int) -> Tensor:
    """Count the inputs of rationals, ``[nodes, channels]``, by cluster and bin, int64, ``[clusters, bins]``.

    The inner bins divide [-8, 8] evenly; the first and the last bin count the values beyond. NaN is not counted.
    """
    inner = HISTOGRAM_BINS - 2
    counts = torch.zeros(clusters * HISTOGRAM_BINS, dtype=torch.long, device=values.device)
    for rows in blocks(*values.shape):
        scaled = (values[rows].float() + HISTOGRAM_REACH) * (inner / (2 * HISTOGRAM_REACH))
        bins = (scaled.floor().clamp(-1, inner) + 1).nan_to_num(nan=-1.0).long()
        place = labels[rows, None] * HISTOGRAM_BINS + bins
        counts += torch.bincount(place[bins >= 0], minlength=len(counts))
    return counts.view(clusters, HISTOGRAM_BINS)


def _attach(
    layer: int, slot: CNA, clusters: int, heard: Callable[[int, Tensor], None]
) -> tuple[RemovableHandle, RemovableHandle]:
    labels: list[Tensor] = []

    def note(tap: nn.Module, args: Any, output: Tensor) -> None:
        labels[:] = [output]

    def count(module: nn.Module, args: Any, output: Tensor) -> None:
        features = args[0].detach()
        if features.dtype in (torch.float16, torch.bfloat16):
            features = features.float()
        parts = _normalized(slot.normalization, features, labels[0])
        heard(layer, torch.stack([histogram(values, of, clusters) for values, of in parts]).sum(dim=0))

    return slot.label_tap.register_forward_hook(note), slot.register_forward_hook(count)


def _normalized(normalization: nn.Module, x: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the normalized features in pieces, each with the labels of its rows, to save memory."""
    kind = type(normalization)  # a subclass or a foreign module may need all values at once
    if kind is NodeNorm:
        for rows in blocks(*x.shape):
            yield normalization(x[rows]), labels[rows]
    elif kind in (ClusterNorm, NoNorm):  # these treat every channel separately
        for channels in blocks(x.shape[1], x.shape[0]):
            yield normalization(x[:, channels], labels), labels
    else:
        yield normalization(x, labels), labels
