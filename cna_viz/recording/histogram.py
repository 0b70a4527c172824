"""What enters a rational function: only there does its curve mean anything."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from cna_viz.measures.rows import blocks
from cna_viz.nn.cna import CNA
from cna_viz.nn.normalize import ClusterNorm, NodeNorm, NoNorm
from cna_viz.nn.rational import Rational
from cna_viz.records.schema import HISTOGRAM_BINS, HISTOGRAM_REACH


def histogram(values: Tensor, labels: Tensor, clusters: int) -> Tensor:
    """Count values by cluster and bin, int64, ``[clusters, bins]``.

    Bins are equally wide between -8 and 8; the first holds what is below, the last what is above. NaN is not counted.

    Args:
        values: What enters the rationals, ``[nodes, channels]``.
        labels: Cluster of every node, ``[nodes]``.
        clusters: Number of clusters.
    """
    inner = HISTOGRAM_BINS - 2
    counts = torch.zeros(clusters * HISTOGRAM_BINS, dtype=torch.long, device=values.device)
    for rows in blocks(*values.shape):
        scaled = (values[rows].float() + HISTOGRAM_REACH) * (inner / (2 * HISTOGRAM_REACH))
        bins = (scaled.floor().clamp(-1, inner) + 1).nan_to_num(nan=-1.0).long()
        place = labels[rows, None] * HISTOGRAM_BINS + bins
        counts += torch.bincount(place[bins >= 0], minlength=len(counts))
    return counts.view(clusters, HISTOGRAM_BINS)


def _normalized(normalization: nn.Module, x: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield what is normalized in pieces, each with the labels of its rows: as a whole it takes several times x."""
    kind = type(normalization)  # a subclass, like a module of somebody else, may take all numbers together
    if kind is NodeNorm:
        for rows in blocks(*x.shape):
            yield normalization(x[rows]), labels[rows]
    elif kind in (ClusterNorm, NoNorm):  # every channel on its own
        for channels in blocks(x.shape[1], x.shape[0]):
            yield normalization(x[:, channels], labels), labels
    else:
        yield normalization(x, labels), labels


@contextmanager
def listen_to_rationals(slots: Mapping[int, nn.Module], heard: Callable[[int, Tensor], None]) -> Iterator[None]:
    """Call ``heard`` with the layer and the histogram of what enters the rationals of its slot, at each call.

    It is normalized once more for that. A hook on normalization or activation would make the fused pass give way to
    them, and what is recorded would differ in its last digits from what was trained.
    """
    with ExitStack() as stack:
        for layer, slot in slots.items():
            for module in slot.modules():
                if isinstance(module, CNA) and isinstance(module.activation, Rational):
                    for handle in _attach(layer, module, len(module.activation.numerator), heard):
                        stack.callback(handle.remove)
        yield


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
