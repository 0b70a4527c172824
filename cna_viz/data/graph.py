"""The graph as every model and measure sees it, and the split that goes with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True)
class Masks:
    """Published masks of one protocol, each boolean and of shape ``[nodes, repetitions]``."""

    train: Tensor
    val: Tensor
    test: Tensor


@dataclass(frozen=True)
class Split:
    """Which nodes train, select and test: index arrays, ascending, disjoint.

    Attributes:
        protocol: Name of the split protocol.
        seed: Seed of a random split, number of a published one, 0 where there is nothing to choose.
        train: Node indices, int64.
        val: Node indices, int64.
        test: Node indices, int64.
    """

    protocol: str
    seed: int
    train: Tensor
    val: Tensor
    test: Tensor

    def items(self) -> tuple[tuple[str, Tensor], ...]:
        """Return ``(name, indices)`` of the three parts, in the order train, val, test."""
        return (("train", self.train), ("val", self.val), ("test", self.test))


@dataclass(frozen=True)
class Graph:
    """An undirected graph with node features and one class per node.

    Attributes:
        name: Name of the dataset.
        x: Features, float32, shape ``[nodes, features]``.
        y: Classes, int64, shape ``[nodes]``.
        edge_index: Edges, int64, shape ``[2, edges]``: both directions of every edge, sorted, no duplicates, no
        self-loops.
        num_classes: Number of classes.
        published: Published masks by split protocol, where the dataset has any.
    """

    name: str
    x: Tensor
    y: Tensor
    edge_index: Tensor
    num_classes: int
    published: Mapping[str, Masks] = field(default_factory=dict)

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return self.x.shape[0]

    @property
    def num_features(self) -> int:
        """Number of features of a node."""
        return self.x.shape[1]

    def degree(self) -> Tensor:
        """Return the number of neighbours of every node, int64, shape ``[nodes]``."""
        return torch.bincount(self.edge_index[0], minlength=self.num_nodes)

    def to(self, device: torch.device) -> "Graph":
        """Return the same graph with features, classes and edges on ``device``."""
        return Graph(
            self.name,
            self.x.to(device),
            self.y.to(device),
            self.edge_index.to(device),
            self.num_classes,
            self.published,
        )
