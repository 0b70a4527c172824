"""The Frobenius norms."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from cna_viz.measures import feature_norm, weight_norm


def test_known_values() -> None:
    assert float(feature_norm(torch.tensor([[3.0, 0.0], [0.0, -4.0]]))) == 5
    assert float(feature_norm(torch.ones(9, 16))) == 12
    assert float(feature_norm(torch.zeros(0, 4))) == 0


@pytest.mark.parametrize("scale", [1e-30, 1e-25, 1e25, 1e30])
def test_very_small_and_large_features(scale: float) -> None:
    assert float(feature_norm(torch.full((10, 10), scale))) == pytest.approx(10 * scale, rel=1e-5, abs=0)


def test_weights_of_a_module() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    for parameter in module.parameters():
        nn.init.constant_(parameter, 3.0)
    assert float(weight_norm(module)) == pytest.approx(math.sqrt(6 * 9))  # biases are left out
    assert not weight_norm(module).requires_grad


def test_shared_weights_count_once() -> None:
    layer = nn.Linear(1, 1)
    nn.init.constant_(layer.weight, 2.0)
    assert float(weight_norm(nn.ModuleList([layer, layer]))) == 2


def test_modules_without_weights_and_with_nan() -> None:
    assert float(weight_norm(nn.ReLU())) == 0
    assert float(weight_norm(nn.LayerNorm(3))) == 0
    layer = nn.Linear(1, 1)
    nn.init.constant_(layer.weight, math.nan)
    assert math.isnan(float(weight_norm(layer)))


def rescaled(module: nn.Module, name: str) -> nn.Module:
    with torch.no_grad():
        module.get_parameter(name).mul_(3)
    module(torch.ones(4))  # some recompute their weight in the forward pass
    return module


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
@pytest.mark.parametrize(
    "make",
    [
        lambda: prune.random_unstructured(nn.Linear(4, 3), "weight", 0.5),
        lambda: rescaled(parametrizations.weight_norm(nn.Linear(4, 3)), "parametrizations.weight.original0"),
        lambda: rescaled(nn.utils.weight_norm(nn.Linear(4, 3)), "weight_g"),
        lambda: parametrizations.spectral_norm(nn.Linear(4, 3)).eval(),
    ],
)
def test_weights_are_those_that_a_module_multiplies_with(make: Callable[[], nn.Linear]) -> None:
    layer = make()
    assert float(weight_norm(nn.Sequential(layer))) == pytest.approx(float(layer.weight.detach().norm()))


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.*` is deprecated")
@pytest.mark.parametrize(
    ("make", "raw"),
    [
        (lambda: prune.l1_unstructured(nn.Linear(4, 3), "weight", 0.5), "weight_orig"),
        (lambda: nn.utils.weight_norm(nn.Linear(4, 3)), "weight_g"),
        (lambda: nn.utils.spectral_norm(nn.Linear(4, 3)).eval(), "weight_orig"),
    ],
)
def test_weights_are_those_of_the_next_call_although_older_ones_are_in_the_module(
    make: Callable[[], nn.Linear], raw: str
) -> None:
    torch.manual_seed(0)  # the first row must not be pruned altogether
    layer = make()
    layer(torch.ones(4))
    with torch.no_grad():
        layer.get_parameter(raw)[0] += 3
    norm = float(weight_norm(layer))
    assert norm != pytest.approx(float(layer.weight.detach().norm()), rel=1e-3)
    layer(torch.ones(4))
    assert norm == pytest.approx(float(layer.weight.detach().norm()))
