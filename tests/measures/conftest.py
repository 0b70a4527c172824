"""Two hundred small random graphs, and graphs written by hand."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from cna_viz.measures import EdgeList


@dataclass
class Sample:
    """A graph in both forms, features, float64, classes and inputs."""

    adjacency: Tensor
    edges: EdgeList
    x: Tensor
    y: Tensor
    inputs: Tensor


def sample_of(adjacency: Tensor, x: Tensor) -> Sample:
    edges = EdgeList.from_edge_index(adjacency.nonzero().T, len(adjacency))
    generator = torch.Generator().manual_seed(len(x))
    y = torch.arange(len(x)) % 3 if len(x) > 3 else torch.arange(len(x)) % 2
    return Sample(adjacency.double(), edges, x.double(), y, torch.randn(len(x), 4, generator=generator).double())


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
    """Return 200 random graphs: sparse ones with isolated nodes, dense ones, features of many scales, long paths."""
    return [_random_sample(number) for number in range(200)]


def _random_sample(number: int) -> Sample:
    generator = torch.Generator().manual_seed(number)
    nodes, channels = (int(torch.randint(low, high, (), generator=generator)) for low, high in ((3, 25), (1, 9)))
    share = float(torch.rand((), generator=generator)) ** 2
    upper = (torch.rand(nodes, nodes, generator=generator) < share).float().triu(1)
    if number % 3 == 0:
        upper = torch.ones(nodes, nodes).triu(1).tril(1)  # a path: nodes that are connected and remote
    upper[0, 1] = 1  # at least one edge
    upper[2] = upper[:, 2] = 0  # at least one isolated node
    x = torch.randn(nodes, channels, generator=generator, dtype=torch.float64)
    if number % 5 == 0:
        x[1] = 0
    return sample_of(upper + upper.T, x * 10.0 ** (number % 7 - 3))
