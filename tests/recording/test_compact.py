"""Embeddings as they are kept: small, but what tells nodes apart stays."""

import numpy as np
import pytest
import torch
from torch import Tensor

from cna_viz.measures import rows
from cna_viz.recording import compact as module
from cna_viz.recording.compact import HALF_TOLERANCE, _squares, compact, project


@pytest.fixture(params=["compiled", "torch"], autouse=True)
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every test see the compiled loop, and what takes its place where there is none."""
    if request.param == "torch":
        without_loop(monkeypatch)


def without_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "runs_compiled", lambda x: False)


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


@pytest.mark.parametrize("scale", [1e-9, 1e-25, 1e-40])
def test_small_features_around_the_first_row_are_not_stored_as_zeros(scale: float) -> None:
    # Their sum is 0 and their squares are 0 in float32: nothing would seem to be lost.
    x = scale * torch.tensor([[0.0, 0.0], [1.0, -2.0], [-1.0, 2.0]])
    assert np.array_equal(compact(x, "float16"), x.numpy())


@pytest.mark.parametrize("spread", [1e-4, 1e-5])
def test_small_differences_between_rows_are_not_lost(spread: float) -> None:
    # COLLAPSED in cna_viz.analysis.positions.projection is 1e-6 and reads these arrays.
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


MATRICES = {
    "common": draw(50, 7),
    "small": 1e-25 * draw(50, 7),
    "large": 1e25 * draw(50, 7),
    "alike": 1.3 + 1e-4 * draw(50, 7),
    "a row apart": torch.cat([1e4 * draw(1, 7), draw(49, 7)]),
    "one row": draw(1, 7),
    "turned": draw(7, 50).T,
    "not finite": draw(50, 7).fill_diagonal_(torch.inf),
    "no rows": draw(0, 7),
    "no channels": draw(7, 0),
}


@pytest.mark.parametrize("name", MATRICES)
def test_squares_are_those_of_what_is_lost_and_of_what_there_is_to_lose(name: str) -> None:
    x = MATRICES[name]
    wide, half = x.double(), x.half()
    wanted = (wide - half.double()).square().sum(), (wide - wide.mean(dim=0)).square().sum()
    for found, value in zip(_squares(x, half), wanted, strict=True):
        assert found.dtype == torch.float64
        assert float(found) == pytest.approx(float(value), rel=1e-9, abs=0 if len(x) > 1 else 1e-30, nan_ok=True)


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("entries", [1, 20, 70, 343])
def test_pieces_of_a_matrix_add_up(monkeypatch: pytest.MonkeyPatch, name: str, entries: int) -> None:
    x = MATRICES[name]
    whole, stored = _squares(x, x.half()), compact(x, "float16")
    monkeypatch.setattr(rows, "ENTRIES", entries)
    for found, value in zip(_squares(x, x.half()), whole, strict=True):
        assert float(found) == pytest.approx(float(value), rel=1e-12, abs=0, nan_ok=True)
    again = compact(x, "float16")
    assert again.dtype == stored.dtype
    assert np.array_equal(again, stored, equal_nan=True)


@pytest.mark.parametrize("name", MATRICES)
def test_without_the_compiled_loop_the_numbers_are_the_same(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    x = MATRICES[name]
    compiled, stored = _squares(x, x.half()), compact(x, "float16")
    without_loop(monkeypatch)
    for found, value in zip(_squares(x, x.half()), compiled, strict=True):
        assert float(found) == pytest.approx(float(value), rel=1e-12, abs=0, nan_ok=True)
    assert compact(x, "float16").dtype == stored.dtype


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
