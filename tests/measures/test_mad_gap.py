"""Near and remote pairs against a dense search, and the gap between their distances."""

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from cna_viz.errors import UsageError
from cna_viz.measures import EdgeList, HopPairs, mad_gap, mad_gap_error
from tests.measures.dense import hop_table

GraphOf = Callable[..., Any]

MODULE = sys.modules["cna_viz.measures.mad_gap"]  # the package's attribute of this name is the function


def path(nodes: int) -> EdgeList:
    ends = torch.stack([torch.arange(nodes - 1), torch.arange(1, nodes)])
    return EdgeList.from_edge_index(torch.cat([ends, ends.flip(0)], dim=1), nodes)


@pytest.mark.parametrize(("near", "remote"), [(3, 8), (1, 2), (2, 5)])
def test_all_pairs_of_small_graphs(samples: list[Any], near: int, remote: int) -> None:
    for sample in samples:
        found, table = HopPairs.of(sample.edges, near, remote), hop_table(sample.adjacency.numpy())
        assert found.exact
        for pairs, mask in ((found.near, (table <= near) & (table > 0)), (found.remote, table >= remote)):
            got = np.zeros(mask.shape, dtype=bool)
            got[pairs.source.numpy(), pairs.target.numpy()] = True
            assert np.array_equal(got, mask)
            assert len(pairs.source) == mask.sum()


def test_more_than_64_sources() -> None:
    found = HopPairs.of(path(150), 3, 8)
    distance = (found.near.source - found.near.target).abs()
    assert distance.unique().tolist() == [1, 2, 3]
    assert int((found.remote.source - found.remote.target).abs().min()) == 8
    assert len(found.remote.source) == 142 * 143


@pytest.mark.parametrize(("near", "remote"), [(0, 8), (3, 3), (5, 2)])
def test_masks_that_overlap_are_refused(near: int, remote: int) -> None:
    with pytest.raises(UsageError, match=f"near is {near} and remote {remote}"):
        HopPairs.of(path(4), near, remote)


def test_gap_of_two_ends_that_differ() -> None:
    x = torch.tensor([[1.0, 0.0]] * 8 + [[0.0, 1.0]] * 8, dtype=torch.float64)
    pairs = HopPairs.of(path(16))
    # All remote pairs lie across the middle; of the 90 near ones 12 do, unevenly over their nodes.
    near = (2 * (1 / 6 + 2 / 6 + 3 / 6)) / 16
    assert float(mad_gap(x, pairs)) == pytest.approx(1 - near)
    assert float(mad_gap_error(x, pairs)) == 0
    assert float(mad_gap(torch.ones(16, 2), pairs)) == 0


def test_graphs_without_remote_nodes_have_no_gap(graph: GraphOf) -> None:
    sample = graph(3, [(0, 1), (1, 2)], torch.eye(3))
    assert math.isnan(float(mad_gap(sample.x, HopPairs.of(sample.edges))))


def test_sample_of_a_large_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    edges, generator = path(400), torch.Generator().manual_seed(0)
    x = torch.randn(400, 5, generator=generator, dtype=torch.float64).cumsum(dim=0)
    exact = float(mad_gap(x, HopPairs.of(edges)))
    monkeypatch.setattr(MODULE, "EXACT_NODES", 100)
    monkeypatch.setattr(MODULE, "SOURCES", 60)
    monkeypatch.setattr(MODULE, "TARGETS", 20)
    drawn = [HopPairs.of(edges, seed=seed) for seed in range(60)]
    assert not drawn[0].exact
    assert len(drawn[0].sources) == 60
    values = torch.stack([mad_gap(x, pairs) for pairs in drawn])
    errors = torch.stack([mad_gap_error(x, pairs) for pairs in drawn])
    assert abs(float(values.mean()) - exact) < 4 * float(values.std()) / 60**0.5
    assert 0.8 < float(errors.mean() / values.std()) < 1.5
    assert float(mad_gap(x, HopPairs.of(edges, seed=3))) == float(values[3])


def test_error_without_remote_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "EXACT_NODES", 2)
    monkeypatch.setattr(MODULE, "SOURCES", 3)
    assert math.isnan(float(mad_gap_error(torch.ones(5, 2), HopPairs.of(path(5)))))


def test_features_of_other_nodes_are_refused() -> None:
    with pytest.raises(UsageError, match="the graph has 4 nodes"):
        mad_gap(torch.ones(3, 2), HopPairs.of(path(4)))
