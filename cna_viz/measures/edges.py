"""The form of the graph that the measures work on."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor


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

    def differences(self, x: Tensor) -> Tensor:
        """Return the difference of the rows of ``x`` at both ends of every edge, ``[edges, channels]``."""
        # index_select is ten times as fast as x[index] on a CPU.
        return x.index_select(0, self.first).sub_(x.index_select(0, self.second))


def unit_scale(x: Tensor) -> Tensor:
    """Divide by the largest magnitude, so that squares of very small or large features neither vanish nor overflow.

    A zero matrix stays zero.
    """
    largest = x.abs().max() if x.numel() else x.new_zeros(())
    return x / torch.where(largest > 0, largest, torch.ones_like(largest))
