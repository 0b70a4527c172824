"""Effective rank where it is known."""

import math

import pytest
import torch

from cna_viz.measures import effective_rank


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("scale", [1e-40, 1e-30, 1.0, 1e30, 3e38])
def test_equal_singular_values_give_their_number(size: int, scale: float) -> None:
    x = torch.zeros(10, 8)
    x[:size, :size] = scale * torch.eye(size)
    assert float(effective_rank(x)) == pytest.approx(size, rel=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (20, 6)])
def test_one_direction_is_rank_one(shape: tuple[int, int]) -> None:
    x = torch.linspace(1, 2, shape[0])[:, None] * torch.linspace(-1, 3, shape[1])
    assert float(effective_rank(x)) == pytest.approx(1, abs=1e-4)


def test_two_directions_of_unequal_size() -> None:
    x = torch.diag(torch.tensor([3.0, 1.0], dtype=torch.float64))
    wanted = math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert float(effective_rank(x)) == pytest.approx(wanted)
    assert float(effective_rank(x.T.flip(0))) == pytest.approx(wanted)


def test_not_centered() -> None:
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # centered it would have one direction
    assert float(effective_rank(x)) == pytest.approx(2)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_not_finite(value: float) -> None:
    x = torch.eye(4)
    x[1, 2] = value
    assert math.isnan(float(effective_rank(x)))
    assert math.isnan(float(effective_rank(torch.full((3, 3), value))))
