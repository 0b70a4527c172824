"""The loop: it steps, evaluates, selects on validation, stops, and gives the best weights back."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
import tqdm
import tqdm.auto
from torch import Tensor, nn, optim

from cna_viz.config import TrainingConfig
from cna_viz.nn.cna import CNA
from cna_viz.progress import bar
from cna_viz.training import loop
from cna_viz.training.loop import EpochBar, Outcome, fit
from cna_viz.training.objective import Scores, evaluate

Pairs = list[tuple[float, float]]
Script = Callable[[Pairs], None]


@dataclass
class Problem:
    """Two classes in a plane, a third of the nodes in each part."""

    inputs: tuple[Tensor, ...]
    target: Tensor
    parts: dict[str, Tensor]

    def model(self) -> nn.Module:
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))


@dataclass
class Witness:
    """Remembers what it was told, and the weights at every call."""

    model: nn.Module
    epochs: list[tuple[int, bool]] = field(default_factory=list)
    scores: list[Scores] = field(default_factory=list)
    weights: list[dict[str, Tensor]] = field(default_factory=list)
    selected: list[int] = field(default_factory=list)

    def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
        assert not self.model.training
        assert not self.selected
        self.epochs.append((epoch, last))
        self.scores.append(scores)
        self.weights.append({name: value.clone() for name, value in self.model.state_dict().items()})

    def on_selected(self, epoch: int) -> None:
        assert not self.model.training
        self.selected.append(epoch)


@pytest.fixture
def problem() -> Problem:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 2, generator=generator)
    target = (x[:, 0] + 0.5 * torch.randn(60, generator=generator) > 0).long()
    order = torch.randperm(60, generator=generator)
    return Problem((x,), target, {"train": order[:20], "val": order[20:40], "test": order[40:]})


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Return ``script(pairs)``: validation accuracy and loss of every epoch, whatever the model does."""

    def script(pairs: Pairs) -> None:
        rest = iter(pairs)

        def evaluate(
            model: nn.Module, inputs: tuple[Tensor, ...], target: Tensor, parts: Mapping[str, Tensor], objective: Any
        ) -> Scores:
            model.eval()
            accuracy, loss = next(rest)
            return Scores(
                {"train": 1.0, "val": loss, "test": 1.0},
                {"accuracy": {"train": 0.5, "val": accuracy, "test": 0.5}},
                "accuracy",
            )

        monkeypatch.setattr(loop, "evaluate", evaluate)

    return script


def run(problem: Problem, model: nn.Module | None = None, **config: Any) -> tuple[Outcome, Witness]:
    witness = Witness(model if model is not None else problem.model())
    outcome = fit(
        witness.model, problem.inputs, problem.target, problem.parts, TrainingConfig(**config), callbacks=[witness]
    )
    return outcome, witness


def assert_weights(model: nn.Module, wanted: dict[str, Tensor]) -> None:
    state = model.state_dict()
    assert state.keys() == wanted.keys()
    assert all(torch.equal(value, wanted[name]) for name, value in state.items())


def test_no_epochs_only_evaluate(problem: Problem) -> None:
    untouched = problem.model()
    outcome, witness = run(problem, epochs=0)
    assert witness.epochs == [(0, True)]
    assert witness.selected == [0]
    assert_weights(witness.model, untouched.state_dict())
    wanted = evaluate(untouched, problem.inputs, problem.target, problem.parts)
    assert outcome.best == witness.scores[0] == wanted
    assert (outcome.status, outcome.epochs, outcome.best_epoch, outcome.message) == ("complete", 0, 0, "")
    assert len(outcome.seconds) == 1


def test_steps_are_those_of_adam(problem: Problem) -> None:
    by_hand = problem.model()
    optimizer = optim.Adam(by_hand.parameters(), lr=0.01, weight_decay=0.0005, fused=True)
    _, witness = run(problem, epochs=4)
    for epoch, weights in enumerate(witness.weights):
        if epoch > 0:
            optimizer.zero_grad()
            logits = by_hand(*problem.inputs)
            F.cross_entropy(logits[problem.parts["train"]], problem.target[problem.parts["train"]]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        assert_weights(by_hand, weights)
        assert evaluate(by_hand, problem.inputs, problem.target, problem.parts) == witness.scores[epoch]


def test_it_learns(problem: Problem) -> None:
    outcome, witness = run(problem, epochs=60, lr=0.05, weight_decay=0)
    assert witness.scores[-1].loss["train"] < 0.5 * witness.scores[0].loss["train"]
    assert outcome.best.selecting() == max(scores.selecting() for scores in witness.scores) > 0.7


def test_the_untrained_model_is_given_back_where_channels_came_from_the_first_step(
    problem: Problem, script: Script
) -> None:
    model = nn.Sequential(nn.Linear(2, 8), CNA(None, 4), nn.Linear(8, 2))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    script([(0.9, 1.0), (0.5, 1.0), (0.5, 1.0)])
    outcome = fit(model, problem.inputs, problem.target, problem.parts, TrainingConfig(epochs=2))
    assert (outcome.epochs, outcome.best_epoch) == (2, 0)
    after = model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


@pytest.mark.parametrize(
    ("script_", "best"),
    [
        ([(0.1, 1), (0.5, 1), (0.4, 1), (0.3, 1)], 1),
        ([(0.5, 1), (0.5, 0.9), (0.5, 0.8), (0.5, 0.85)], 2),  # of equals the lowest loss
        ([(0.5, 1), (0.5, 1), (0.5, 1), (0.5, 1)], 0),  # of entire equals the first
        ([(0.2, 0.1), (0.3, 9), (0.1, 0.01), (0.3, 10)], 1),  # accuracy before loss
        ([(0.1, 1), (0.2, 1), (0.3, 1), (0.4, 1)], 3),
        ([(0.9, 1), (0.2, 0.1), (0.3, 0.1), (0.4, 0.1)], 0),
    ],
)
def test_the_best_validation_epoch_is_selected(problem: Problem, script: Script, script_: Pairs, best: int) -> None:
    script(script_)
    outcome, witness = run(problem, epochs=3)
    assert witness.epochs == [(0, False), (1, False), (2, False), (3, True)]
    assert witness.selected == [best]
    assert (outcome.best_epoch, outcome.best.values["accuracy"]["val"]) == (best, script_[best][0])
    assert_weights(witness.model, witness.weights[best])
    for other in set(range(4)) - {best}:
        assert not torch.equal(witness.weights[other]["0.weight"], witness.weights[best]["0.weight"])
    assert outcome.epochs == 3
    assert len(outcome.seconds) == 4


@pytest.mark.parametrize(("patience", "last"), [(1, 2), (2, 5), (3, 6), (100, 9)])
def test_patience(problem: Problem, script: Script, patience: int, last: int) -> None:
    accuracies = [0.1, 0.2, 0.2, 0.3, 0.2, 0.1, 0.3, 0.2, 0.1, 0.1]
    script([(accuracy, 1.0) for accuracy in accuracies])
    outcome, witness = run(problem, epochs=9, patience=patience)
    assert [epoch for epoch, _ in witness.epochs] == list(range(last + 1))
    assert [stop for _, stop in witness.epochs] == [False] * last + [True]
    assert outcome.epochs == last
    assert outcome.status == "complete"
    assert_weights(witness.model, witness.weights[outcome.best_epoch])


def test_patience_waits_as_long_as_the_loss_falls(problem: Problem, script: Script) -> None:
    words = str(TrainingConfig.model_fields["patience"].description)
    assert "without a better validation score or a lower validation loss" in words
    script([(0.5, 1 / (epoch + 1) if epoch < 5 else 0.5) for epoch in range(10)])
    outcome, _ = run(problem, epochs=9, patience=3)
    assert outcome.epochs == 7
    assert outcome.best_epoch == 4  # the lowest loss of equal scores


def test_a_single_better_loss_among_worse_ones_counts(problem: Problem, script: Script) -> None:
    script([(0.5, loss) for loss in (1.0, 2.0, 3.0, 0.9, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)])
    outcome, _ = run(problem, epochs=9, patience=3)
    assert outcome.epochs == 6


def test_without_patience_all_epochs_are_trained(problem: Problem, script: Script) -> None:
    script([(0.5, 1.0)] * 10)
    outcome, _ = run(problem, epochs=9, patience=None)
    assert outcome.epochs == 9


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_divergence_ends_it_and_keeps_what_was_before(problem: Problem, script: Script, value: float) -> None:
    script([(0.1, 1), (0.3, 1), (0.2, 1), (0.9, value), (0.9, 1)])
    outcome, witness = run(problem, epochs=4)
    assert (outcome.status, outcome.epochs, outcome.best_epoch) == ("diverged", 2, 1)
    assert "not finite after step 3" in outcome.message
    assert [epoch for epoch, _ in witness.epochs] == [0, 1, 2]
    assert witness.selected == [1]
    assert_weights(witness.model, witness.weights[1])
    assert len(outcome.seconds) == 3


@pytest.mark.parametrize("part", ["train", "val"])
def test_loss_on_train_or_val_must_be_finite(problem: Problem, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    def spoilt(*arguments: Any) -> Scores:
        scores = evaluate(*arguments)
        return Scores({**scores.loss, part: math.inf}, scores.values, scores.metric)

    monkeypatch.setattr(loop, "evaluate", spoilt)
    outcome, _ = run(problem, epochs=3)
    assert (outcome.status, outcome.epochs, outcome.seconds) == ("diverged", 0, [])


def test_real_divergence(problem: Problem) -> None:
    outcome, witness = run(problem, epochs=20, lr=1e30)
    assert outcome.status == "diverged"
    assert "lower lr" in outcome.message
    assert all(value.isfinite().all() for value in witness.model.state_dict().values())
    assert all(math.isfinite(loss) for scores in witness.scores for loss in scores.loss.values())
    assert witness.selected == [outcome.best_epoch]
    assert_weights(witness.model, witness.weights[outcome.best_epoch])


def test_divergence_before_the_first_step(problem: Problem) -> None:
    problem.inputs[0][0] = math.inf
    problem.parts["train"][0] = 0
    outcome, witness = run(problem, epochs=3)
    assert (outcome.status, outcome.epochs, outcome.best_epoch, outcome.seconds) == ("diverged", 0, 0, [])
    assert witness.epochs == []
    assert witness.selected == [0]
    assert_weights(witness.model, problem.model().state_dict())


def test_test_nodes_decide_nothing(problem: Problem) -> None:
    outcome, witness = run(problem, epochs=30, lr=0.05, patience=5)
    problem.target[problem.parts["test"]] = 1 - problem.target[problem.parts["test"]]
    problem.inputs[0][problem.parts["test"]] *= -100
    again, other = run(problem, epochs=30, lr=0.05, patience=5)
    assert (outcome.best_epoch, outcome.epochs) == (again.best_epoch, again.epochs)
    assert outcome.best.values["accuracy"]["val"] == again.best.values["accuracy"]["val"]
    assert outcome.best.loss["test"] != again.best.loss["test"]
    assert_weights(witness.model, other.model.state_dict())


def test_validation_nodes_are_not_trained_on(problem: Problem) -> None:
    _, witness = run(problem, epochs=5)
    problem.target[problem.parts["val"]] = 1 - problem.target[problem.parts["val"]]
    _, other = run(problem, epochs=5)
    for first, second in zip(witness.weights, other.weights, strict=True):
        assert all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_loss_on_test_nodes_does_not_end_the_training(
    problem: Problem, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    def without_test(*arguments: Any) -> Scores:
        scores = evaluate(*arguments)
        return Scores({**scores.loss, "test": value}, scores.values, scores.metric)

    wanted, witness = run(problem, epochs=5)
    monkeypatch.setattr(loop, "evaluate", without_test)
    outcome, other = run(problem, epochs=5)
    assert (outcome.status, outcome.epochs, outcome.best_epoch) == ("complete", 5, wanted.best_epoch)
    assert_weights(other.model, witness.model.state_dict())


def test_buffers_come_back_with_the_weights(problem: Problem) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), CNA(4, 3, recluster_every=1), nn.Linear(4, 2))
    outcome, witness = run(problem, model, epochs=12, lr=0.05)
    assert 0 < outcome.best_epoch < 12
    assert int(model[1].assignment.count) == outcome.best_epoch  # type: ignore[union-attr, arg-type]
    assert_weights(model, witness.weights[outcome.best_epoch])
    assert evaluate(model, problem.inputs, problem.target, problem.parts) == outcome.best


def test_same_seed_same_training(problem: Problem) -> None:
    (first, one), (second, other) = (run(problem, epochs=10) for _ in range(2))
    assert_weights(one.model, other.model.state_dict())
    assert first.best == second.best
    assert one.scores == other.scores


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError("full disk")])
def test_errors_of_a_callback_come_through(problem: Problem, error: BaseException) -> None:
    class Failing:
        def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
            if epoch == 2:
                raise error

        def on_selected(self, epoch: int) -> None:
            pytest.fail("selected after an error")

    model = problem.model()
    with pytest.raises(error if isinstance(error, type) else type(error)):
        fit(model, problem.inputs, problem.target, problem.parts, TrainingConfig(epochs=5), [Failing()])


def test_callbacks_are_told_in_order(problem: Problem) -> None:
    told: list[str] = []

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

        def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
            told.append(f"{self.name}{epoch}")

        def on_selected(self, epoch: int) -> None:
            told.append(f"{self.name}!")

    fit(
        problem.model(),
        problem.inputs,
        problem.target,
        problem.parts,
        TrainingConfig(epochs=1),
        [Named("a"), Named("b")],
    )
    assert told == ["a0", "b0", "a1", "b1", "a!", "b!"]


def test_inputs_are_not_written_to(problem: Problem) -> None:
    watched = [*problem.inputs, problem.target, *problem.parts.values()]
    before = [value.clone() for value in watched]
    run(problem, epochs=3)
    assert all(torch.equal(now, then) for now, then in zip(watched, before, strict=True))


SCORES = Scores({"val": 1.0}, {"accuracy": {"val": 0.12345}}, "accuracy")


class Counter:
    """Stands for a tqdm bar."""

    def __init__(self) -> None:
        self.n = 0
        self.postfix = ""

    def update(self, n: int) -> None:
        self.n += n

    def set_postfix(self, *, refresh: bool, **values: str) -> None:
        assert not refresh
        self.postfix = values["val"]


def test_every_step_counts_its_weight() -> None:
    counter = Counter()
    callback = EpochBar(counter, weight=16)
    for epoch in range(4):  # the untrained epoch 0 is no step
        callback.on_epoch(epoch, SCORES, last=epoch == 3)
        assert counter.n == 16 * epoch
    callback.on_selected(2)
    assert counter.n == 48
    assert counter.postfix == "0.123"


def test_silent(capfd: pytest.CaptureFixture[str]) -> None:
    with bar(10, "training", unit=" epochs", disable=True) as progress:
        EpochBar(progress, 2).on_epoch(1, SCORES, last=False)
    assert capfd.readouterr() == ("", "")


def test_batch_execution_draws_text_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CNA_VIZ_BATCH", "1")
    with bar(4, "training", unit=" epochs") as progress:
        assert type(progress) is tqdm.tqdm
        progress.update(4)
    out, err = capfd.readouterr()
    assert out == ""
    assert "training" in err
    assert "4/4" in err


def test_otherwise_the_notebook_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNA_VIZ_BATCH", raising=False)
    with bar(4, "training", unit=" epochs", disable=True) as progress:
        assert type(progress) is tqdm.auto.tqdm
