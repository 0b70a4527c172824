"""Mini-batches: training nodes with sampled neighbourhoods, or whole graphs of a dataset of graphs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch_geometric.utils import subgraph

from cna_viz.errors import UsageError


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """Return the random generator of an epoch, different for every seed and epoch; torch's global one is unaffected."""
    # A sum of both would give neighbouring seeds the same batches, one epoch later.
    state = np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0]) >> 1)


def _deal(train: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Shuffle and split into ``count`` parts whose sizes differ by at most one."""
    return train[torch.randperm(len(train), generator=generator)].tensor_split(count)


@dataclass(frozen=True)
class Subgraph:
    """A sample: distinct nodes of the graph, seeds first, ``[nodes]``, edges among them, and the rows of the seeds.

    ``edge_index``, ``[2, edges]``, has both directions of every edge in the numbering of ``nodes``, sorted, no loops.
    """

    nodes: Tensor
    edge_index: Tensor
    seeds: Tensor


class NeighborBatches:
    """Mini-batches of training nodes with sampled neighbourhoods (Hamilton et al., arXiv 1706.02216).

    From every seed, and then from every newly reached node, up to ``neighbors`` neighbours are drawn uniformly without
    replacement, ``hops`` times over. Drawn edges are kept in both directions, so a node can get more than ``neighbors``
    edges because its neighbours drew it. The training nodes are shuffled in every epoch, into batches whose sizes
    differ by at most one. All randomness comes from ``seed`` and the epoch; the sample is drawn on the CPU. (PyG's
    ``NeighborLoader`` needs a compiled extension that does not exist for every version of torch.)

    Args:
        edge_index: Edges of the graph, both directions of each, ``[2, edges]``. Sorted ones are not copied.
        num_nodes: Number of nodes of the graph.
        train: Training nodes, each once, ``[train]``.
        batch_size: Maximum number of seeds in a batch.
        neighbors: Maximum number of neighbours drawn for a node.
        hops: Number of message-passing steps of the model; 0 gives the seeds alone.
        seed: Seed of all batches.

    Raises:
        UsageError: If a number is out of range or there are no training nodes.
    """

    def __init__(
        self,
        edge_index: Tensor,
        num_nodes: int,
        train: Tensor,
        *,
        batch_size: int,
        neighbors: int,
        hops: int,
        seed: int,
    ) -> None:
        minimum = {"batch_size": (batch_size, 1), "neighbors": (neighbors, 1), "hops": (hops, 0)}
        for name, (value, least) in {**minimum, "training nodes": (len(train), 1)}.items():
            if value < least:
                raise UsageError(f"mini-batches with {name} = {value} are not possible: it must be at least {least}")
        self.num_nodes, self.neighbors, self.hops, self.seed = num_nodes, neighbors, hops, seed
        self._train, self._count = train.cpu(), -(-len(train) // batch_size)
        row, self._ends = edge_index.cpu()
        if bool((row[1:] < row[:-1]).any()):
            self._ends = self._ends[row.argsort(stable=True)]
        self._start = torch.zeros(num_nodes + 1, dtype=torch.long)  # of every node's neighbours among the ends
        torch.cumsum(torch.bincount(row, minlength=num_nodes), dim=0, out=self._start[1:])

    def epoch(self, number: int) -> Iterator[Subgraph]:
        """Yield the batches of an epoch; every training node is a seed of exactly one of them."""
        generator = epoch_generator(self.seed, number)
        for seeds in _deal(self._train, self._count, generator):
            yield self.sample(seeds, generator)

    def sample(self, seeds: Tensor, generator: torch.Generator) -> Subgraph:
        """Sample the neighbourhood of ``seeds``, which are distinct nodes, ``[seeds]``."""
        row = torch.full((self.num_nodes,), -1)  # of every node of the graph in the subgraph
        row[seeds] = torch.arange(len(seeds))
        nodes, tails, heads = [seeds], [seeds[:0]], [seeds[:0]]
        met = len(seeds)
        for _ in range(self.hops):
            tail, head = self._draw(nodes[-1], generator)
            new = _distinct(head[row[head] < 0])
            row[new] = torch.arange(met, met + len(new))
            met += len(new)
            nodes.append(new)
            tails.append(tail)
            heads.append(head)
        edge_index = _both_directions(row[torch.cat(tails)], row[torch.cat(heads)], met)
        return Subgraph(torch.cat(nodes), edge_index, torch.arange(len(seeds)))

    def _draw(self, nodes: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw edges and return them as two arrays: the node each was drawn for, and its neighbour."""
        start, degree = self._start[nodes], self._start[nodes + 1] - self._start[nodes]
        few = degree <= self.neighbors
        kept = degree[few]
        # Number 0, 1, 2 ... of every kept edge among those of its node.
        number = torch.arange(int(kept.sum())) - (kept.cumsum(0) - kept).repeat_interleave(kept)
        chosen = _choose(degree[~few], self.neighbors, generator)
        edges = torch.cat([start[few].repeat_interleave(kept) + number, (start[~few] + chosen).flatten()])
        tail = torch.cat([nodes[few].repeat_interleave(kept), nodes[~few].repeat(self.neighbors)])
        return tail, self._ends[edges]


def _choose(degree: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Draw ``count`` distinct numbers below each degree (all larger than ``count``), ``[count, nodes]``.

    Floyd's algorithm (Bentley and Floyd, *A sample of brilliance*, Communications of the ACM 30, 1987) gives every set
    equal probability; its cost does not depend on the degree.
    """
    chosen = torch.empty(count, len(degree), dtype=torch.long)
    for step in range(count):
        highest = degree - count + step
        # float64: in float32 the last edges of a hub would be drawn too rarely or never.
        drawn = (torch.rand(len(degree), generator=generator, dtype=torch.float64) * (highest + 1)).long()
        taken = (chosen[:step] == drawn).any(dim=0)
        chosen[step] = torch.where(taken, highest, drawn)
    return chosen


def _both_directions(tail: Tensor, head: Tensor, num_nodes: int) -> Tensor:
    """Return the edges in both directions, sorted, without duplicates and self-loops, ``[2, edges]``."""
    tail, head = tail[tail != head], head[tail != head]
    key = _distinct(torch.cat([tail * num_nodes + head, head * num_nodes + tail]))
    return torch.stack([key // num_nodes, key % num_nodes])


def _distinct(values: Tensor) -> Tensor:
    """Return the distinct values, ascending. NumPy sorts integers several times as fast as torch on one core."""
    distinct: Tensor = torch.unique_consecutive(torch.from_numpy(np.sort(values.numpy())))
    return distinct


@dataclass(frozen=True)
class GraphBatch:
    """Graphs of a dataset: ``graphs`` and ``nodes`` are indices in the dataset, ``[graphs]`` and ``[nodes]``.

    ``edge_index`` is in the numbering of ``nodes``, ``[2, edges]``, and ``graph_of_node`` in that of ``graphs``.
    """

    graphs: Tensor
    nodes: Tensor
    edge_index: Tensor
    graph_of_node: Tensor


class GraphBatches:
    """The training graphs of a dataset: all in one batch, or shuffled into batches in every epoch.

    Only training graphs: a layer that normalizes or clusters over the batch must not learn from validation and test
    graphs. All randomness comes from ``seed`` and the epoch.

    Args:
        edge_index: Edges of all graphs, both directions of each, ``[2, edges]``.
        first_nodes: First node of every graph, then the number of nodes, ``[graphs + 1]``.
        train: Training graphs, ``[train]``.
        batch_size: Maximum number of graphs in a batch; batch sizes differ by at most one. None: a single batch.
        seed: Seed of all batches.
    """

    def __init__(
        self, edge_index: Tensor, first_nodes: Tensor, train: Tensor, *, batch_size: int | None, seed: int
    ) -> None:
        self._edges, self._first, self._train, self.seed = edge_index, first_nodes, train, seed
        self._count = 1 if batch_size is None else -(-len(train) // batch_size)
        self._whole = self.take(train) if batch_size is None else None

    def epoch(self, number: int) -> Iterator[GraphBatch]:
        """Yield the batches of an epoch; every training graph is in exactly one of them."""
        if self._whole is not None:
            yield self._whole
            return
        for graphs in _deal(self._train, self._count, epoch_generator(self.seed, number)):
            yield self.take(graphs.sort().values)

    def take(self, graphs: Tensor) -> GraphBatch:
        """Return the batch of these graphs, given in ascending order."""
        sizes = self._first.diff()[graphs]
        member = torch.arange(len(graphs)).repeat_interleave(sizes)
        starts = sizes.cumsum(0) - sizes
        nodes = torch.arange(len(member)) - starts[member] + self._first[graphs][member]
        edges, _ = subgraph(nodes, self._edges, relabel_nodes=True, num_nodes=int(self._first[-1]))
        return GraphBatch(graphs, nodes, edges, member)
