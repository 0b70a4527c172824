"""Slots as released are trained as in the released code, epoch by epoch."""

from typing import Any

import pytest
import torch

from cna_viz.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from cna_viz.data.datasets import load_graph
from cna_viz.data.graph import Graph, Split
from cna_viz.data.splits import make_split
from cna_viz.experiments.batches import inputs_of
from cna_viz.models.gnn import GNN
from cna_viz.nn.assignment import KMeans
from cna_viz.nn.slots import SlotContext
from cna_viz.training.loop import fit
from cna_viz.training.objective import Scores
from cna_viz.training.step import TrainingBatch, adam, coefficients, step
from tests.training.released_code import ReleasedNetwork

CONFIG = RunConfig(
    data=DataConfig(dataset="karate"),
    model=ModelConfig(slot="cna-released", layers=4, hidden=8, clusters=3),
    training=TrainingConfig(epochs=24, lr=0.01, lr_activation=0.01, weight_decay=0.05, patience=None),
)


class Losses:
    """Notes the losses of every epoch."""

    def __init__(self) -> None:
        self.found: list[dict[str, float]] = []

    def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
        self.found.append(scores.loss)

    def on_selected(self, epoch: int) -> None:
        """Do nothing."""


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Return the karate club."""
    return load_graph(CONFIG.data)


@pytest.fixture(scope="module")
def split(graph: Graph) -> Split:
    """Return a split of it."""
    return make_split(graph, "random-60-20-20", 0)


def network(graph: Graph, config: RunConfig = CONFIG) -> GNN:
    """Return the network, the same every time."""
    torch.manual_seed(0)
    return GNN(graph.num_features, graph.num_classes, config.model, SlotContext())


def train(model: GNN, graph: Graph, split: Split, config: RunConfig = CONFIG, **options: Any) -> list[dict[str, float]]:
    """Train it and return the losses of every epoch, the untrained network first."""
    losses = Losses()
    fit(model, inputs_of(config, graph), graph.y, dict(split.items()), config.training, [losses], **options)
    return losses.found


def test_losses_and_clusterings_are_those_of_the_released_code(
    graph: Graph, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, cluster = [], KMeans._cluster

    def noted(self: KMeans, x: torch.Tensor) -> torch.Tensor:
        calls.append(self.calls + 1)
        return cluster(self, x)

    model = network(graph)
    wanted = ReleasedNetwork.of(model.state_dict(), graph, every=20)
    reference = wanted.train(graph, split, 24, lr=0.01, lr_activation=0.01, decay=0.05)
    monkeypatch.setattr(KMeans, "_cluster", noted)
    losses = train(model, graph, split)
    assert len(reference) == len(losses) - 1 == 24
    for epoch, (ours, theirs) in enumerate(zip(losses[1:], reference, strict=True), start=1):
        assert ours == pytest.approx(theirs, rel=1e-5), epoch
    assert wanted.clusterings == [1, *range(20, 217, 20)]
    # The untrained network and its layers are evaluated with clusters of their own, before the first counted call.
    assert [call for call in calls if call > 1] == wanted.clusterings[1:]


@pytest.mark.parametrize(("epochs", "clusterings"), [(1, 1), (3, 2), (20, 10), (24, 11)])
def test_twenty_epochs_of_three_slots_find_clusters_ten_times(
    graph: Graph, split: Split, monkeypatch: pytest.MonkeyPatch, epochs: int, clusterings: int
) -> None:
    found, cluster = set(), KMeans._cluster

    def noted(self: KMeans, x: torch.Tensor) -> torch.Tensor:
        found.add(self.calls)
        return cluster(self, x)

    monkeypatch.setattr(KMeans, "_cluster", noted)
    train(network(graph), graph, split, CONFIG.replace(training=CONFIG.training.replace(epochs=epochs)))
    assert len(found) == clusterings


def test_coefficients_are_decayed_only_where_asked_for(graph: Graph) -> None:
    model = network(graph)
    plain, decayed = adam(model, CONFIG.training), adam(model, CONFIG.training, decay_coefficients=True)
    assert [group["weight_decay"] for group in plain.param_groups] == [0.05, 0.0]
    assert [group["weight_decay"] for group in decayed.param_groups] == [0.05, 0.05]
    assert len(coefficients(model)) == 2  # shared by three slots


def test_gradients_of_clipped_parameters_have_at_most_norm_one_together(graph: Graph, split: Split) -> None:
    model = network(graph)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    batch = TrainingBatch(inputs_of(CONFIG, graph), graph.y, split.train)
    weights = [p for p in model.parameters() if not any(p is one for one in coefficients(model))]

    def norms() -> list[float]:
        groups = (coefficients(model), weights)
        return [float(torch.stack([p.grad.norm() for p in group if p.grad is not None]).norm()) for group in groups]

    model.convs[-1].lin.weight.data.mul_(1e4)
    step(model, batch, optimizer)
    before = norms()
    step(model, batch, optimizer, clipped=coefficients(model))
    assert before[0] > 1
    assert norms() == pytest.approx([1.0, before[1]])


def test_training_clips_as_the_released_code_only_where_it_does(graph: Graph, split: Split) -> None:
    losses = {}
    for clip in (True, False):
        model = network(graph)
        model.convs[-1].lin.weight.data.mul_(100)  # gradients of the rationals far above norm 1
        wanted = ReleasedNetwork.of(model.state_dict(), graph, every=20)
        losses[clip] = train(model, graph, split, clip=clip)[-1]["train"]
    reference = wanted.train(graph, split, 24, lr=0.01, lr_activation=0.01, decay=0.05)[-1]["train"]
    assert losses[True] == pytest.approx(reference, rel=1e-4)
    assert losses[False] != pytest.approx(reference, rel=1e-2)


def test_other_slots_count_training_calls_only(graph: Graph, split: Split) -> None:
    config = CONFIG.replace(model=ModelConfig(slot="cna", layers=4, hidden=8, clusters=3))
    model = network(graph, config)
    train(model, graph, split, config)
    assert {module.calls for module in model.modules() if isinstance(module, KMeans)} <= set(range(1, 25))


def test_in_mini_batches_nothing_else_is_counted_decayed_or_clipped(graph: Graph, split: Split) -> None:
    model, batch = network(graph), TrainingBatch(inputs_of(CONFIG, graph), graph.y, split.train)
    train(model, graph, split, batches=lambda epoch: [batch, batch])
    (shared,) = {id(module): module for module in model.modules() if isinstance(module, KMeans)}.values()
    assert shared.calls <= 24 * 2 * 3
