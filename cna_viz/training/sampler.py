"""Mini-batches for graphs that do not fit into one step: some training nodes, and a sample of what surrounds them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.training.chance import epoch_generator


@dataclass(frozen=True)
class Subgraph:
    """Some nodes of a graph, and some of the edges between them.

    Attributes:
        nodes: Which nodes of the graph these are, int64, ``[nodes]``, each once; the seeds come first.
        edge_index: Edges in the numbering of ``nodes``, int64, ``[2, edges]``: both directions of every edge, sorted,
            no duplicates, no self-loops.
        seeds: Rows of the nodes that the sample was drawn for, int64, ``[seeds]``.
    """

    nodes: Tensor
    edge_index: Tensor
    seeds: Tensor


class NeighborBatches:
    """Mini-batches of training nodes with sampled neighbourhoods (Hamilton et al., arXiv 1706.02216).

    From every seed, and then from every node met for the first time, up to ``neighbors`` of its neighbours are drawn
    uniformly without replacement, ``hops`` times over. Nodes with fewer neighbours keep all of them, so that with
    ``neighbors`` no smaller than the largest degree a model of ``hops`` layers sees what it would see in the graph.
    Edges that were drawn are there in both directions, as everywhere in this library: a node can get more than
    ``neighbors`` edges, because its neighbours drew it.

    The training nodes are dealt anew in every epoch, into batches whose sizes differ by one at most: a small rest would
    be a step of as much weight as the others. All chance comes from ``seed`` and the number of the epoch; the global
    random state is neither used nor changed. The sample is drawn on the CPU.

    PyG's ``NeighborLoader`` needs a compiled extension that does not exist for every version of torch. Its
    ``NodeLoader`` would take a sampler of ours, but it slices ``Data`` objects, which hold no features as we keep
    them, and what is left of it is a loop over shuffled nodes.

    Args:
        edge_index: Edges of the graph, both directions of each, ``[2, edges]``. Sorted ones are not copied.
        num_nodes: Number of nodes of the graph.
        train: Nodes to make batches of, each once, ``[train]``.
        batch_size: Most seeds in a batch.
        neighbors: Most neighbours drawn for a node.
        hops: How often neighbours are drawn: the number of steps a feature travels in one pass of the model. 0 gives
            the seeds alone.
        seed: Seed of all batches.

    Raises:
        UsageError: When a number is out of range or there are no training nodes.
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
        for name, value, least in (
            ("batch_size", batch_size, 1),
            ("neighbors", neighbors, 1),
            ("hops", hops, 0),
            ("training nodes", len(train), 1),
        ):
            if value < least:
                raise UsageError(f"mini-batches with {name} = {value} are not possible: it must be at least {least}")
        self.num_nodes, self.neighbors, self.hops, self.seed = num_nodes, neighbors, hops, seed
        self._train = train.cpu()
        self._count = -(-len(train) // batch_size)
        self._start, self._ends = _adjacency(edge_index.cpu(), num_nodes)

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return self._count

    def epoch(self, number: int) -> Iterator[Subgraph]:
        """Yield the batches of an epoch; every training node is a seed of exactly one of them."""
        generator = epoch_generator(self.seed, number)
        order = self._train[torch.randperm(len(self._train), generator=generator)]
        for seeds in order.tensor_split(self._count):
            yield self.sample(seeds, generator)

    def sample(self, seeds: Tensor, generator: torch.Generator) -> Subgraph:
        """Draw a neighbourhood of ``seeds``, which are distinct nodes, ``[seeds]``."""
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
        """Return the drawn edges as two arrays: for every one the node it was drawn for, and the neighbour."""
        start, degree = self._start[nodes], self._start[nodes + 1] - self._start[nodes]
        few = degree <= self.neighbors
        kept = degree[few]
        # Number 0, 1, 2 ... of every kept edge among those of its node.
        number = torch.arange(int(kept.sum())) - (kept.cumsum(0) - kept).repeat_interleave(kept)
        chosen = _choose(degree[~few], self.neighbors, generator)
        edges = torch.cat([start[few].repeat_interleave(kept) + number, (start[~few] + chosen).flatten()])
        tail = torch.cat([nodes[few].repeat_interleave(kept), nodes[~few].repeat(self.neighbors)])
        return tail, self._ends[edges]


def _adjacency(edge_index: Tensor, num_nodes: int) -> tuple[Tensor, Tensor]:
    """Return where the neighbours of every node start, ``[nodes + 1]``, and the neighbours, ``[edges]``."""
    row, col = edge_index
    if bool((row[1:] < row[:-1]).any()):
        col = col[row.argsort(stable=True)]
    start = torch.zeros(num_nodes + 1, dtype=torch.long)
    torch.cumsum(torch.bincount(row, minlength=num_nodes), dim=0, out=start[1:])
    return start, col


def _choose(degree: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Draw ``count`` distinct numbers below each degree, every set of them with equal probability.

    Floyd's algorithm (Bentley and Floyd, *A sample of brilliance*, Communications of the ACM 30, 1987): draw below one
    number more at each step; what is taken already becomes the highest number there is. A hub costs no more than any
    other node, however many edges it has: ``count`` draws and ``count ** 2 / 2`` comparisons.

    Args:
        degree: Numbers to draw below, each larger than ``count``, ``[nodes]``.
        count: How many to draw.
        generator: Source of chance.

    Returns:
        The numbers, ``[count, nodes]``.
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
    ordered = torch.from_numpy(np.sort(values.numpy()))
    distinct: Tensor = torch.unique_consecutive(ordered)
    return distinct
