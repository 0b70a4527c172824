"""Batches of whole graphs: right edges, right members, each training graph once, no other ones."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from cna_viz.training.graph_batches import GraphBatch, GraphBatches

SIZES = torch.tensor([3, 1, 4, 2, 5, 3, 2])
FIRST = torch.cat([torch.zeros(1, dtype=torch.long), SIZES.cumsum(0)])
TRAIN = torch.tensor([0, 2, 3, 5, 6])


def rings() -> Tensor:
    """Return a path through the nodes of every graph, both directions."""
    tails = torch.cat([torch.arange(int(s), int(e) - 1) for s, e in pairwise(FIRST)])
    return torch.stack([torch.cat([tails, tails + 1]), torch.cat([tails + 1, tails])])


def check(batch: GraphBatch) -> None:
    member = torch.arange(len(SIZES)).repeat_interleave(SIZES)
    assert batch.nodes.tolist() == torch.isin(member, batch.graphs).nonzero().flatten().tolist()
    assert batch.graphs[batch.graph_of_node].tolist() == member[batch.nodes].tolist()
    edges = {tuple(edge) for edge in rings().T.tolist() if member[edge[0]] in batch.graphs}
    assert {tuple(edge) for edge in batch.nodes[batch.edge_index].T.tolist()} == edges


def test_all_in_one() -> None:
    batches = GraphBatches(rings(), FIRST, TRAIN, batch_size=None, seed=0)
    (batch,) = batches.epoch(1)
    assert len(batches) == 1
    assert batch.graphs.tolist() == TRAIN.tolist()
    check(batch)


@pytest.mark.parametrize(("batch_size", "sizes"), [(1, [1] * 5), (2, [2, 2, 1]), (3, [3, 2]), (99, [5])])
def test_dealt_into_batches(batch_size: int, sizes: list[int]) -> None:
    batches = GraphBatches(rings(), FIRST, TRAIN, batch_size=batch_size, seed=3)
    dealt = list(batches.epoch(1))
    assert [len(batch.graphs) for batch in dealt] == sizes
    assert len(batches) == len(sizes)
    assert torch.cat([batch.graphs for batch in dealt]).sort().values.tolist() == TRAIN.tolist()
    for batch in dealt:
        check(batch)


def test_every_epoch_and_seed_deals_anew_and_the_same_again() -> None:
    train = torch.arange(len(SIZES))

    def deal(seed: int, epoch: int) -> list[list[int]]:
        batches = GraphBatches(rings(), FIRST, train, batch_size=2, seed=seed)
        return [batch.graphs.tolist() for batch in batches.epoch(epoch)]

    state = torch.random.get_rng_state()
    assert deal(0, 1) == deal(0, 1)
    assert len({str(deal(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9
    assert torch.equal(torch.random.get_rng_state(), state)
