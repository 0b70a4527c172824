"""Embeddings as they are kept: small, but what tells nodes apart stays."""

import numpy as np
import pytest
import torch
from torch import Tensor

from cna_viz.recording.compact import HALF_TOLERANCE, compact, project


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("largest", "precision", "dtype"),
    [
        (1.0, "float16", "float16"),
        (65504.0, "float16", "float16"),
        (65536.0, "float16", "float32"),
        (1e15, "float16", "float32"),
        (-1e30, "float16", "float32"),
        (3e38, "float16", "float32"),
        (1.0, "float32", "float32"),
    ],
)
def test_float32_takes_over_where_float16_would_overflow(largest: float, precision: str, dtype: str) -> None:
    x = torch.tensor([[0.5, largest], [-0.25, 0.0]]).repeat(17, 1)
    array = compact(x, precision)
    assert str(array.dtype) == dtype
    assert np.array_equal(array, x.numpy())


def test_what_is_not_finite_is_stored_as_it_is() -> None:
    x = torch.tensor([[0.5, torch.inf], [-torch.inf, torch.nan]]).repeat(17, 1)
    assert np.array_equal(compact(x, "float16"), x.numpy(), equal_nan=True)


@pytest.mark.parametrize("scale", [1e-6, 1e-8, 1e-20, 1e-30])
def test_small_features_are_not_stored_as_zeros(scale: float) -> None:
    x = scale * draw(34, 8)
    assert np.abs(compact(x, "float16").astype(np.float64) / x.numpy() - 1).max() < 0.01


@pytest.mark.parametrize("spread", [1e-4, 1e-5])
def test_small_differences_between_rows_are_not_lost(spread: float) -> None:
    # COLLAPSED in cna_viz.analysis.projection is 1e-6 and reads these arrays.
    x = 1.3 + spread * draw(34, 8)
    stored = compact(x, "float16").astype(np.float64)
    assert stored.std(axis=0).mean() == pytest.approx(float(x.std(dim=0, correction=0).mean()), rel=0.1)


@pytest.mark.parametrize("spread", [1e-1, 3e-2, 1e-2, 3e-3])
def test_float16_is_taken_exactly_where_it_costs_at_most_its_share(spread: float) -> None:
    x = 1.3 + spread * draw(200, 8)
    half = x.half().double()
    cost = float((half - x).norm() / (x.double() - x.double().mean(dim=0)).norm())
    assert (compact(x, "float16").dtype == np.float16) == (cost <= HALF_TOLERANCE)


def test_both_sides_of_the_limit_were_tried() -> None:
    assert {str(compact(1.3 + spread * draw(200, 8), "float16").dtype) for spread in (1e-1, 3e-3)} == {
        "float16",
        "float32",
    }


@pytest.mark.parametrize("value", [0.0, 0.5, 0.1])
def test_equal_rows_stay_what_they_are(value: float) -> None:
    x = torch.full((34, 8), value)
    assert np.array_equal(compact(x, "float16").astype(np.float32), x.numpy())


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_types_of_features_are_kept_as_numbers_too(dtype: torch.dtype) -> None:
    x = draw(34, 8).to(dtype)
    assert compact(x, "float16").dtype == np.float16
    assert np.array_equal(compact(x, "float32"), x.float().numpy())


def test_the_features_are_not_written_to() -> None:
    x = draw(34, 8)
    before = x.clone()
    compact(project(x, 3), "float16")
    assert torch.equal(x, before)


def test_narrow_layers_are_not_projected() -> None:
    x = draw(34, 8)
    assert project(x, None) is x
    assert project(x, 8) is x
    assert project(x, 9) is x
    assert project(x, 7).shape == (34, 7)


def test_the_projection_is_the_same_every_time_and_leaves_the_random_state_alone() -> None:
    x = draw(34, 50)
    torch.manual_seed(3)
    state = torch.get_rng_state()
    first = project(x, 6)
    assert torch.equal(torch.get_rng_state(), state)
    from cna_viz.recording.compact import _matrix

    _matrix.cache_clear()
    torch.manual_seed(4)
    assert torch.equal(project(x, 6), first)
    assert torch.allclose(project(2 * x, 6), 2 * first)
    assert torch.allclose(project(x[:5], 6), first[:5], atol=1e-6)


def test_a_projection_roughly_keeps_distances() -> None:
    x = draw(60, 512)
    ratios = torch.pdist(project(x, 128)) / torch.pdist(x)
    assert float(ratios.mean()) == pytest.approx(1, abs=0.05)
    assert 0.7 < float(ratios.min()) < float(ratios.max()) < 1.3


def test_half_precision_features_can_be_projected() -> None:
    x = draw(34, 50)
    assert torch.allclose(project(x.bfloat16(), 6), project(x, 6), atol=0.1)
