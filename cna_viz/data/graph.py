"""The graph as every model and measure sees it, and the split that goes with it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
    """The nodes, or the graphs of a dataset of graphs, that train, select and test: int64, ascending, disjoint.

    Attributes:
        protocol: Name of the split protocol.
        seed: Seed of a random split, number of a published one, 0 where there is nothing to choose.
    """

    protocol: str
    seed: int
    train: Tensor
    val: Tensor
    test: Tensor

    def items(self) -> tuple[tuple[str, Tensor], ...]:
        """Return ``(name, indices)`` of train, val and test, in this order."""
        return (("train", self.train), ("val", self.val), ("test", self.test))


@dataclass(frozen=True)
class Graph:
    """An undirected graph with node features and a target per node, or a dataset of such graphs side by side.

    Attributes:
        name: Name of the dataset.
        x: Features, float32, shape ``[nodes, features]``.
        y: Classes, int64, or numbers to predict, float32, shape ``[nodes]``; in a dataset of graphs the class of the
            graph that the node belongs to.
        edge_index: Edges, int64, shape ``[2, edges]``: both directions of every edge, sorted, no duplicates, no
            self-loops.
        num_classes: Number of classes; 0 where the targets are numbers.
        published: Published masks by split protocol, where the dataset has any.
        graph_of_node: Number of the graph of every node, ascending, int64, shape ``[nodes]``; None for one graph.
    """

    name: str
    x: Tensor
    y: Tensor
    edge_index: Tensor
    num_classes: int
    published: Mapping[str, Masks] = field(default_factory=dict)
    graph_of_node: Tensor | None = None

    @property
    def task(self) -> str:
        """The task: node-classification, node-regression or graph-classification."""
        if self.graph_of_node is not None:
            return "graph-classification"
        return "node-regression" if self.y.is_floating_point() else "node-classification"

    @property
    def target(self) -> Tensor:
        """Target of every row of a network's output: of every node, or of every graph."""
        return self.y if self.graph_of_node is None else self.y[self.first_nodes()[:-1]]

    def first_nodes(self) -> Tensor:
        """Return the first node of every graph, then the number of nodes, ``[graphs + 1]``."""
        assert self.graph_of_node is not None, f"{self.name} is one graph"
        sizes = torch.bincount(self.graph_of_node)
        return torch.cat([sizes.new_zeros(1), sizes.cumsum(0)])

    @property
    def classes(self) -> Tensor | None:
        """Class of every node; None where the targets are numbers."""
        return None if self.y.is_floating_point() else self.y

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
        """Return the same graph with features, targets and edges on ``device``."""
        member = None if self.graph_of_node is None else self.graph_of_node.to(device)
        x, y, edge_index = (tensor.to(device) for tensor in (self.x, self.y, self.edge_index))
        return replace(self, x=x, y=y, edge_index=edge_index, graph_of_node=member)


def edge_homophily(graph: Graph) -> float:
    r"""Return :math:`|\{(v, w) \in E : y_v = y_w\}| / |E|`, 0 to 1 (Zhu et al., arXiv 2006.11468).

    NaN without edges or without classes of nodes.
    """
    source, target = graph.edge_index
    edges = int(source.numel()) if graph.task == "node-classification" else 0
    return int((graph.y[source] == graph.y[target]).sum()) / edges if edges else math.nan
