"""The compiled pass over the edges against that of torch."""

from typing import Any

import pytest
import torch

from cna_viz.errors import UsageError
from cna_viz.measures import edge_pass, mad, rayleigh
from cna_viz.measures.edge_pass import blockwise, edge_sums
from cna_viz.measures.edges import EdgeList
from cna_viz.measures.rows import as_rows, rescaled, runs_compiled


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
    monkeypatch.setattr(edge_pass, "CHUNK", 100)
    monkeypatch.setattr("cna_viz.measures.blocks.ENTRIES", 64)
    assert (float(rayleigh(x, edges)), float(mad(x, edges))) == pytest.approx(wanted, rel=1e-12)
    half = x.half()
    assert float(mad(half, edges)) == pytest.approx(float(mad(half.double(), edges)), rel=1e-12)


def test_which_features_the_loops_take() -> None:
    assert runs_compiled(torch.ones(2, 2))
    assert runs_compiled(torch.ones(2, 2, dtype=torch.float64))
    assert not runs_compiled(torch.ones(2, 2, dtype=torch.float16))
    assert not runs_compiled(torch.ones(2, 2, device="meta"))


def test_rows() -> None:
    x = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    rows = as_rows(x)
    assert (rows.norms.tolist(), float(rows.square), rows.type) == ([5, 0], 25, torch.float32)
    assert as_rows(x * 1e-30).type == as_rows(x * 1e30).type == as_rows(torch.zeros(2, 2)).type == torch.float64
    assert as_rows(torch.tensor([[1.0], [1e-38]])).type == torch.float64
    assert as_rows(x.half()).norms.tolist() == [5, 0]


@pytest.mark.parametrize("factor", [1e-200, 1.0, 1e200])
def test_rescaled(factor: float) -> None:
    x = torch.tensor([[3.0, 4.0]], dtype=torch.float64) * factor
    rows, scale = rescaled(as_rows(x))
    assert float(rows.norms[0] * scale) == pytest.approx(5 * factor, rel=1e-12)
    assert float(scale) == (1 if factor == 1 else float(x.max()))


def test_features_of_other_nodes_are_refused() -> None:
    with pytest.raises(UsageError, match=r"features have the shape \(9, 2\), but the graph has 50 nodes"):
        mad(torch.ones(9, 2), random_edges(50, 10))
