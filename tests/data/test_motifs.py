"""Trees with motifs: what is promised of every graph, the same every time, no random state touched."""

import random

import networkx as nx
import numpy as np
import pytest
import torch

from cna_viz.data.embedded import motifs
from cna_viz.data.graph import Graph

SHAPES = (nx.house_graph(), nx.cycle_graph(5), nx.complete_bipartite_graph(2, 3))


@pytest.fixture(scope="module")
def graph() -> Graph:
    return motifs()


@pytest.fixture(scope="module")
def parts(graph: Graph) -> list["nx.Graph[int]"]:
    """Return every graph as one of networkx, its nodes numbered from 0."""
    assert graph.graph_of_node is not None
    parts: list[nx.Graph[int]] = [nx.empty_graph(20) for _ in range(600)]
    for (source, target), number in zip(
        graph.edge_index.T.tolist(), graph.graph_of_node[graph.edge_index[0]].tolist(), strict=True
    ):
        parts[number].add_edge(source - 20 * number, target - 20 * number)
    return parts


def test_sizes_and_classes(graph: Graph) -> None:
    assert (graph.name, graph.task, graph.num_classes) == ("motifs", "graph-classification", 3)
    assert graph.x.shape == (12_000, 10)
    assert graph.graph_of_node is not None
    assert graph.graph_of_node.tolist() == [number for number in range(600) for _ in range(20)]
    assert graph.target.bincount().tolist() == [200, 200, 200]
    assert not torch.equal(graph.target, graph.target.sort().values)
    assert len(set(map(tuple, graph.target.view(200, 3).tolist()))) > 6  # nor by turns
    assert torch.equal(graph.y, graph.target.repeat_interleave(20))
    assert graph.published == {}


def test_no_edge_joins_two_graphs(graph: Graph) -> None:
    assert graph.graph_of_node is not None
    source, target = graph.graph_of_node[graph.edge_index]
    assert torch.equal(source, target)


def test_every_graph_is_a_tree_joined_to_its_motif_by_one_edge(graph: Graph, parts: list["nx.Graph[int]"]) -> None:
    for part, kind in zip(parts, graph.target.tolist(), strict=True):
        tree, motif = part.subgraph(range(15)), part.subgraph(range(15, 20))
        assert len(part) == 20  # no edge led out of it
        assert nx.is_connected(part)
        assert nx.is_tree(tree)
        assert nx.is_isomorphic(motif, SHAPES[kind])
        assert part.number_of_edges() == tree.number_of_edges() + motif.number_of_edges() + 1


def test_house_and_k23_have_the_same_degrees(graph: Graph, parts: list["nx.Graph[int]"]) -> None:
    degrees: dict[int, set[tuple[int, ...]]] = {0: set(), 1: set(), 2: set()}
    for part, kind in zip(parts, graph.target.tolist(), strict=True):
        motif = part.subgraph(range(15, 20))
        degrees[kind].add(tuple(sorted(degree for _, degree in motif.degree)))
    assert degrees == {0: {(2, 2, 2, 3, 3)}, 1: {(2, 2, 2, 2, 2)}, 2: {(2, 2, 2, 3, 3)}}


def test_trees_and_joints_differ(parts: list["nx.Graph[int]"]) -> None:
    trees = {frozenset(map(frozenset, part.subgraph(range(15)).edges)) for part in parts}
    assert len(trees) > 590  # by chance two may be the same
    for end in (0, 1):  # every node of the tree and of the motif has its turn
        joints = {edge[end] for part in parts for edge in map(sorted, part.edges) if edge[0] < 15 <= edge[1]}
        assert joints == (set(range(15)), set(range(15, 20)))[end]


def test_features_are_degrees(graph: Graph) -> None:
    assert graph.x.sum(dim=1).tolist() == [1.0] * 12_000
    assert torch.equal(graph.x.argmax(dim=1), graph.degree().clamp(max=9))
    assert int(graph.degree().max()) > 9  # the last feature stands for more than one degree
    assert int(graph.degree().min()) == 1


def test_same_every_time_and_no_random_state_touched(graph: Graph) -> None:
    random.seed(5)
    np.random.seed(5)
    torch.manual_seed(5)
    before = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    again = motifs()
    assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before
    for part in ("x", "y", "edge_index", "graph_of_node"):
        assert torch.equal(getattr(again, part), getattr(graph, part))
