"""The list of edges, each once with degrees, and the compiled pass over them against that of torch."""

from typing import Any

import pytest
import torch

from cna_viz.errors import UsageError
from cna_viz.measures import mad, rayleigh
from cna_viz.measures.edges import EdgeList, blockwise, edge_sums
from cna_viz.measures.rows import as_rows


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


def random_edges(nodes: int, edges: int) -> EdgeList:
    ends = torch.randint(nodes, (2, edges), generator=torch.Generator().manual_seed(0))
    return EdgeList.from_edge_index(torch.cat([ends, ends.flip(0)], dim=1), nodes)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize("sums", [1, 3, 4])
def test_compiled_and_torch_agree(samples: list[Any], dtype: torch.dtype, tolerance: float, sums: int) -> None:
    generator = torch.Generator().manual_seed(0)
    for sample in samples[:50]:
        x, edges = sample.x.to(dtype), sample.edges
        factors = torch.rand(len(x), sums, generator=generator, dtype=torch.float64)
        factors[torch.rand(len(x), sums, generator=generator) < 0.2] = 0
        weights = torch.rand(len(edges.first), sums, generator=generator, dtype=torch.float64)
        one = edge_sums(as_rows(x), edges.first, edges.second, factors, weights)
        other = blockwise(x, edges.first, edges.second, factors, weights)
        torch.testing.assert_close(one, other, rtol=tolerance, atol=1e-300)


def test_chunks_and_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    edges, x = random_edges(50, 400), torch.randn(50, 7, generator=torch.Generator().manual_seed(1))
    wanted = float(rayleigh(x, edges)), float(mad(x, edges))
    monkeypatch.setattr("cna_viz.measures.edges.CHUNK", 100)
    monkeypatch.setattr("cna_viz.measures.rows.ENTRIES", 64)
    assert (float(rayleigh(x, edges)), float(mad(x, edges))) == pytest.approx(wanted, rel=1e-12)
    half = x.half()
    assert float(mad(half, edges)) == pytest.approx(float(mad(half.double(), edges)), rel=1e-12)


def test_features_of_other_nodes_are_refused() -> None:
    with pytest.raises(UsageError, match=r"features have the shape \(9, 2\), but the graph has 50 nodes"):
        mad(torch.ones(9, 2), random_edges(50, 10))
