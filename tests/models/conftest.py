"""Small random undirected graphs."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

RandomEdges = Callable[..., Tensor]


@pytest.fixture
def random_edges() -> RandomEdges:
    """Return ``random_edges(nodes, share, seed)``: both directions of every edge, no self-loops."""

    def random_edges(nodes: int, share: float = 0.2, seed: int = 0) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        upper = torch.rand(nodes, nodes, generator=generator).triu(1)
        adjacency = (upper > 1 - share).long()
        return (adjacency + adjacency.T).nonzero().T.contiguous()

    return random_edges
