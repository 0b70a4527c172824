"""Cosines where they are known."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from cna_viz.measures import mad, mean_cosine

GraphOf = Callable[..., Any]
PAIR = [(0, 1)]


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ([1.0, 0.0], [0.0, 3.0], 1),
        ([1.0, 0.0], [-5.0, 0.0], 2),
        ([1.0, 1.0], [9.0, 9.0], 0),
        ([1.0, 0.0], [1.0, 1.0], 1 - math.sqrt(0.5)),
        ([0.0, 0.0], [0.0, 0.0], 0),
        ([0.0, 0.0], [1.0, 2.0], 1),
        ([1e-30, 0.0], [0.0, 1e30], 1),
        ([1e-30, 1e-30], [1e30, 1e30], 0),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_pairs(graph: GraphOf, first: list[float], second: list[float], distance: float, dtype: torch.dtype) -> None:
    sample = graph(2, PAIR, [first, second])
    assert float(mad(sample.x.to(dtype), sample.edges)) == pytest.approx(distance, abs=1e-6)


def test_nodes_count_alike_whatever_their_degree(graph: GraphOf) -> None:
    # Center 0 has leaves at distances 0, 1 and 2: its mean is 1; so is that of the leaves. Edges would give 1 as well,
    # but with a second pair at distance 0 nodes give 4/6 and edges 3/4.
    x = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]
    sample = graph(6, [(0, 1), (0, 2), (0, 3), (4, 5)], x)
    assert float(mad(sample.x, sample.edges)) == pytest.approx(4 / 6)


def test_isolated_nodes_are_left_out(graph: GraphOf) -> None:
    sample = graph(5, PAIR, [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [5.0, 5.0], [0.0, 0.0]])
    assert float(mad(sample.x, sample.edges)) == pytest.approx(1)


def test_without_edges_it_is_nan(graph: GraphOf) -> None:
    sample = graph(3, [], torch.eye(3))
    assert math.isnan(float(mad(sample.x, sample.edges)))


def test_length_of_rows_does_not_matter(samples: list[Any]) -> None:
    for sample in samples:
        lengths = 10.0 ** torch.linspace(-15, 15, len(sample.x), dtype=torch.float64)[:, None]
        assert float(mad(sample.x * lengths, sample.edges)) == pytest.approx(
            float(mad(sample.x, sample.edges)), rel=1e-9
        )


def test_tiny_distances_are_exact(graph: GraphOf) -> None:
    # 1 - cos would be 0 or a multiple of 6e-8 in float32; the distance is 5e-9.
    sample = graph(2, PAIR, [[1.0, 0.0], [1.0, 1e-4]])
    assert float(mad(sample.x.float(), sample.edges)) == pytest.approx(1 - math.cos(math.atan(1e-4)), rel=1e-3, abs=0)


@pytest.mark.parametrize(
    ("x", "cosine"),
    [
        ([[1.0, 0.0], [5.0, 0.0], [0.1, 0.0]], 1),
        ([[1.0, 0.0], [0.0, 1.0]], 0),
        ([[1.0], [-2.0]], -1),
        ([[1.0, 0.0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]], -1 / 2),  # as far apart as three can be
        ([[0.0, 0.0], [0.0, 0.0]], 1),
        ([[0.0, 0.0], [0.0, 2.0]], 0),
    ],
)
def test_mean_cosine(x: list[list[float]], cosine: float) -> None:
    assert float(mean_cosine(torch.tensor(x, dtype=torch.float64))) == pytest.approx(cosine, abs=1e-12)
    assert float(mean_cosine(torch.tensor(x))) == pytest.approx(cosine, abs=1e-6)


def test_mean_cosine_of_one_node() -> None:
    assert math.isnan(float(mean_cosine(torch.ones(1, 3))))


def test_mean_cosine_in_blocks(samples: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [float(mean_cosine(sample.x)) for sample in samples[:20]]
    monkeypatch.setattr("cna_viz.measures.rows.ENTRIES", 10)
    assert [float(mean_cosine(sample.x)) for sample in samples[:20]] == pytest.approx(wanted, rel=1e-12, abs=1e-15)
