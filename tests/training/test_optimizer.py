"""Adam's two groups."""

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
