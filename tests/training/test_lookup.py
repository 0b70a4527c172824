"""Weights and arcs of sampled edges: those of the whole graph."""

import pytest
import torch
from torch import Tensor
from torch_geometric.utils import erdos_renyi_graph, to_undirected

from cna_viz.training.batches import NeighborBatches
from cna_viz.training.lookup import EdgeLookup

NODES = 60


@pytest.fixture
def arcs() -> Tensor:
    """Arcs of a random graph, sorted; some have one back, the last node has none."""
    torch.manual_seed(0)
    drawn: Tensor = erdos_renyi_graph(NODES - 1, 0.08, directed=True)
    return drawn


def table(edges: Tensor, weight: Tensor) -> dict[tuple[int, ...], float]:
    return dict(zip(map(tuple, edges.T.tolist()), weight.tolist(), strict=True))


@pytest.mark.parametrize("neighbors", [2, NODES])
def test_a_sample_gets_the_weights_and_arcs_of_the_graph(arcs: Tensor, neighbors: int) -> None:
    edges: Tensor = to_undirected(arcs)
    low, high = edges.sort(dim=0).values
    weight = (low * NODES + high).float()
    lookup, known = EdgeLookup(edges, NODES, weight, arcs), table(edges, weight)
    directed = set(map(tuple, arcs.T.tolist()))
    sampler = NeighborBatches(edges, NODES, torch.arange(NODES), batch_size=7, neighbors=neighbors, hops=2, seed=0)
    for part in sampler.epoch(1):
        found = lookup(part.nodes, part.edge_index)
        pairs = list(map(tuple, part.nodes[part.edge_index].T.tolist()))
        assert found["edge_weight"].tolist() == [known[pair] for pair in pairs]
        kept = set(map(tuple, part.nodes[found["arcs"]].T.tolist()))
        assert kept == directed & set(pairs)
        assert len(kept) == found["arcs"].shape[1]


def test_a_plain_graph_has_nothing_to_look_up(arcs: Tensor) -> None:
    edges: Tensor = to_undirected(arcs)
    assert EdgeLookup(edges, NODES, None, None)(torch.arange(NODES), edges) == {}


def test_graphs_and_samples_without_edges() -> None:
    none = torch.zeros(2, 0, dtype=torch.long)
    found = EdgeLookup(none, 3, torch.zeros(0), none)(torch.arange(2), none)
    assert (found["edge_weight"].shape, found["arcs"].shape) == ((0,), (2, 0))
    one = torch.tensor([[0, 1], [1, 0]])
    found = EdgeLookup(torch.tensor([[0, 2], [2, 0]]), 3, None, none)(torch.tensor([2, 0]), one)
    assert found["arcs"].shape == (2, 0)
    found = EdgeLookup(torch.tensor([[0, 2], [2, 0]]), 3, None, torch.tensor([[2], [0]]))(torch.tensor([2, 0]), one)
    assert found["arcs"].tolist() == [[0], [1]]
