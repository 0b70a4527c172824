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
    """A graph with node features and a target per node, or a dataset of graphs side by side.

    Measures, layouts and communities see ``edge_index``, which is undirected in every graph.

    Attributes:
        name: Name of the dataset.
        x: Features, float32, shape ``[nodes, features]``.
        y: Classes, int64, or numbers to predict, float32, shape ``[nodes]``; in a dataset of graphs the class of the
            graph that the node belongs to. Unlabelled nodes have -1 or NaN.
        edge_index: Edges, int64, shape ``[2, edges]``: both directions of every edge, sorted, no duplicates, no
            self-loops.
        num_classes: Number of classes; 0 where the targets are numbers.
        published: Published masks by split protocol, where the dataset has any.
        graph_of_node: Number of the graph of every node, ascending, int64, shape ``[nodes]``; None for one graph.
        edge_weight: Weight of every edge, float32, positive, the same in both directions, shape ``[edges]``; None
            without weights.
        arcs: Edges with their direction, from source to target, int64, shape ``[2, arcs]``, sorted, no duplicates, no
            self-loops; None for undirected graphs.
        class_names: Names of the classes where they have any.
        content: Digest of the graph as loaded, before weights or direction were dropped or features normalized; empty
            where it was not loaded.
    """

    name: str
    x: Tensor
    y: Tensor
    edge_index: Tensor
    num_classes: int
    published: Mapping[str, Masks] = field(default_factory=dict)
    graph_of_node: Tensor | None = None
    edge_weight: Tensor | None = None
    arcs: Tensor | None = None
    class_names: tuple[str, ...] = ()
    content: str = ""

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
        """Class of every node, -1 where it is unlabelled; None where the targets are numbers."""
        return None if self.y.is_floating_point() else self.y

    @property
    def labelled(self) -> Tensor:
        """Rows of :attr:`target` that have a label, int64, ascending."""
        target = self.target
        return (~target.isnan() if target.is_floating_point() else target >= 0).nonzero().flatten()

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
        names = ("x", "y", "edge_index", "graph_of_node", "edge_weight", "arcs")
        found = {name: tensor.to(device) for name in names if (tensor := getattr(self, name)) is not None}
        return replace(self, **found)


def edge_homophily(graph: Graph) -> float:
    r"""Return :math:`|\{(v, w) \in E : y_v = y_w\}| / |E|`, 0 to 1 (Zhu et al., arXiv 2006.11468).

    NaN without edges or without classes of nodes. Edges of unlabelled nodes don't count.
    """
    if graph.task != "node-classification":
        return math.nan
    source, target = (graph.y[end] for end in graph.edge_index)
    known = (source >= 0) & (target >= 0)
    edges = int(known.sum())
    return int(((source == target) & known).sum()) / edges if edges else math.nan
