"""Losses and scores against scikit-learn and sums by hand, and evaluation of all parts at once."""

import math
import warnings

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, r2_score, roc_auc_score
from torch import Tensor, nn

from cna_viz.training.objective import (
    Classification,
    Parts,
    Regression,
    Scores,
    evaluate,
    macro_f1,
    make_objective,
    roc_auc,
)


def better(metric: str, score: float) -> float:
    return Scores({}, {metric: {"val": score}}, metric).selecting()


def whole(rows: int) -> Parts:
    """Return one part of all rows."""
    return Parts.of([torch.arange(rows)])


@pytest.mark.parametrize("seed", range(20))
def test_macro_f1_is_scikit_learns(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    classes = 2 + seed % 6
    # Few rows, so that some classes are missing among targets, answers or both.
    answer, target = (torch.randint(classes, (1 + 3 * seed,), generator=generator) for _ in range(2))
    found = float(macro_f1(answer, target, classes, whole(len(target))))
    assert found == pytest.approx(f1_score(target, answer, average="macro", zero_division=0), abs=1e-12)


def test_macro_f1_sees_what_accuracy_hides() -> None:
    target = torch.tensor([0] * 9 + [1])
    logits = torch.tensor([[1.0, 0.0]]).repeat(10, 1)
    scores = Classification().scores(logits, target, whole(10))
    assert float(scores["accuracy"]) == pytest.approx(0.9)
    assert float(scores["macro_f1"]) == pytest.approx((2 * 9 / 19 + 0) / 2)


def test_roc_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    generator = torch.Generator().manual_seed(0)
    output = torch.randint(4, (60, 2), generator=generator).float()  # with ties
    target = torch.randint(2, (60,), generator=generator)
    score = output[:, 1] - output[:, 0]
    pairs = score[target == 1][:, None] - score[target == 0][None]
    wanted = float(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    assert float(roc_auc(output, target, whole(60))) == pytest.approx(wanted)
    assert float(roc_auc(output + 7, target, whole(60))) == pytest.approx(wanted)  # only the difference counts
    assert wanted == pytest.approx(roc_auc_score(target, score))
    assert "roc_auc" not in Classification().scores(output, target, whole(60))
    assert float(Classification("roc_auc").scores(output, target, whole(60))["roc_auc"]) == pytest.approx(wanted)


def test_roc_auc_of_one_class_is_not_defined_and_worst() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        area = float(roc_auc(torch.randn(5, 2), torch.ones(5, dtype=torch.long), whole(5)))
    assert math.isnan(area)
    assert better("roc_auc", area) == -math.inf < better("roc_auc", 0.0)


def test_nmse_and_r2_by_hand() -> None:
    objective = make_objective(torch.tensor([0.5, 0.1, 0.3, 0.3]), "nmse")  # mean 0.3
    assert isinstance(objective, Regression)
    output, target = torch.tensor([[0.4], [0.3]]), torch.tensor([0.5, 0.1])
    assert objective.losses(output, target).tolist() == pytest.approx([0.01, 0.04])
    scores = {name: float(value) for name, value in objective.scores(output, target, whole(2)).items()}
    assert scores == pytest.approx({"nmse": 0.025 / 0.3, "r2": 1 - 0.05 / 0.08}, rel=1e-5)
    assert scores["r2"] == pytest.approx(r2_score(target, output[:, 0]), rel=1e-5)
    assert objective.prediction(output).tolist() == pytest.approx([0.4, 0.3])


def test_r2_of_equal_targets_is_not_defined() -> None:
    scores = Regression(1.0).scores(torch.tensor([[1.0], [2.0]]), torch.tensor([3.0, 3.0]), whole(2))
    assert math.isnan(float(scores["r2"]))
    assert float(scores["nmse"]) == pytest.approx(2.5)


def test_less_error_is_better() -> None:
    assert better("nmse", 0.1) > better("nmse", 0.2) > better("nmse", math.nan)
    assert better("accuracy", 0.2) > better("accuracy", 0.1) > better("accuracy", math.nan)


def test_classes_are_scored_as_classes() -> None:
    objective = make_objective(torch.tensor([0, 1, 1]), "accuracy")
    assert objective == Classification("accuracy")
    output = torch.tensor([[0.0, 2.0], [3.0, 1.0]])
    assert objective.prediction(output).tolist() == [1, 0]
    wanted = [math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))]
    np.testing.assert_allclose(objective.losses(output, torch.tensor([1, 1])), wanted, rtol=1e-6)


@pytest.mark.parametrize("objective", [Classification("roc_auc"), Regression(0.5)])
def test_parts_are_scored_apart(objective: Classification | Regression) -> None:
    generator = torch.Generator().manual_seed(1)
    sizes = (7, 1, 20)
    output = torch.randn(sum(sizes), 2 if isinstance(objective, Classification) else 1, generator=generator)
    target = torch.randint(2, (sum(sizes),), generator=generator)
    if isinstance(objective, Regression):
        target = target + torch.randn(sum(sizes), generator=generator)
    parts = Parts.of([torch.arange(size) for size in sizes])
    together = objective.scores(output, target, parts)
    pieces = zip(output.split(sizes), target.split(sizes), strict=True)
    alone = [objective.scores(one, other, whole(len(one))) for one, other in pieces]
    for name, values in together.items():
        np.testing.assert_allclose(values, [float(scores[name]) for scores in alone], rtol=1e-5)
    losses = objective.losses(output, target)
    np.testing.assert_allclose(parts.mean(losses), [part.mean() for part in losses.split(sizes)], rtol=1e-5)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_roc_auc_of_what_is_not_finite_is_not_defined_and_hides_no_other_part(value: float) -> None:
    output, target = torch.randn(8, 2, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1] * 4)
    parts = Parts.of([torch.arange(4), torch.arange(4, 8)])
    whole_area = roc_auc(output, target, parts)
    output[5, 1] = value
    areas = roc_auc(output, target, parts)
    assert float(areas[0]) == float(whole_area[0])
    assert math.isnan(float(areas[1]))


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


def test_the_mean_of_targets_is_that_of_labelled_nodes() -> None:
    objective = make_objective(torch.tensor([1.0, math.nan, 3.0, math.nan]), "nmse")
    assert objective == Regression(2.0, "nmse")
