"""Singular values from the Gram matrix against a decomposition."""

import pytest
import torch

from cna_viz.measures import rank_one_distance
from cna_viz.measures.spectrum import singular_values


@pytest.mark.parametrize("shape", [(40, 6), (6, 40), (7, 7), (1, 5), (5, 1)])
@pytest.mark.parametrize("entries", [20, 2**22])
def test_float32(shape: tuple[int, int], entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cna_viz.measures.blocks.ENTRIES", entries)
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
