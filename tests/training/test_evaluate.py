"""Scores by hand."""

import math

import pytest
import torch
from torch import Tensor, nn

from cna_viz.training.evaluate import evaluate


class Fixed(nn.Module):
    """Gives its logits and counts how often and how it is asked."""

    def __init__(self, logits: list[list[float]]) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))
        self.calls: list[tuple[bool, bool]] = []

    def forward(self, offset: Tensor) -> Tensor:
        self.calls.append((self.training, torch.is_grad_enabled()))
        return self.logits + offset


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def test_by_hand() -> None:
    model = Fixed([[2.0, 0.0], [0.0, 3.0], [1.0, 0.0], [0.0, 0.0], [0.0, 50.0]])
    target = torch.tensor([0, 0, 1, 1, 1])
    parts = {"test": torch.tensor([2]), "train": torch.tensor([0, 1]), "val": torch.tensor([3, 4])}
    scores = evaluate(model, (torch.zeros(1),), target, parts)
    assert list(scores.loss) == list(scores.values["accuracy"]) == ["test", "train", "val"]
    assert scores.values["accuracy"] == {
        "test": 0,
        "train": 0.5,
        "val": 0.5,
    }  # of equal logits the first class is taken
    assert scores.loss["train"] == pytest.approx((softplus(-2) + softplus(3)) / 2)
    assert scores.loss["test"] == pytest.approx(softplus(1))
    assert scores.loss["val"] == pytest.approx(math.log(2) / 2)
    assert all(type(value) is float for value in (*scores.loss.values(), *scores.values["accuracy"].values()))


def test_one_pass_in_evaluation_mode_without_gradients() -> None:
    model = Fixed([[1.0, 0.0], [0.0, 1.0]])
    model.train()
    before = torch.get_rng_state()
    evaluate(model, (torch.zeros(1),), torch.tensor([0, 1]), {"train": torch.tensor([0]), "val": torch.tensor([1])})
    assert model.calls == [(False, False)]
    assert not model.training
    assert model.logits.grad is None
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.is_grad_enabled()


def test_parts_do_not_touch_each_other() -> None:
    logits = [[5.0, 0.0]] * 3 + [[math.nan, 0.0]]
    parts = {"train": torch.tensor([0, 1]), "val": torch.tensor([2]), "test": torch.tensor([3])}
    scores = evaluate(Fixed(logits), (torch.zeros(1),), torch.zeros(4, dtype=torch.long), parts)
    assert math.isnan(scores.loss["test"])
    assert math.isfinite(scores.loss["train"])
    assert math.isfinite(scores.loss["val"])
