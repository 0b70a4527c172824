"""Communities as clusters: planted ones are found, none is torn apart."""

from itertools import pairwise

import networkx as nx
import pytest
import torch
from torch import Tensor

from cna_viz.nn.communities import louvain
from tests.nn.helpers import same_partition


def edges_of(graph: "nx.Graph[int]") -> Tensor:
    """Return the edges in both directions, as PyG keeps them."""
    edges = torch.tensor(list(graph.edges), dtype=torch.long).reshape(-1, 2).t()
    return torch.cat([edges, edges.flip(0)], dim=1)


def cliques(sizes: list[int]) -> "nx.Graph[int]":
    """Return cliques, each with one edge to the next."""
    graph: nx.Graph[int] = nx.disjoint_union_all([nx.complete_graph(size) for size in sizes])
    firsts = [sum(sizes[:i]) for i in range(len(sizes))]
    graph.add_edges_from(pairwise(firsts))
    return graph


def test_planted_communities_are_found() -> None:
    truth = torch.arange(5).repeat_interleave(8)
    labels = louvain(edges_of(cliques([8] * 5)), 40, 5)
    assert labels.dtype == torch.int64
    assert same_partition(labels, truth)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(0))
    shuffled = louvain(order.argsort()[edges_of(cliques([8] * 5))], 40, 5)  # node i is now called order.argsort()[i]
    assert same_partition(shuffled, truth[order])


@pytest.mark.parametrize("clusters", [1, 2, 3, 4])
def test_no_community_is_torn_apart(clusters: int) -> None:
    sizes = [12, 9, 8, 7, 6, 5]
    labels = louvain(edges_of(cliques(sizes)), sum(sizes), clusters)
    parts = labels.split(sizes)
    assert all(len(part.unique()) == 1 for part in parts)
    assert labels.unique().tolist() == list(range(clusters))


def test_large_communities_are_dealt_out_first_and_evenly() -> None:
    sizes = [5, 12, 6, 9, 7, 8]  # 12 | 9 | 8, then 7 to the 8, 6 to the 9, 5 to the 12
    labels = louvain(edges_of(cliques(sizes)), sum(sizes), 3)
    assert [int(part[0]) for part in labels.split(sizes)] == [0, 0, 1, 1, 2, 2]


def test_fewer_communities_than_clusters() -> None:
    labels = louvain(edges_of(cliques([6, 7])), 13, 8)
    assert labels.unique().tolist() == [0, 1]


def test_isolated_nodes_are_communities_of_their_own() -> None:
    labels = louvain(edges_of(cliques([6])), 9, 4)
    assert len(labels[:6].unique()) == 1
    assert labels.bincount().tolist() == [6, 1, 1, 1]
    assert louvain(torch.zeros(2, 0, dtype=torch.long), 5, 2).bincount().tolist() == [3, 2]


def test_the_same_every_time() -> None:
    graph = nx.gnp_random_graph(60, 0.08, seed=1)
    labels = [louvain(edges_of(graph), 60, 6, seed=seed) for seed in (0, 0, 1, 2, 3)]
    assert torch.equal(labels[0], labels[1])
    assert any(not torch.equal(labels[0], other) for other in labels[2:])


def test_weights_decide_between_communities() -> None:
    """A ring of eight whose edges are strong in pairs: by weights the pairs stay together."""
    ring = torch.stack([torch.arange(8), (torch.arange(8) + 1) % 8])
    edges, strong = torch.cat([ring, ring.flip(0)], dim=1), torch.tensor([100.0, 1.0]).repeat(8)
    for shift in (0, 1):
        labels = louvain(edges, 8, 4, edge_weight=strong.roll(shift))
        pairs = ((torch.arange(8) - shift) % 8) // 2
        assert same_partition(labels, pairs)


def test_equal_weights_are_no_weights() -> None:
    edges = edges_of(nx.gnp_random_graph(60, 0.08, seed=1))
    assert torch.equal(louvain(edges, 60, 6, edge_weight=torch.ones(edges.shape[1])), louvain(edges, 60, 6))


def test_an_edge_counts_once_in_one_or_both_directions() -> None:
    edges = edges_of(nx.gnp_random_graph(60, 0.08, seed=1))
    half = edges[:, edges[0] < edges[1]]
    assert half.shape[1] * 2 == edges.shape[1]
    assert torch.equal(louvain(half, 60, 6), louvain(edges, 60, 6))
