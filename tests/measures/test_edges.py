"""The list of edges: each once, with degrees."""

from typing import Any

import pytest
import torch

from cna_viz.measures.edges import EdgeList, unit_scale


def test_every_edge_once(samples: list[Any]) -> None:
    for sample in samples:
        edges = sample.edges
        pairs = list(zip(edges.first.tolist(), edges.second.tolist(), strict=True))
        assert sorted(pairs) == [tuple(pair) for pair in sample.adjacency.triu(1).nonzero().tolist()]
        assert torch.equal(edges.degree.double(), sample.adjacency.sum(dim=1))
        assert edges.num_nodes == len(sample.x)


def test_self_loops_are_left_out() -> None:
    edges = EdgeList.from_edge_index(torch.tensor([[0, 0, 1, 2], [0, 1, 0, 2]]), 4)
    assert (edges.first.tolist(), edges.second.tolist(), edges.degree.tolist()) == ([0], [1], [1, 1, 0, 0])


@pytest.mark.parametrize("scale", [1e-44, 1e-30, 1.0, 1e38])
def test_unit_scale(scale: float) -> None:
    x = torch.tensor([[-2.0, 1.0], [0.0, 0.5]]) * scale
    before = x.clone()
    scaled = unit_scale(x)
    torch.testing.assert_close(scaled, torch.tensor([[-1.0, 0.5], [0.0, 0.25]]), rtol=0.2, atol=0)
    assert torch.equal(x, before)


def test_unit_scale_of_nothing() -> None:
    assert torch.equal(unit_scale(torch.zeros(3, 2)), torch.zeros(3, 2))
    assert unit_scale(torch.zeros(0, 2)).shape == (0, 2)
