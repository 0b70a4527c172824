"""Distance from the dominant eigenspace where it is known."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from cna_viz.errors import UsageError
from cna_viz.measures import Eigenspace, eigenspace_distance, eigenspace_distance_normalized

GraphOf = Callable[..., Any]


def test_components_and_basis(graph: GraphOf) -> None:
    sample = graph(5, [(0, 1), (1, 2)], torch.ones(5, 1))
    space = Eigenspace.of(sample.edges)
    assert (space.count, space.component.tolist()) == (3, [0, 0, 0, 1, 2])
    assert space.basis.tolist() == pytest.approx([(2 / 7) ** 0.5, (3 / 7) ** 0.5, (2 / 7) ** 0.5, 1, 1])


def test_propagation_leaves_the_space_alone_and_comes_closer(samples: list[Any]) -> None:
    for sample in samples[:40]:
        space = Eigenspace.of(sample.edges)
        loops = sample.adjacency + torch.eye(len(sample.x), dtype=torch.float64)
        scale = loops.sum(1).rsqrt()
        operator = scale[:, None] * loops * scale
        inside = space.basis[:, None] * (1 + space.component[:, None])
        torch.testing.assert_close(operator @ inside, inside)
        assert float(eigenspace_distance_normalized(inside, space)) < 1e-12
        one, other = (float(eigenspace_distance(x, space)) for x in (sample.x, operator @ sample.x))
        assert other <= one * (1 + 1e-12)


def test_balanced_features_are_orthogonal(graph: GraphOf) -> None:
    sample = graph(4, [(i, j) for i in range(4) for j in range(i)], [[3.0], [-3.0], [4.0], [-4.0]])
    space = Eigenspace.of(sample.edges)
    assert float(eigenspace_distance(sample.x, space)) == pytest.approx(50**0.5)
    assert float(eigenspace_distance_normalized(sample.x, space)) == pytest.approx(1)


def test_tiny_distances_remain_visible(graph: GraphOf) -> None:
    sample = graph(2, [(0, 1)], [[1.0], [1 + 2**-30]])  # ‖X‖² - ‖UᵀX‖² would be rounding only
    assert float(eigenspace_distance(sample.x, Eigenspace.of(sample.edges))) == pytest.approx(2**-30.5, rel=1e-6)


def test_in_blocks_of_channels(samples: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    spaces = [Eigenspace.of(sample.edges) for sample in samples[:20]]
    wanted = [float(eigenspace_distance(s.x, space)) for s, space in zip(samples, spaces, strict=False)]
    monkeypatch.setattr("cna_viz.measures.eigenspace.ENTRIES", 30)
    assert [float(eigenspace_distance(s.x, space)) for s, space in zip(samples, spaces, strict=False)] == pytest.approx(
        wanted, rel=1e-12
    )


def test_features_of_other_nodes_are_refused(graph: GraphOf) -> None:
    space = Eigenspace.of(graph(2, [(0, 1)], torch.ones(2, 1)).edges)
    with pytest.raises(UsageError, match="the graph has 2 nodes"):
        eigenspace_distance(torch.ones(1, 3), space)
