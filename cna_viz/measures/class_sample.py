"""A sample of every class, for measures of pairs of nodes."""

from typing import Final, NamedTuple, Self

import torch
from torch import Tensor

MOST_NODES: Final = 4096
"""Up to so many nodes all are taken."""

FEWEST_OF_CLASS: Final = 8


class ClassSample(NamedTuple):
    """Nodes with their classes. Classes without a node do not count.

    Attributes:
        nodes: Nodes, ascending, int64, ``[sample]``.
        label: Number of their class, 0 ... classes - 1, int64, ``[sample]``.
        sizes: Nodes of each class in the sample, float64, ``[classes]``.
        population: Nodes of each class in the graph, float64, ``[classes]``.
    """

    nodes: Tensor
    label: Tensor
    sizes: Tensor
    population: Tensor

    @classmethod
    def of(cls, target: Tensor, seed: int = 0, most: int = MOST_NODES) -> Self:
        """Take all nodes, or about ``most`` of them: of each class its share, but at least 8 nodes.

        Args:
            target: Class of every node, ``[nodes]``.
            seed: Of the sample.
            most: How many nodes.
        """
        device, (classes, label) = target.device, torch.unique(target.cpu(), return_inverse=True)
        population = torch.bincount(label, minlength=len(classes))
        nodes, sizes = torch.arange(len(label)), population
        if len(label) > most:
            sizes = (population * most / len(label)).round().long().clamp(min=FEWEST_OF_CLASS).minimum(population)
            order = torch.randperm(len(label), generator=torch.Generator().manual_seed(seed))
            members = [order[label[order] == number][:size] for number, size in enumerate(sizes.tolist())]
            nodes = torch.cat(members).sort().values
        parts = nodes, label[nodes], sizes.double(), population.double()
        return cls(*(part.to(device) for part in parts))

    @property
    def exact(self) -> bool:
        """Whether all nodes are in it."""
        return len(self.nodes) == int(self.population.sum())
