"""Energies where they are known."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from cna_viz.measures import (
    EdgeList,
    dirichlet_survey,
    dirichlet_sym,
    dirichlet_sym_loops,
    dirichlet_trace,
    rayleigh,
)

GraphOf = Callable[..., Any]


def test_roots_of_degrees_have_no_energy(samples: list[Any]) -> None:
    for sample in samples:
        component = torch.linalg.matrix_power(sample.adjacency + torch.eye(len(sample.x)), len(sample.x)) > 0
        number = component.double().argmax(dim=1)  # the lowest node of the component
        factor = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64) * (1 + number[:, None].double())
        x = (sample.adjacency.sum(dim=1) + 1).sqrt()[:, None] * factor
        assert float(rayleigh(x, sample.edges)) < 1e-12
        assert float(rayleigh(x.float(), sample.edges)) < 1e-12
        assert float(rayleigh(sample.x, sample.edges)) > 1e-4


def test_without_edges_there_is_no_energy() -> None:
    edges = EdgeList.from_edge_index(torch.empty(2, 0, dtype=torch.long), 3)
    assert float(rayleigh(torch.eye(3), edges)) == 0


@pytest.mark.parametrize("nodes", [2, 3, 7])
def test_complete_graph(graph: GraphOf, nodes: int) -> None:
    pairs = [(i, j) for i in range(nodes) for j in range(i)]
    one = [[1.0]] + [[0.0]] * (nodes - 1)
    sample = graph(nodes, pairs, one)
    assert float(rayleigh(sample.x, sample.edges)) == pytest.approx(1 - 1 / nodes)
    balanced = [[1.0], [-1.0]] + [[0.0]] * (nodes - 2)  # orthogonal to the constant: eigenvalue 1
    sample = graph(nodes, pairs, balanced)
    assert float(rayleigh(sample.x, sample.edges)) == pytest.approx(1)


def test_path_of_three(graph: GraphOf) -> None:
    pairs = [(0, 1), (1, 2)]
    middle = graph(3, pairs, [[0], [1], [0]])
    assert float(rayleigh(middle.x, middle.edges)) == pytest.approx(2 / 3)
    ends = graph(3, pairs, [[1], [0], [-1]])
    assert float(rayleigh(ends.x, ends.edges)) == pytest.approx(1 / 2)


@pytest.mark.parametrize("leaves", [1, 4, 50])
def test_star(graph: GraphOf, leaves: int) -> None:
    pairs = [(0, leaf) for leaf in range(1, leaves + 1)]
    center = graph(leaves + 1, pairs, [[1.0]] + [[0.0]] * leaves)
    assert float(rayleigh(center.x, center.edges)) == pytest.approx(leaves / (leaves + 1))
    against = graph(leaves + 1, pairs, [[-math.sqrt(leaves)]] + [[1.0]] * leaves)
    wanted = leaves * (math.sqrt(leaves / (leaves + 1)) + math.sqrt(1 / 2)) ** 2 / (2 * leaves)
    assert float(rayleigh(against.x, against.edges)) == pytest.approx(wanted)


def test_two_pairs_average_by_size(graph: GraphOf) -> None:
    sample = graph(4, [(0, 1), (2, 3)], [[1.0], [1.0], [3.0], [-3.0]])
    assert float(rayleigh(sample.x, sample.edges)) == pytest.approx(18 / 20)  # energies 0 and 1, weights 2 and 18


def test_energies_below_rounding_of_products_remain_visible(graph: GraphOf) -> None:
    # Products of float32 features would be off by 1e-7; the energy is 1e-11, of differences that float32 rounds to 1 %.
    x = torch.tensor([[1.0], [1 + 2**-17]])
    sample = graph(2, [(0, 1)], x)
    wanted = (2**-17) ** 2 / 2 / 2
    assert float(rayleigh(x, sample.edges)) == pytest.approx(wanted, rel=0.03, abs=0)


def test_self_loops_and_directions_do_not_count_twice() -> None:
    plain = EdgeList.from_edge_index(torch.tensor([[0, 1], [1, 0]]), 3)
    loops = EdgeList.from_edge_index(torch.tensor([[0, 1, 2, 0], [1, 0, 2, 0]]), 3)
    x = torch.tensor([[1.0], [2.0], [3.0]])
    assert float(rayleigh(x, plain)) == float(rayleigh(x, loops)) > 0


def component_of(sample: Any) -> torch.Tensor:
    """Return the lowest node of the component of every node."""
    reach = torch.linalg.matrix_power(sample.adjacency + torch.eye(len(sample.x)), len(sample.x)) > 0
    return reach.double().argmax(dim=1)


@pytest.mark.parametrize(
    ("energy", "power", "loops"),
    [(dirichlet_survey, 0, 0), (dirichlet_trace, 0, 0), (dirichlet_sym, 0.5, 0), (dirichlet_sym_loops, 0.5, 1)],
)
def test_each_energy_is_zero_where_theory_says_and_only_there(
    samples: list[Any], energy: Callable[..., torch.Tensor], power: float, loops: int
) -> None:
    for sample in samples[:60]:
        shape = (sample.adjacency.sum(dim=1) + loops) ** power
        x = (shape * (1 + component_of(sample)))[:, None] * torch.tensor([[1.0, -2.0]], dtype=torch.float64)
        assert float(energy(x, sample.edges)) < 1e-10
        x[0] += 1
        assert float(energy(x, sample.edges)) > 1e-3


GRAPHS = {
    "grid": (9, [(0, 1), (1, 2), (3, 4), (4, 5), (6, 7), (7, 8), (0, 3), (1, 4), (2, 5), (3, 6), (4, 7), (5, 8)]),
    "complete": (4, [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]),
    "path": (4, [(0, 1), (1, 2), (2, 3)]),
    "star": (5, [(0, 1), (0, 2), (0, 3), (0, 4)]),
    "disconnected": (5, [(0, 1), (2, 3)]),
}


@pytest.mark.parametrize(
    ("kind", "plain", "sym", "loops"),
    [
        # One at node 0, zero elsewhere: d0, 1 and d0 / (d0 + 1).
        ("grid", 2, 1, 2 / 3),
        ("complete", 3, 1, 3 / 4),
        ("path", 1, 1, 1 / 2),
        ("star", 4, 1, 4 / 5),
        ("disconnected", 1, 1, 1 / 2),
    ],
)
def test_a_single_node_stands_out(graph: GraphOf, kind: str, plain: float, sym: float, loops: float) -> None:
    nodes, pairs = GRAPHS[kind]
    sample = graph(nodes, pairs, torch.eye(nodes)[:, :1])
    assert float(dirichlet_trace(sample.x, sample.edges)) == pytest.approx(plain)
    assert float(dirichlet_survey(sample.x, sample.edges)) == pytest.approx(2 * plain / nodes)
    assert float(dirichlet_sym(sample.x, sample.edges)) == pytest.approx(sym)
    assert float(dirichlet_sym_loops(sample.x, sample.edges)) == pytest.approx(loops)
    assert float(rayleigh(sample.x, sample.edges)) == pytest.approx(loops)


@pytest.mark.parametrize("kind", GRAPHS)
def test_constant_features(graph: GraphOf, kind: str) -> None:
    nodes, pairs = GRAPHS[kind]
    sample = graph(nodes, pairs, torch.full((nodes, 3), 2.5))
    assert float(dirichlet_trace(sample.x, sample.edges)) == float(dirichlet_survey(sample.x, sample.edges)) == 0
    regular = kind == "complete"  # elsewhere edges join nodes of different degrees, or the components are pairs
    assert (float(dirichlet_sym(sample.x, sample.edges)) < 1e-12) == (regular or kind == "disconnected")
    assert (float(dirichlet_sym_loops(sample.x, sample.edges)) < 1e-12) == (regular or kind == "disconnected")


def test_isolated_nodes_add_nothing(graph: GraphOf) -> None:
    alone, joined = graph(3, [(0, 1)], [[1.0], [3.0], [9.0]]), graph(2, [(0, 1)], [[1.0], [3.0]])
    for energy in (dirichlet_trace, dirichlet_sym, dirichlet_sym_loops):
        assert float(energy(alone.x, alone.edges)) == float(energy(joined.x, joined.edges))
    assert float(dirichlet_survey(alone.x, alone.edges)) == pytest.approx(8 / 3)
