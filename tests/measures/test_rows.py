"""Rows with their lengths, and scales at which squares vanish or overflow."""

import pytest
import torch

from cna_viz.measures.rows import as_rows, rescaled, runs_compiled, unit_scale


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
