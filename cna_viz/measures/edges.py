"""The form of the graph that the measures work on."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from cna_viz.errors import UsageError


@dataclass(frozen=True)
class EdgeList:
    """Every undirected edge once, with the degrees.

    Attributes:
        first: One end of every edge, int64, ``[edges]``.
        second: The other end, ``[edges]``.
        degree: Number of neighbours of every node (self-loops not counted), float32, ``[nodes]``.
    """

    first: Tensor
    second: Tensor
    degree: Tensor

    @classmethod
    def from_edge_index(cls, edge_index: Tensor, num_nodes: int) -> Self:
        """Make the list from an edge index with both directions of every edge; self-loops are left out."""
        first, second = edge_index[:, edge_index[0] < edge_index[1]]
        ends = torch.cat([first, second])
        return cls(first, second, torch.bincount(ends, minlength=num_nodes).float())

    @property
    def num_nodes(self) -> int:
        """Number of nodes, isolated ones too."""
        return len(self.degree)


def check_nodes(x: Tensor, nodes: int) -> None:
    """Refuse features that don't have a row for every node; compiled loops would read beyond them.

    Raises:
        UsageError: Naming both numbers.
    """
    if x.dim() != 2 or len(x) != nodes:
        raise UsageError(f"features have the shape {tuple(x.shape)}, but the graph has {nodes} nodes")


def unit_scale(x: Tensor) -> Tensor:
    """Divide by the largest magnitude, so that squares of very small or large features neither vanish nor overflow.

    A zero matrix stays zero.
    """
    largest = x.abs().max() if x.numel() else x.new_zeros(())
    return x / torch.where(largest > 0, largest, torch.ones_like(largest))
