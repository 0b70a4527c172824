"""Each measure against a slow, dense one in float64, and what holds for all of them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from cna_viz.measures import FEATURE_MEASURES, EdgeList, effective_rank, feature_norm, mad, rayleigh

Measure = Callable[[Tensor, EdgeList], Tensor]
SCALE_FREE = ("rayleigh", "mad", "effective_rank")


def dense_rayleigh(adjacency: Tensor, x: Tensor) -> float:
    with_loops = adjacency + torch.eye(len(adjacency), dtype=torch.float64)
    scale = with_loops.sum(dim=1).rsqrt()
    laplacian = torch.eye(len(adjacency), dtype=torch.float64) - scale[:, None] * with_loops * scale
    return float((x.T @ laplacian @ x).trace() / x.square().sum())


def dense_mad(adjacency: Tensor, x: Tensor) -> float:
    means = []
    for i in range(len(x)):
        distances = []
        for j in adjacency[i].nonzero().flatten().tolist():
            lengths = float(x[i].norm()), float(x[j].norm())
            if min(lengths) > 0:
                distances.append(1 - float(x[i] @ x[j]) / (lengths[0] * lengths[1]))
            else:
                distances.append(float(max(lengths) > 0))
        if distances:
            means.append(sum(distances) / len(distances))
    return sum(means) / len(means)


def dense_rank(adjacency: Tensor, x: Tensor) -> float:
    values = np.linalg.svd(x.numpy(), compute_uv=False)
    share = values[values > 0] / values.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


DENSE: dict[str, Callable[[Tensor, Tensor], float]] = {
    "feature_norm": lambda adjacency, x: math.sqrt(sum(value**2 for value in x.flatten().tolist())),
    "rayleigh": dense_rayleigh,
    "mad": dense_mad,
    "effective_rank": dense_rank,
}


def test_every_measure_has_an_oracle() -> None:
    assert set(DENSE) == set(FEATURE_MEASURES)


@pytest.mark.parametrize("name", FEATURE_MEASURES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-6), (torch.float32, 1e-4)])
def test_dense_oracle(samples: list[Any], name: str, dtype: torch.dtype, tolerance: float) -> None:
    for sample in samples:
        value = FEATURE_MEASURES[name](sample.x.to(dtype), sample.edges)
        assert value.shape == ()
        assert value.dtype in {dtype, torch.float64}
        assert float(value) == pytest.approx(DENSE[name](sample.adjacency, sample.x), rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("name", FEATURE_MEASURES)
def test_bounds_and_input(samples: list[Any], name: str) -> None:
    for sample in samples:
        bounds = {
            "feature_norm": (0, math.inf),
            "rayleigh": (0, 2),
            "mad": (0, 2),
            "effective_rank": (1, min(sample.x.shape)),
        }
        before = sample.x.clone()
        low, high = bounds[name]
        assert low - 1e-9 <= float(FEATURE_MEASURES[name](sample.x, sample.edges)) <= high + 1e-9
        assert torch.equal(sample.x, before)


@pytest.mark.parametrize("name", FEATURE_MEASURES)
def test_numbers_of_nodes_and_channels_do_not_matter(samples: list[Any], name: str) -> None:
    for sample in samples:
        measure, generator = FEATURE_MEASURES[name], torch.Generator().manual_seed(0)
        nodes, channels = sample.x.shape
        order = torch.randperm(nodes, generator=generator)
        moved = EdgeList.from_edge_index(sample.adjacency[order][:, order].nonzero().T, nodes)
        wanted = float(measure(sample.x, sample.edges))
        assert float(measure(sample.x[order], moved)) == pytest.approx(wanted, rel=1e-9)
        turn = torch.linalg.qr(torch.randn(channels, channels, generator=generator, dtype=torch.float64)).Q
        assert float(measure(sample.x @ turn, sample.edges)) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("name", SCALE_FREE)
@pytest.mark.parametrize("scale", [-1.0, 7.0, 1e-30, 1e30, 1e-37])
def test_scale_changes_nothing(samples: list[Any], name: str, scale: float) -> None:
    for sample in samples:
        measure, x = FEATURE_MEASURES[name], sample.x.float() / float(sample.x.abs().max())
        wanted = float(measure(x, sample.edges))
        # Numbers around 1e-37 lose digits as denormal numbers; all others keep theirs.
        assert float(measure(x * scale, sample.edges)) == pytest.approx(wanted, rel=1e-2 if scale == 1e-37 else 1e-5)


@pytest.mark.parametrize("scale", [1e-3, 7.0, 1e10])
def test_norm_goes_with_the_scale(samples: list[Any], scale: float) -> None:
    for sample in samples:
        wanted = scale * float(feature_norm(sample.x))
        assert float(feature_norm(scale * sample.x)) == pytest.approx(wanted)


@pytest.mark.parametrize("scale", [1e-30, 1e-25, 1e25, 1e30])
def test_norm_of_very_small_and_large_features(scale: float) -> None:
    assert float(feature_norm(torch.full((10, 10), scale))) == pytest.approx(10 * scale, rel=1e-5, abs=0)


@pytest.mark.parametrize("name", FEATURE_MEASURES)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_shows(samples: list[Any], name: str, value: float) -> None:
    for sample in samples:
        x = sample.x.clone()
        x[0, 0] = value
        result = float(FEATURE_MEASURES[name](x, sample.edges))
        assert result == math.inf if name == "feature_norm" and math.isinf(value) else math.isnan(result)


def test_zero_matrix(samples: list[Any]) -> None:
    for sample in samples:
        zero = torch.zeros_like(sample.x)
        assert math.isnan(float(rayleigh(zero, sample.edges)))
        assert float(mad(zero, sample.edges)) == 0
        assert float(effective_rank(zero)) == 0
        assert float(feature_norm(zero)) == 0


def test_equal_rows(samples: list[Any]) -> None:
    for sample in samples:
        x = torch.linspace(1, 2, 4, dtype=torch.float64).repeat(len(sample.x), 1)
        assert float(mad(x, sample.edges)) == 0
        assert float(effective_rank(x)) == pytest.approx(1, abs=1e-9)
        assert float(effective_rank(x.float())) == pytest.approx(1, abs=1e-4)
