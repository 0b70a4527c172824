"""The backbones by name: which convolution, and the form of the edges it wants."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from torch import Tensor, nn

from cna_viz.errors import unknown_name
from cna_viz.models.gcn import GCNConv, normalized_adjacency


@dataclass(frozen=True)
class Backbone:
    """A kind of convolution.

    Attributes:
        conv: Makes a convolution from input and output channels; it is called as ``conv(x, edges)``.
        prepare: Makes ``edges`` from the edge index and the number of nodes, once per graph.
    """

    conv: Callable[[int, int], nn.Module]
    prepare: Callable[[Tensor, int], Tensor]


BACKBONES: Final[dict[str, Backbone]] = {
    "gcn": Backbone(conv=GCNConv, prepare=normalized_adjacency),
}


def get_backbone(name: str) -> Backbone:
    """Return the backbone of this name; raises :class:`~cna_viz.errors.UsageError` listing those there are."""
    if name not in BACKBONES:
        raise unknown_name("backbone", name, BACKBONES)
    return BACKBONES[name]
