"""Training in mini-batches: a step for each batch, on the loss of its seeds, evaluated on the whole graph."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn, optim
from torch_geometric.utils import to_undirected

from cna_viz.config import TrainingConfig
from cna_viz.errors import NotFiniteError
from cna_viz.nn.cna import CNA
from cna_viz.training.batches import NeighborBatches
from cna_viz.training.loop import fit
from cna_viz.training.objective import Scores, evaluate
from cna_viz.training.step import TrainingBatch

NODES = 120


class Sage(nn.Module):
    """Two layers that add up neighbours, and a slot that may want to know which nodes it sees."""

    def __init__(self, slot: nn.Module | None = None) -> None:
        super().__init__()
        self.first, self.last, self.slot = nn.Linear(4, 8), nn.Linear(8, 2), slot or nn.ReLU()

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        hidden = self.slot(self.first(spread(x, edge_index)))
        logits: Tensor = self.last(spread(hidden, edge_index))
        return logits


def spread(x: Tensor, edge_index: Tensor) -> Tensor:
    return x.index_add(0, edge_index[1], 0.2 * x[edge_index[0]])


@dataclass
class Bench:
    """A graph with two classes, and what its mini-batches were."""

    x: Tensor
    edge_index: Tensor
    target: Tensor
    parts: dict[str, Tensor]
    sampler: NeighborBatches
    epochs: list[int] = field(default_factory=list)
    seeds: list[list[int]] = field(default_factory=list)

    @property
    def problem(self) -> tuple[tuple[Tensor, ...], Tensor, dict[str, Tensor]]:
        return (self.x, self.edge_index), self.target, self.parts

    def batches(self, epoch: int) -> Iterator[TrainingBatch]:
        self.epochs.append(epoch)
        for batch in self.sampler.epoch(epoch):
            self.seeds.append(batch.nodes[batch.seeds].tolist())
            yield TrainingBatch((self.x[batch.nodes], batch.edge_index), self.target[batch.nodes], batch.seeds)


@pytest.fixture
def bench() -> Bench:
    generator = torch.Generator().manual_seed(0)
    target = torch.arange(NODES) % 2
    ends = torch.randint(NODES // 2, (2, 300), generator=generator)
    side = torch.randint(2, (300,), generator=generator)
    edge_index = to_undirected(2 * ends + side, num_nodes=NODES)  # neighbours are of one class
    edge_index = edge_index[:, edge_index[0] != edge_index[1]]
    x = torch.randn(NODES, 4, generator=generator) + 0.5 * target[:, None]
    order = torch.randperm(NODES, generator=generator)
    parts = dict(zip(("train", "val", "test"), order.tensor_split(3), strict=True))
    sampler = NeighborBatches(edge_index, NODES, parts["train"], batch_size=12, neighbors=5, hops=2, seed=0)
    return Bench(x, edge_index, target, parts, sampler)


@dataclass
class Watcher:
    """Keeps scores and weights of every epoch."""

    model: nn.Module
    scores: list[Scores] = field(default_factory=list)
    weights: list[dict[str, Tensor]] = field(default_factory=list)
    selected: list[int] = field(default_factory=list)

    def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
        self.scores.append(scores)
        self.weights.append({name: value.clone() for name, value in self.model.state_dict().items()})

    def on_selected(self, epoch: int) -> None:
        self.selected.append(epoch)


def make_model(slot: nn.Module | None = None) -> Sage:
    torch.manual_seed(0)
    return Sage(slot)


def equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(value, second[name]) for name, value in first.items())


def test_it_learns(bench: Bench) -> None:
    model = make_model()
    watcher = Watcher(model)
    outcome = fit(model, *bench.problem, TrainingConfig(epochs=15, lr=0.02), [watcher], bench.batches)
    assert watcher.scores[-1].loss["train"] < 0.5 * watcher.scores[0].loss["train"]
    assert outcome.best.values["accuracy"]["val"] > 0.75
    assert outcome.status == "complete"


def test_an_epoch_is_a_pass_over_the_training_nodes(bench: Bench) -> None:
    fit(make_model(), *bench.problem, TrainingConfig(epochs=3), batches=bench.batches)
    assert bench.epochs == [1, 2, 3]
    assert len(bench.seeds) == 3 * 4
    for epoch in range(3):
        seen = [node for seeds in bench.seeds[4 * epoch : 4 * epoch + 4] for node in seeds]
        assert sorted(seen) == sorted(bench.parts["train"].tolist())


def test_steps_are_on_the_seeds_of_each_batch(bench: Bench) -> None:
    model, by_hand = make_model(), make_model()
    watcher = Watcher(model)
    fit(model, *bench.problem, TrainingConfig(epochs=2), [watcher], bench.batches)
    optimizer = optim.Adam(by_hand.parameters(), lr=0.01, weight_decay=0.0005, fused=True)
    for epoch in (0, 1, 2):
        for batch in bench.sampler.epoch(epoch) if epoch else ():
            optimizer.zero_grad()
            logits = by_hand(bench.x[batch.nodes], batch.edge_index)
            F.cross_entropy(logits[: len(batch.seeds)], bench.target[batch.nodes[batch.seeds]]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        assert equal(by_hand.state_dict(), watcher.weights[epoch])
        # Evaluation is on the whole graph.
        assert evaluate(by_hand, *bench.problem) == watcher.scores[epoch]


def test_a_batch_of_the_whole_graph_is_the_step_without_batches(bench: Bench) -> None:
    inputs, target, parts = bench.problem
    whole = TrainingBatch(inputs, target, parts["train"])
    plain, other = Watcher(make_model()), Watcher(make_model())
    fit(plain.model, inputs, target, parts, TrainingConfig(epochs=5), [plain])
    fit(other.model, inputs, target, parts, TrainingConfig(epochs=5), [other], lambda epoch: [whole])
    assert plain.scores == other.scores
    assert all(equal(first, second) for first, second in zip(plain.weights, other.weights, strict=True))
    assert not equal(plain.weights[0], plain.weights[1])


def test_same_seed_same_training(bench: Bench) -> None:
    first, second = Watcher(make_model()), Watcher(make_model())
    for watcher in (first, second):
        fit(watcher.model, *bench.problem, TrainingConfig(epochs=3), [watcher], bench.batches)
    assert first.scores == second.scores


def test_no_epochs_ask_for_no_batches(bench: Bench) -> None:
    fit(make_model(), *bench.problem, TrainingConfig(epochs=0), batches=bench.batches)
    assert bench.epochs == []


def test_with_cna(bench: Bench) -> None:
    model = make_model(CNA(8, 3, schedule="running"))
    watcher = Watcher(model)
    outcome = fit(model, *bench.problem, TrainingConfig(epochs=15, lr=0.02), [watcher], bench.batches)
    assert watcher.scores[-1].loss["train"] < 0.7 * watcher.scores[0].loss["train"]
    assert int(watcher.weights[-1]["slot.assignment.count"]) == 15 * 4
    assert equal(model.state_dict(), watcher.weights[outcome.best_epoch])


class Refusing(nn.Module):
    """Refuses a given call as k-means would, counted from 0; everything is fine before."""

    def __init__(self, call: int) -> None:
        super().__init__()
        self.call, self.calls = call, 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        if self.calls == self.call + 1:
            raise NotFiniteError("NaN in 3 of 4 rows")
        return x


def test_a_refusal_before_any_step_is_the_fault_of_the_data(bench: Bench) -> None:
    watcher = Watcher(make_model(Refusing(0)))
    with pytest.raises(NotFiniteError, match="NaN in 3 of 4 rows"):
        fit(watcher.model, *bench.problem, TrainingConfig(epochs=3), [watcher])
    assert (watcher.scores, watcher.selected) == ([], [])


def test_data_that_is_not_finite_are_refused(bench: Bench) -> None:
    bench.x[5] = torch.nan
    with pytest.raises(NotFiniteError, match="KMeans"):
        fit(make_model(CNA(8, 3)), *bench.problem, TrainingConfig(epochs=3))


# Epoch 0 calls once; then training and evaluation take turns, or four batches and an evaluation.
@pytest.mark.parametrize(
    ("call", "batched", "where"),
    [(1, False, "step 1"), (5, False, "step 3"), (6, False, "step 3"), (6, True, "epoch 2"), (8, True, "epoch 2")],
)
def test_a_refusal_after_a_step_is_divergence(bench: Bench, call: int, batched: bool, where: str) -> None:
    watcher = Watcher(make_model(Refusing(call)))
    batches: Any = bench.batches if batched else None
    outcome = fit(watcher.model, *bench.problem, TrainingConfig(epochs=5), [watcher], batches)
    kept = int(where[-1]) - 1
    assert outcome.status == "diverged"
    assert outcome.message == f"in {where}: NaN in 3 of 4 rows"
    assert outcome.epochs == kept
    assert len(outcome.seconds) == len(watcher.scores) == kept + 1
    assert watcher.selected == [outcome.best_epoch]
    assert equal(watcher.model.state_dict(), watcher.weights[outcome.best_epoch])


def test_clustering_that_diverges(bench: Bench) -> None:
    watcher = Watcher(make_model(CNA(8, 3, schedule="running")))
    outcome = fit(watcher.model, *bench.problem, TrainingConfig(epochs=5, lr=1e38), [watcher], bench.batches)
    assert (outcome.status, outcome.epochs) == ("diverged", 0)
    assert outcome.message.startswith("in epoch 1: KMeans input has NaN or infinity")
    assert all(value.isfinite().all() for value in watcher.model.state_dict().values())


def test_a_loss_that_is_not_finite_names_the_epoch(bench: Bench) -> None:
    outcome = fit(make_model(), *bench.problem, TrainingConfig(epochs=5, lr=1e30), batches=bench.batches)
    assert outcome.status == "diverged"
    assert "not finite after epoch" in outcome.message


def test_other_errors_come_through(bench: Bench) -> None:
    def broken(epoch: int) -> Iterator[TrainingBatch]:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        fit(make_model(), *bench.problem, TrainingConfig(epochs=2), batches=broken)
