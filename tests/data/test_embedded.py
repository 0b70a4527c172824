"""Graphs without files: known numbers, the same every time, the global random state left alone."""

from collections.abc import Callable

import networkx as nx
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.neighbors import kneighbors_graph

from cna_viz.config import DataConfig
from cna_viz.data.datasets import load_graph
from cna_viz.data.embedded import digits, grid, karate
from cna_viz.data.graph import Graph


@pytest.mark.parametrize("name", ["digits", "karate", "grid", "csbm", "motifs"])
def test_same_every_time_and_random_state_left_alone(name: str) -> None:
    data = DataConfig(dataset=name)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = load_graph(data)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    second = load_graph(data)
    assert first.name == name
    for a, b in ((first.x, second.x), (first.y, second.y), (first.edge_index, second.edge_index)):
        assert torch.equal(a, b)
    assert first.published == {}


@pytest.mark.parametrize(
    ("make", "nodes", "features", "classes"), [(digits, 1797, 64, 10), (karate, 34, 34, 4), (grid, 100, 32, 4)]
)
def test_sizes_and_types(make: Callable[[], Graph], nodes: int, features: int, classes: int) -> None:
    graph = make()
    assert graph.x.shape == (nodes, features)
    assert graph.x.dtype == torch.float32
    assert graph.num_classes == classes
    assert set(graph.y.tolist()) == set(range(classes))
    source, target = graph.edge_index
    assert torch.equal(graph.edge_index, torch.stack([source, target])[:, torch.argsort(source * nodes + target)])
    assert set(zip(source.tolist(), target.tolist(), strict=True)) == set(
        zip(target.tolist(), source.tolist(), strict=True)
    )
    assert bool((source != target).all())


def test_digits_are_joined_to_their_nearest() -> None:
    graph = digits()
    assert float(graph.x.min()) == 0
    assert float(graph.x.max()) == 1
    assert int(graph.degree().min()) >= 8
    neighbours = kneighbors_graph(load_digits().data, 8)
    edges = set(zip(*(part.tolist() for part in neighbours.nonzero()), strict=True))
    edges |= {(target, source) for source, target in edges}
    ours = set(zip(*graph.edge_index.tolist(), strict=True))
    assert len(edges ^ ours) <= 40  # scikit-learn settles ties between equally near digits in another way
    assert len(ours) == 2 * 9929


def test_karate_is_zacharys() -> None:
    graph = karate()
    theirs = {pair for a, b in nx.karate_club_graph().edges for pair in ((a, b), (b, a))}
    assert set(zip(*graph.edge_index.tolist(), strict=True)) == theirs
    assert torch.equal(graph.x, torch.eye(34))


def test_grid_is_a_grid_of_quadrants() -> None:
    graph = grid()
    ours: nx.Graph[int] = nx.Graph(list(zip(*graph.edge_index.tolist(), strict=True)))
    assert nx.is_isomorphic(ours, nx.grid_2d_graph(10, 10))
    assert graph.edge_index.shape[1] // 2 == 180
    assert graph.degree().bincount().tolist() == [0, 0, 4, 32, 64]
    assert [int(graph.y[node]) for node in (0, 4, 5, 9, 44, 45, 54, 55, 90, 99)] == [0, 0, 1, 1, 0, 1, 2, 3, 2, 3]
    assert torch.equal(graph.x, torch.randn(100, 32, generator=torch.Generator().manual_seed(0)))
