"""Batches of whole graphs, for datasets of graphs."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.utils import subgraph

from cna_viz.training.chance import epoch_generator


@dataclass(frozen=True)
class GraphBatch:
    """Some graphs of a dataset, side by side.

    Attributes:
        graphs: Which graphs these are, int64, ``[graphs]``.
        nodes: Which nodes of the dataset these are, int64, ``[nodes]``.
        edge_index: Edges in the numbering of ``nodes``, int64, ``[2, edges]``.
        graph_of_node: Place of every node's graph in ``graphs``, int64, ``[nodes]``.
    """

    graphs: Tensor
    nodes: Tensor
    edge_index: Tensor
    graph_of_node: Tensor


class GraphBatches:
    """The training graphs of a dataset: all in one batch, or dealt anew in every epoch.

    Batches hold no other graphs: what normalizes or clusters over the nodes of a batch must not learn from graphs that
    select or test. All chance comes from ``seed`` and the number of the epoch.

    Args:
        edge_index: Edges of all graphs, both directions of each, ``[2, edges]``.
        first_nodes: First node of every graph, and behind them the number of nodes, ``[graphs + 1]``.
        train: Training graphs, ``[train]``.
        batch_size: Most graphs in a batch, the sizes of which differ by one at most; None for one batch of all.
        seed: Seed of all batches.
    """

    def __init__(
        self, edge_index: Tensor, first_nodes: Tensor, train: Tensor, *, batch_size: int | None, seed: int
    ) -> None:
        self._edges, self._first, self._train, self.seed = edge_index, first_nodes, train, seed
        self._count = 1 if batch_size is None else -(-len(train) // batch_size)
        self._whole = self.take(train) if batch_size is None else None

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return self._count

    def epoch(self, number: int) -> Iterator[GraphBatch]:
        """Yield the batches of an epoch; every training graph is in exactly one of them."""
        if self._whole is not None:
            yield self._whole
            return
        order = self._train[torch.randperm(len(self._train), generator=epoch_generator(self.seed, number))]
        for graphs in order.tensor_split(self._count):
            yield self.take(graphs.sort().values)

    def take(self, graphs: Tensor) -> GraphBatch:
        """Return these graphs, given in ascending order."""
        sizes = self._first.diff()[graphs]
        member = torch.arange(len(graphs)).repeat_interleave(sizes)
        starts = sizes.cumsum(0) - sizes
        nodes = torch.arange(len(member)) - starts[member] + self._first[graphs][member]
        edges, _ = subgraph(nodes, self._edges, relabel_nodes=True, num_nodes=int(self._first[-1]))
        return GraphBatch(graphs, nodes, edges, member)
