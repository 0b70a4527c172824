"""Each measure against a slow, dense one in float64, and what holds for all of them."""

import math
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from cna_viz.config.vocabulary import FEATURE_MEASURES
from cna_viz.measures import EdgeList, feature_norm
from tests.measures import dense
from tests.measures.single import SINGLE

WITH_SCALE = {
    "feature_norm": 1,
    "eigenspace_distance": 1,
    "dirichlet_survey": 2,
    "dirichlet_trace": 2,
    "dirichlet_sym": 2,
    "dirichlet_sym_loops": 2,
}
"""The power of the scale with which a measure goes; 0 for all others."""

CHANNELS_MATTER = {"rank_one_distance", "information_gain"}
"""Those that look at channels one by one, and so change when these are rotated."""


def take(name: str, sample: Any, x: Tensor | None = None) -> float:
    value = SINGLE[name](sample.x if x is None else x, sample.edges, sample.y, sample.inputs)
    assert value.shape == ()
    assert value.dtype == torch.float64
    return float(value)


def wanted(name: str, sample: Any) -> float:
    x = sample.x.numpy()
    if name == "group_distance_ratio":
        return dense.group_distance_ratio(x, sample.y.numpy())
    if name == "information_gain":
        return dense.information_gain(x, sample.inputs.numpy())
    return dense.BY_GRAPH[name](sample.adjacency.numpy(), x)


def test_every_measure_of_features_is_tested() -> None:
    assert set(SINGLE) == set(FEATURE_MEASURES)


@pytest.mark.parametrize("name", FEATURE_MEASURES)
def test_dense_oracle(samples: list[Any], name: str) -> None:
    finite = 0
    for sample in samples:
        value, right = take(name, sample), wanted(name, sample)
        rounding = 1e-12 * float(sample.x.norm()) ** WITH_SCALE.get(name, 0)
        assert value == pytest.approx(right, rel=1e-8, abs=rounding, nan_ok=True)
        finite += math.isfinite(value)
    assert finite >= 150


@pytest.mark.parametrize("name", FEATURE_MEASURES)
def test_float32_is_close(samples: list[Any], name: str) -> None:
    for sample in samples[:60]:
        right = take(name, sample)
        assert take(name, sample, sample.x.float()) == pytest.approx(right, rel=1e-4, abs=1e-5, nan_ok=True)


@pytest.mark.parametrize("name", FEATURE_MEASURES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_types_are_measured_as_what_they_are(samples: list[Any], name: str, dtype: torch.dtype) -> None:
    for sample in samples[:15]:
        x = sample.x.to(dtype)
        right = take(name, sample, x.double())
        assert take(name, sample, x) == pytest.approx(right, rel=1e-6, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("name", FEATURE_MEASURES)
def test_bounds_and_input(samples: list[Any], name: str) -> None:
    for sample in samples[:60]:
        most = min(sample.x.shape)
        bounds = {
            "rayleigh": (0, 2),
            "mad": (0, 2),
            "mad_gap": (-2, 2),
            "mean_cosine": (-1 / (len(sample.x) - 1), 1),
            "eigenspace_distance": (0, float(feature_norm(sample.x))),
            "eigenspace_distance_normalized": (0, 1),
            "numerical_rank": (1, most),
            "effective_rank": (1, most),
            "rank_one_distance": (0, 2),
            "information_gain": (-1, math.log2(sample.x.shape[1]) + 1e-9),
        }
        before = sample.x.clone()
        low, high = bounds.get(name, (0, math.inf))
        value = take(name, sample)
        assert math.isnan(value) or low - 1e-9 <= value <= high + 1e-9
        assert torch.equal(sample.x, before)


@pytest.mark.parametrize("name", FEATURE_MEASURES)
def test_numbers_of_nodes_do_not_matter(samples: list[Any], name: str) -> None:
    for sample in samples[:60]:
        order = torch.randperm(len(sample.x), generator=torch.Generator().manual_seed(0))
        edges = EdgeList.from_edge_index(sample.adjacency[order][:, order].nonzero().T, len(order))
        moved = SINGLE[name](sample.x[order], edges, sample.y[order], sample.inputs[order])
        assert float(moved) == pytest.approx(take(name, sample), rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", [name for name in FEATURE_MEASURES if name not in CHANNELS_MATTER])
def test_rotating_the_channels_changes_nothing(samples: list[Any], name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    for sample in samples[:60]:
        channels = sample.x.shape[1]
        turn = torch.linalg.qr(torch.randn(channels, channels, generator=generator, dtype=torch.float64)).Q
        right = take(name, sample)
        assert take(name, sample, sample.x @ turn) == pytest.approx(right, rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", FEATURE_MEASURES)
@pytest.mark.parametrize("scale", [7.0, 1e-30, 1e30, 1e-37])
def test_scale_in_float32(samples: list[Any], name: str, scale: float) -> None:
    power = WITH_SCALE.get(name, 0)
    for sample in samples[:40]:
        x = sample.x.float() / float(sample.x.abs().max())
        # Numbers around 1e-37 lose digits as denormal numbers; all others keep theirs.
        tolerance = 1e-2 if scale == 1e-37 else 1e-5
        right = take(name, sample, x) * scale**power
        value = take(name, sample, x * scale)
        assert value == pytest.approx(right, rel=tolerance, abs=1e-6 * scale**power, nan_ok=True)


@pytest.mark.parametrize("name", FEATURE_MEASURES)
@pytest.mark.parametrize("scale", [1e-140, 1e140])
def test_scale_in_float64(samples: list[Any], name: str, scale: float) -> None:
    for sample in samples[:20]:
        right = take(name, sample) * scale ** WITH_SCALE.get(name, 0)
        assert take(name, sample, sample.x * scale) == pytest.approx(right, rel=1e-8, nan_ok=True)


@pytest.mark.parametrize("name", FEATURE_MEASURES)
def test_what_is_not_finite_shows(samples: list[Any], name: str) -> None:
    nodes = (0, 2)  # one with a neighbour and one without
    dtypes = (torch.float32, torch.float64, torch.float16)
    for sample, value, node, dtype in product(samples[:7], (math.nan, math.inf, -math.inf), nodes, dtypes):
        x = sample.x.clone().to(dtype)
        x[node, 0] = value
        result = take(name, sample, x)
        assert result == math.inf if name == "feature_norm" and math.isinf(value) else math.isnan(result)


ZERO = {"rayleigh", "eigenspace_distance_normalized", "rank_one_distance", "group_distance_ratio"}
"""Those that have no value for a zero matrix."""


@pytest.mark.parametrize("name", FEATURE_MEASURES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_zero_matrix(samples: list[Any], name: str, dtype: torch.dtype) -> None:
    for sample in samples[:20]:
        value = take(name, sample, torch.zeros_like(sample.x).to(dtype))
        if name in ZERO or (name == "mad_gap" and math.isnan(take(name, sample))):
            assert math.isnan(value)
        else:
            assert value == (1 if name == "mean_cosine" else 0)


@pytest.mark.parametrize("name", FEATURE_MEASURES)
def test_small_graphs_without_edges(name: str) -> None:
    shapes = [(1, 1), (1, 4), (3, 1), (3, 4), (0, 4), (3, 0), (0, 0)]
    for (nodes, channels), dtype in product(shapes, (torch.float32, torch.float64)):
        edges = EdgeList.from_edge_index(torch.empty(2, 0, dtype=torch.long), nodes)
        x = torch.arange(1, nodes * channels + 1).reshape(nodes, channels).to(dtype)
        value = float(SINGLE[name](x, edges, torch.zeros(nodes, dtype=torch.long), torch.ones(nodes, 2)))
        if name.startswith("dirichlet") and nodes:
            assert value == 0
        elif name in {"rayleigh", "eigenspace_distance_normalized"} and x.numel():
            assert value == pytest.approx(0, abs=1e-12)
        elif name in {"mad", "mad_gap", "group_distance_ratio"}:
            assert math.isnan(value)
        elif name in {"numerical_rank", "effective_rank"} and x.numel() and min(x.shape) == 1:
            assert value == pytest.approx(1)
