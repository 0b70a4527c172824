"""A seeded source of random tensors, and well separated blobs."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

Draw = Callable[..., Tensor]
Blobs = Callable[..., tuple[Tensor, Tensor]]


@pytest.fixture
def draw() -> Draw:
    """Return ``draw(*shape)``: standard normal numbers of the test's own generator, float64."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return draw


@pytest.fixture
def blobs() -> Blobs:
    """Return ``blobs(clusters, per, seed)``: float32 features and the blob of every node, in random order."""

    def blobs(clusters: int = 4, per: int = 10, seed: int = 0, channels: int = 5) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        truth = torch.arange(clusters).repeat_interleave(per)[torch.randperm(clusters * per, generator=generator)]
        centers = 100 * torch.eye(clusters, channels)
        return centers[truth] + 0.1 * torch.randn(len(truth), channels, generator=generator), truth

    return blobs
