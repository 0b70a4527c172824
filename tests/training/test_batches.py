"""Mini-batches: every seed once, neighbours drawn fairly and without replacement, edges as in the graph."""

from itertools import combinations, pairwise

import pytest
import torch
from torch import Tensor
from torch_geometric.utils import coalesce, erdos_renyi_graph, is_undirected, k_hop_subgraph, to_undirected

from cna_viz.errors import UsageError
from cna_viz.training.batches import GraphBatch, GraphBatches, NeighborBatches, Subgraph

NODES = 200


def make(edge_index: Tensor, num_nodes: int, train: Tensor | None = None, **changes: int) -> NeighborBatches:
    settings = {"batch_size": 16, "neighbors": 3, "hops": 2, "seed": 0, **changes}
    return NeighborBatches(edge_index, num_nodes, torch.arange(num_nodes) if train is None else train, **settings)


def draw(batches: NeighborBatches, seeds: list[int], seed: int = 0) -> Subgraph:
    return batches.sample(torch.tensor(seeds), torch.Generator().manual_seed(seed))


def pairs(edge_index: Tensor) -> set[tuple[int, ...]]:
    return {tuple(edge) for edge in edge_index.t().tolist()}


def same(first: list[Subgraph], second: list[Subgraph]) -> bool:
    return len(first) == len(second) and all(
        torch.equal(one.nodes, other.nodes) and torch.equal(one.edge_index, other.edge_index)
        for one, other in zip(first, second, strict=True)
    )


@pytest.fixture
def edges() -> Tensor:
    """A random graph of mean degree 8 in which node 0 is a hub with an edge to every other; the last is isolated."""
    torch.manual_seed(0)
    hub = torch.stack([torch.zeros(NODES - 2, dtype=torch.long), torch.arange(1, NODES - 1)])
    graph: Tensor = to_undirected(torch.cat([erdos_renyi_graph(NODES - 1, 0.04), hub], dim=1), num_nodes=NODES)
    return graph


@pytest.mark.parametrize("hops", [0, 1, 2, 5])
def test_a_batch_is_a_part_of_the_graph(edges: Tensor, hops: int) -> None:
    graph = pairs(edges)
    for batch in make(edges, NODES, hops=hops).epoch(1):
        assert len(set(batch.nodes.tolist())) == len(batch.nodes)
        assert pairs(batch.nodes[batch.edge_index]) <= graph
        assert batch.nodes.dtype == batch.edge_index.dtype == batch.seeds.dtype == torch.long
        assert torch.equal(batch.seeds, torch.arange(len(batch.seeds)))
        # Both directions, no self-loops; sorted and without duplicates.
        assert is_undirected(batch.edge_index, num_nodes=len(batch.nodes))
        assert bool((batch.edge_index[0] != batch.edge_index[1]).all())
        assert torch.equal(batch.edge_index, coalesce(batch.edge_index))
        # No node came along without an edge that it was met by.
        assert set(range(len(batch.seeds), len(batch.nodes))) <= set(batch.edge_index[0].tolist())


@pytest.mark.parametrize("hops", [0, 1, 2, 3])
def test_with_enough_neighbors_it_is_the_whole_neighborhood(edges: Tensor, hops: int) -> None:
    edges = edges[:, (edges != 0).all(dim=0)]  # without the hub, or two hops would be all there is
    for batch in make(edges, NODES, torch.arange(20), batch_size=2, neighbors=NODES, hops=hops).epoch(1):
        seeds = batch.nodes[batch.seeds]
        wanted, inside, *_ = k_hop_subgraph(seeds, hops, edges, num_nodes=NODES)
        assert set(batch.nodes.tolist()) == set(wanted.tolist())
        # An edge between two nodes on the rim takes nothing to the seeds within so many hops.
        core = k_hop_subgraph(seeds, hops - 1, edges, num_nodes=NODES)[0] if hops else seeds[:0]
        reaches = torch.isin(inside, core).any(dim=0)
        assert pairs(batch.nodes[batch.edge_index]) == pairs(inside[:, reaches])


def test_with_enough_neighbors_the_seeds_receive_what_they_would_in_the_graph(edges: Tensor) -> None:
    x = torch.randn(NODES, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    def three_sums(x: Tensor, edge_index: Tensor) -> Tensor:
        for _ in range(3):
            x = torch.zeros_like(x).index_add(0, edge_index[1], x[edge_index[0]])
        return x

    wanted = three_sums(x, edges)
    for batch in make(edges, NODES, neighbors=NODES, hops=3).epoch(1):
        found = three_sums(x[batch.nodes], batch.edge_index)[batch.seeds]
        assert torch.allclose(found, wanted[batch.nodes[batch.seeds]])


@pytest.mark.parametrize("neighbors", [1, 3, 8])
def test_every_node_draws_so_many_neighbors(edges: Tensor, neighbors: int) -> None:
    degree = torch.bincount(edges[0], minlength=NODES)
    batches = make(edges, NODES, batch_size=1, neighbors=neighbors, hops=1)
    for batch in batches.epoch(1):  # one seed and one hop: nobody else draws, so its edges are what it drew
        wanted = min(int(degree[batch.nodes[0]]), neighbors)
        assert len(batch.nodes) == 1 + wanted
        assert batch.edge_index.shape[1] == 2 * wanted


def test_a_node_draws_once_however_often_it_is_met() -> None:
    complete = torch.combinations(torch.arange(30)).t()
    batches = make(to_undirected(complete), 30, neighbors=2, hops=20)
    batch = draw(batches, [0])
    assert batch.edge_index.shape[1] <= 2 * 2 * len(batch.nodes)
    assert len(batch.nodes) > 25  # yet it goes on


def test_all_sets_of_neighbors_are_equally_likely() -> None:
    """Pearson's chi-square over the 20 sets of 3 of 6 neighbours."""
    stars, leaves = 4000, 6
    centre = torch.arange(stars).repeat_interleave(leaves) * (leaves + 1)
    leaf = centre + torch.arange(1, leaves + 1).repeat(stars)
    batches = make(to_undirected(torch.stack([centre, leaf])), stars * (leaves + 1), neighbors=3, hops=1)
    batch = batches.sample(torch.arange(stars) * (leaves + 1), torch.Generator().manual_seed(0))
    met = torch.zeros(stars * (leaves + 1), dtype=torch.bool)
    met[batch.nodes] = True
    counts = dict.fromkeys(combinations(range(leaves), 3), 0)
    for star in met.view(stars, leaves + 1)[:, 1:]:
        counts[tuple(star.nonzero().flatten().tolist())] += 1
    expected = stars / len(counts)
    chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
    assert chi_square < 43.8  # exceeded by chance once in a thousand, with 19 degrees of freedom


def test_a_hub_draws_from_all_of_its_edges() -> None:
    leaves = 100_000
    star = torch.stack([torch.zeros(leaves, dtype=torch.long), torch.arange(1, leaves + 1)])
    batches = make(to_undirected(star), leaves + 1, neighbors=2000, hops=1)
    drawn = draw(batches, [0]).nodes[1:]
    assert len(drawn) == 2000
    tenths = torch.bincount((drawn - 1) * 10 // leaves, minlength=10)
    assert float(((tenths - 200) ** 2 / 200).sum()) < 27.9  # once in a thousand, with 9 degrees of freedom


@pytest.mark.parametrize(("count", "batch_size"), [(1, 16), (16, 16), (17, 16), (50, 16), (50, 1), (50, 1000)])
def test_an_epoch_has_every_seed_once(edges: Tensor, count: int, batch_size: int) -> None:
    train = torch.randperm(NODES, generator=torch.Generator().manual_seed(1))[:count]
    batches = make(edges, NODES, train, batch_size=batch_size)
    for epoch in (1, 2):
        seeds = [batch.nodes[batch.seeds] for batch in batches.epoch(epoch)]
        assert sorted(torch.cat(seeds).tolist()) == sorted(train.tolist())
        assert len(seeds) == -(-count // batch_size)
        sizes = [len(part) for part in seeds]
        assert max(sizes) <= batch_size
        assert max(sizes) - min(sizes) <= 1


def test_same_seed_same_batches(edges: Tensor) -> None:
    first, second = make(edges, NODES, seed=5), make(edges, NODES, seed=5)
    list(second.epoch(3))  # an epoch depends on no other one
    torch.manual_seed(17)
    state = torch.get_rng_state()
    one = list(first.epoch(1))
    assert same(one, list(second.epoch(1)))
    assert torch.equal(torch.get_rng_state(), state)
    assert not same(one, list(first.epoch(2)))
    assert not same(one, list(make(edges, NODES, seed=6).epoch(1)))
    assert not same(one, list(make(edges, NODES, seed=6).epoch(0)))


def test_largest_seed(edges: Tensor) -> None:
    assert len(list(make(edges, NODES, seed=2**63 - 1).epoch(1))) == 13


def test_interleaved_epochs_do_not_disturb_each_other(edges: Tensor) -> None:
    batches = make(edges, NODES)
    together = list(zip(batches.epoch(1), batches.epoch(2), strict=True))
    assert same([one for one, _ in together], list(batches.epoch(1)))
    assert same([other for _, other in together], list(batches.epoch(2)))


def test_isolated_nodes(edges: Tensor) -> None:
    batch = draw(make(edges, NODES), [NODES - 1])
    assert batch.nodes.tolist() == [NODES - 1]
    assert batch.edge_index.shape == (2, 0)
    batch = draw(make(edges, NODES), [NODES - 1, 0])
    assert batch.nodes[:2].tolist() == [NODES - 1, 0]
    assert 0 not in batch.edge_index
    assert 1 in batch.edge_index


@pytest.mark.parametrize("num_nodes", [1, 3])
def test_graph_without_edges(num_nodes: int) -> None:
    (batch,) = make(torch.zeros(2, 0, dtype=torch.long), num_nodes).epoch(1)
    assert sorted(batch.nodes.tolist()) == list(range(num_nodes))
    assert batch.edge_index.shape == (2, 0)


def test_edges_in_any_order(edges: Tensor) -> None:
    shuffled = edges[:, torch.randperm(edges.shape[1], generator=torch.Generator().manual_seed(0))]
    sampled = make(shuffled, NODES, neighbors=NODES, hops=1)
    plain = make(edges, NODES, neighbors=NODES, hops=1)
    for one, other in zip(sampled.epoch(1), plain.epoch(1), strict=True):
        assert pairs(one.nodes[one.edge_index]) == pairs(other.nodes[other.edge_index])


def test_self_loops_and_repeated_edges_do_not_come_along() -> None:
    edges = torch.tensor([[0, 0, 0, 1, 1, 2], [0, 1, 1, 0, 0, 2]])
    batch = draw(make(edges, 3), [0, 2])
    assert batch.nodes.tolist() == [0, 2, 1]
    assert batch.edge_index.tolist() == [[0, 2], [2, 0]]


def test_inputs_are_not_written_to(edges: Tensor) -> None:
    train = torch.arange(50)
    before = edges.clone()
    list(make(edges, NODES, train).epoch(1))
    assert torch.equal(edges, before)
    assert torch.equal(train, torch.arange(50))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"batch_size": 0}, "batch_size = 0 .* at least 1"),
        ({"neighbors": -1}, "neighbors = -1 .* at least 1"),
        ({"hops": -1}, "hops = -1 .* at least 0"),
    ],
)
def test_impossible_numbers(edges: Tensor, changes: dict[str, int], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        make(edges, NODES, None, **changes)


def test_no_training_nodes(edges: Tensor) -> None:
    with pytest.raises(UsageError, match="training nodes = 0"):
        make(edges, NODES, torch.arange(0))


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
    assert len(list(batches.epoch(1))) == 1
    assert batch.graphs.tolist() == TRAIN.tolist()
    check(batch)


@pytest.mark.parametrize(("batch_size", "sizes"), [(1, [1] * 5), (2, [2, 2, 1]), (3, [3, 2]), (99, [5])])
def test_dealt_into_batches(batch_size: int, sizes: list[int]) -> None:
    batches = GraphBatches(rings(), FIRST, TRAIN, batch_size=batch_size, seed=3)
    dealt = list(batches.epoch(1))
    assert [len(batch.graphs) for batch in dealt] == sizes
    assert len(list(batches.epoch(1))) == len(sizes)
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
