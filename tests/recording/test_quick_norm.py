"""The quick norm is the norm, of small and large and many numbers."""

import pytest
import torch
from torch import Tensor

from cna_viz.recording.quick_norm import quick_norm


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("scale", [1e-40, 1e-35, 1e-20, 1e-13, 1e-12, 1e-11, 1.0, 1e14, 1e16, 1e25, 1e37])
def test_small_and_large_numbers_have_their_norm(scale: float) -> None:
    x = scale * draw(34, 8)
    assert float(quick_norm(x)) == pytest.approx(float(x.double().norm()), rel=1e-6, abs=0)
    assert quick_norm(x).dtype == torch.float64


def test_millions_of_numbers_have_their_norm() -> None:
    x = draw(200_000, 64)
    assert float(quick_norm(x)) == pytest.approx(float(x.double().norm()), rel=1e-7)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_types_have_the_norm_of_their_numbers(dtype: torch.dtype) -> None:
    x = (100 * draw(34, 8)).to(dtype)
    assert float(quick_norm(x)) == pytest.approx(float(x.double().norm()), rel=1e-7)


def test_large_rows_beside_vanishing_ones() -> None:
    x = draw(34, 8)
    x[::2] *= 1e-30
    assert float(quick_norm(x)) == pytest.approx(float(x.double().norm()), rel=1e-6)


@pytest.mark.parametrize(("value", "wanted"), [(0.0, 0.0), (torch.inf, torch.inf), (torch.nan, torch.nan)])
def test_zero_and_what_is_not_finite(value: float, wanted: float) -> None:
    x = torch.zeros(3, 2)
    x[1, 1] = value
    assert float(quick_norm(x)) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (5,), (2, 3, 4)])
def test_other_shapes(shape: tuple[int, ...]) -> None:
    x = draw(*shape)
    assert float(quick_norm(x)) == pytest.approx(float(x.double().norm()))
