"""How weights start: distributions with known moments, and what is left alone."""

import pytest
import torch
from torch import nn

from cna_viz.config import ModelConfig
from cna_viz.config.vocabulary import INITS
from cna_viz.models.backbones import BACKBONES
from cna_viz.models.gnn import GNN, STARTS, start_weights


def started(before: int, after: int, init: str) -> nn.Linear:
    torch.manual_seed(0)
    module = nn.Linear(before, after)
    start_weights([module], init)
    return module


def test_every_name_has_a_start() -> None:
    assert tuple(STARTS) == INITS


@pytest.mark.parametrize(("init", "factor"), [("glorot", 2), ("large", 8)])
@pytest.mark.parametrize(("before", "after"), [(200, 200), (400, 60)])
def test_variances(init: str, factor: float, before: int, after: int) -> None:
    weight = started(before, after, init).weight.detach()
    assert float(weight.var()) == pytest.approx(factor / (before + after), rel=0.03)
    assert float(weight.mean()) == pytest.approx(0, abs=0.01)
    # Kurtosis tells a uniform distribution (1.8) from a normal one (3).
    assert float((weight / weight.std()).pow(4).mean()) == pytest.approx({"glorot": 1.8, "large": 3}[init], rel=0.1)


@pytest.mark.parametrize(("before", "after"), [(50, 50), (80, 20), (20, 80), (1, 1)])
def test_orthogonal_rows_or_columns(before: int, after: int) -> None:
    weight = started(before, after, "orthogonal").weight
    gram = weight @ weight.T if after <= before else weight.T @ weight
    torch.testing.assert_close(gram, torch.eye(min(before, after)), rtol=0, atol=1e-5)


def test_biases_are_left_alone() -> None:
    module = nn.Linear(5, 3)
    before = module.bias.clone()
    start_weights([module], "large")
    assert torch.equal(module.bias, before)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_matrix_of_a_network_is_started_and_no_slot(backbone: str) -> None:
    config = ModelConfig(backbone=backbone, slot="cna", layers=3, hidden=16)
    glorot, orthogonal = GNN(16, 4, config), GNN(16, 4, config.replace(init="orthogonal"))
    matrices = [(n, p) for n, p in orthogonal.named_parameters() if p.dim() == 2 and not n.startswith("slots")]
    assert matrices
    for name, weight in matrices:
        gram = weight @ weight.T if len(weight) <= weight.shape[1] else weight.T @ weight
        torch.testing.assert_close(gram, torch.eye(len(gram)), rtol=0, atol=1e-5, msg=name)
    for one, other in zip(glorot.slots.parameters(), orthogonal.slots.parameters(), strict=True):
        assert torch.equal(one, other)
