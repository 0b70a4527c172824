"""Adam's two groups."""

import pytest
import torch
from torch import nn

from cna_viz.config import TrainingConfig
from cna_viz.nn.cna import CNA
from cna_viz.nn.rational import Rational
from cna_viz.training.optimizer import adam

CONFIG = TrainingConfig(lr=0.02, lr_activation=0.003, weight_decay=0.5)


def test_rationals_have_their_own_rate_and_no_decay() -> None:
    model = nn.Sequential(nn.Linear(3, 4), CNA(4, 2), nn.Linear(4, 4), Rational(), nn.Linear(4, 2, bias=False))
    optimizer = adam(model, CONFIG)
    assert type(optimizer) is torch.optim.Adam
    weights, activation = optimizer.param_groups
    assert (weights["lr"], weights["weight_decay"]) == (0.02, 0.5)
    assert (activation["lr"], activation["weight_decay"]) == (0.003, 0)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    assert {names[id(parameter)] for parameter in activation["params"]} == {
        "1.activation.numerator",
        "1.activation.denominator",
        "3.numerator",
        "3.denominator",
    }
    grouped = [id(parameter) for group in (weights, activation) for parameter in group["params"]]
    assert sorted(grouped) == sorted(names)


def test_without_rationals_there_is_one_group() -> None:
    (group,) = adam(nn.Linear(3, 4), CONFIG).param_groups
    assert group["lr"] == 0.02


def test_only_rationals() -> None:
    (group,) = adam(Rational(), CONFIG).param_groups
    assert group["lr"] == 0.003


def test_decay_pulls_weights_and_leaves_rationals() -> None:
    model = nn.Sequential(nn.Linear(3, 4), Rational())
    optimizer = adam(model, CONFIG)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moved = [not torch.equal(now, then) for now, then in zip(model.parameters(), before, strict=True)]
    assert moved == [True, True, False, False]


def test_shared_parameters_are_updated_once() -> None:
    first = CNA(4, 2)
    twin = Rational(2)
    twin.numerator = first.activation.numerator  # type: ignore[assignment]
    linear = nn.Linear(4, 4)
    model = nn.ModuleList([linear, first, first.sharing(), first.sharing(), twin, linear])
    weights, activation = adam(model, CONFIG).param_groups
    assert [id(parameter) for parameter in weights["params"]] == [id(linear.weight), id(linear.bias)]
    wanted = [first.activation.numerator, first.activation.denominator, twin.denominator]
    assert {id(parameter) for parameter in activation["params"]} == {id(parameter) for parameter in wanted}
    assert len(activation["params"]) == len(wanted)


@pytest.mark.parametrize(("dtype", "fused"), [(torch.float32, True), (torch.float64, True), (torch.complex64, None)])
def test_fused_where_possible(dtype: torch.dtype, fused: bool | None) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2, dtype=dtype))
    assert [group["fused"] for group in adam(model, CONFIG).param_groups] == [fused]


def test_fused_steps_are_those_of_plain_adam() -> None:
    models = [nn.Sequential(nn.Linear(3, 4), Rational()).double() for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    fused, plain = adam(models[0], CONFIG), adam(models[1], CONFIG)
    for group in plain.param_groups:
        group["fused"] = None
    x = torch.randn(20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for _ in range(5):
        for model, optimizer in zip(models, (fused, plain), strict=True):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
    for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.allclose(one, other, rtol=1e-10, atol=1e-12)
