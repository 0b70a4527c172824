"""Ranks where they are known, and singular values from the Gram matrix against a decomposition."""

import math

import pytest
import torch

from cna_viz.measures import effective_rank, rank_one_distance
from cna_viz.measures.rank import singular_values


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


@pytest.mark.parametrize("shape", [(40, 6), (6, 40), (7, 7), (1, 5), (5, 1)])
@pytest.mark.parametrize("entries", [20, 2**22])
def test_singular_values_of_float32(shape: tuple[int, int], entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cna_viz.measures.rows.ENTRIES", entries)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    wanted = torch.linalg.svdvals(x.double()).flip(0)
    torch.testing.assert_close(singular_values(x), wanted, rtol=1e-9, atol=1e-7)
    right = float(rank_one_distance(x.double()))
    assert float(rank_one_distance(x)) == pytest.approx(right, rel=1e-7, abs=1e-7)


def test_small_ones_are_seen_down_to_the_rounding_of_float32() -> None:
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(size, 4, generator=generator).double()).Q for size in (30, 4))
    values = torch.tensor([1.0, 1e-2, 1e-4, 1e-6], dtype=torch.float64)
    x = (left * values @ right.T).float()
    exact = torch.linalg.svdvals(x.double()).flip(0)
    torch.testing.assert_close(singular_values(x), exact, rtol=1e-3, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_rank_one(dtype: torch.dtype, sign: float) -> None:
    x = sign * torch.outer(torch.linspace(-1, 2, 20).double(), torch.linspace(-3, 1, 6).double()).to(dtype)
    assert float(rank_one_distance(x)) < (1e-6 if dtype == torch.float32 else 1e-12)
    identity = torch.eye(4, dtype=dtype)  # X̂ is one of the four diagonal entries: ¾ and three times ¼
    assert float(rank_one_distance(sign * identity)) == pytest.approx(1.5)
