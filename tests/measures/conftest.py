"""Fifty small random graphs, and the graphs whose measures are known."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from cna_viz.measures import EdgeList


@dataclass
class Sample:
    """A graph in both forms, and features, float64."""

    adjacency: Tensor
    edges: EdgeList
    x: Tensor


def sample_of(adjacency: Tensor, x: Tensor) -> Sample:
    edges = EdgeList.from_edge_index(adjacency.nonzero().T, len(adjacency))
    return Sample(adjacency.double(), edges, x.double())


@pytest.fixture
def graph() -> Callable[..., Sample]:
    """Return ``graph(nodes, pairs, x)`` for graphs written by hand."""

    def graph(nodes: int, pairs: list[tuple[int, int]], x: list[list[float]] | Tensor) -> Sample:
        adjacency = torch.zeros(nodes, nodes)
        for i, j in pairs:
            adjacency[i, j] = adjacency[j, i] = 1
        return sample_of(adjacency, torch.as_tensor(x, dtype=torch.float64))

    return graph


@pytest.fixture(scope="package")
def samples() -> list[Sample]:
    """Return fifty random graphs: sparse ones with isolated nodes, dense ones, features of many scales."""
    return [_random_sample(number) for number in range(50)]


def _random_sample(number: int) -> Sample:
    generator = torch.Generator().manual_seed(number)
    nodes, channels = (int(torch.randint(low, high, (), generator=generator)) for low, high in ((3, 25), (1, 9)))
    share = float(torch.rand((), generator=generator)) ** 2
    upper = (torch.rand(nodes, nodes, generator=generator) < share).float().triu(1)
    upper[0, 1] = 1  # at least one edge
    upper[2] = upper[:, 2] = 0  # at least one isolated node
    x = torch.randn(nodes, channels, generator=generator, dtype=torch.float64)
    if number % 5 == 0:
        x[1] = 0
    return sample_of(upper + upper.T, x * 10.0 ** (number % 7 - 3))
