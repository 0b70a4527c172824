"""The recorder: what it measures is what there was, and training does not notice it."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from cna_viz.config import ModelConfig, RecordingConfig, TrainingConfig
from cna_viz.data.embedded import karate
from cna_viz.measures import FEATURE_MEASURES, EdgeList
from cna_viz.models.backbones import prepare_graph
from cna_viz.models.gnn import GNN
from cna_viz.nn.slots import SLOTS, SlotContext
from cna_viz.recording.recorder import Recorder
from cna_viz.records.schema import check_layers, check_metrics_line
from cna_viz.training.evaluate import Scores, evaluate
from cna_viz.training.loop import Callback, Outcome, fit
from cna_viz.vocabulary import MEASURES, PRESETS, STAGES

LAYERS, CLUSTERS = 3, 4


@dataclass
class Shelf:
    """Stands for a record's writer and keeps what it is given."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    snapshots: dict[int, dict[str, np.ndarray]] = field(default_factory=dict)
    selections: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def epoch(self, line: Mapping[str, Any], seconds: float) -> None:
        self.lines.append(dict(line))
        self.seconds.append(seconds)

    def selected(self, epoch: int, layers: Mapping[str, Any]) -> None:
        self.selections.append((epoch, dict(layers)))

    def snapshot(self, epoch: int, tensors: Mapping[str, np.ndarray]) -> None:
        assert epoch not in self.snapshots
        self.snapshots[epoch] = {name: array.copy() for name, array in tensors.items()}  # the writer keeps bytes


class Bench:
    """Karate, a network and a training on it."""

    def __init__(self, slot: str = "cna", layers: int = LAYERS, dropout: float = 0.0) -> None:
        graph = karate()
        self.edges = EdgeList.from_edge_index(graph.edge_index, graph.num_nodes)
        self.inputs = (graph.x, prepare_graph("gcn", graph.edge_index, graph.num_nodes))
        self.target = graph.y
        numbers = torch.arange(graph.num_nodes)
        self.parts = {name: numbers[numbers % 3 == part] for part, name in enumerate(("train", "val", "test"))}
        torch.manual_seed(0)
        config = ModelConfig(slot=slot, layers=layers, hidden=8, clusters=CLUSTERS, recluster_every=2, dropout=dropout)
        self.model = GNN(graph.num_features, graph.num_classes, config, SlotContext(partition=numbers % CLUSTERS))
        self.shelf = Shelf()

    def recorder(self, **recording: Any) -> Recorder:
        slots = dict(enumerate(self.model.slots, start=1))
        shelf: Any = self.shelf
        return Recorder(self.model.taps(), slots, self.edges, shelf, RecordingConfig(**recording))

    def fit(self, callbacks: Sequence[Callback] = (), **training: Any) -> Outcome:
        config = TrainingConfig(**{"epochs": 12, "lr": 0.02, **training})
        return fit(self.model, self.inputs, self.target, self.parts, config, callbacks)

    def record(self, recording: Mapping[str, Any] | None = None, **training: Any) -> Outcome:
        with self.recorder(**(recording or {})) as recorder:
            return self.fit([recorder], **training)

    def features(self) -> dict[tuple[int, str], Tensor]:
        """Return what leaves each convolution and slot, without taps."""
        x, graph = self.inputs
        features = {}
        with torch.no_grad():
            for layer, conv in enumerate(self.model.eval().convs, start=1):
                x = features[layer, "conv"] = conv(x, graph.edges)
                if layer < len(self.model.convs):
                    x = features[layer, "slot"] = self.model.slots[layer - 1](x)
        return features


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_training_does_not_notice_the_recorder(slot: str, dropout: float) -> None:
    plain, recorded = Bench(slot, dropout=dropout), Bench(slot, dropout=dropout)
    torch.manual_seed(1)
    first = plain.fit()
    state = torch.get_rng_state()
    torch.manual_seed(1)
    second = recorded.record()
    assert torch.equal(torch.get_rng_state(), state)
    assert (first.best, first.best_epoch, first.epochs) == (second.best, second.best_epoch, second.epochs)
    wanted = plain.model.state_dict()
    for name, value in recorded.model.state_dict().items():
        assert torch.equal(value, wanted[name]), name
    assert recorded.shelf.lines


def test_hooks_are_gone_afterwards_also_after_an_error() -> None:
    bench = Bench()

    class Failing:
        def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
            raise KeyboardInterrupt

        def on_selected(self, epoch: int) -> None:
            raise AssertionError

    with pytest.raises(KeyboardInterrupt), bench.recorder() as recorder:
        bench.fit([recorder, Failing()])
    assert not any(module._forward_hooks for module in bench.model.modules())
    assert [line["epoch"] for line in bench.shelf.lines] == [0]


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("layers", [1, 2, 4])
def test_lines_keep_the_contract(slot: str, layers: int) -> None:
    bench = Bench(slot, layers)
    outcome = bench.record(epochs=3)
    assert [line["epoch"] for line in bench.shelf.lines] == [0, 1, 2, 3]
    for line in bench.shelf.lines:
        check_metrics_line(line, layers, "here")
        assert set(line["layers"]) == set(MEASURES)
        for name, stages in line["layers"].items():
            assert set(stages) == set(STAGES)
            gradient_of_nothing = name == "gradient_norm" and line["epoch"] == 0
            assert [value is None for value in stages["conv"]] == [gradient_of_nothing] * layers
            assert [value is None for value in stages["slot"]] == [gradient_of_nothing] * (layers - 1) + [True]
    best = bench.shelf.lines[outcome.best_epoch]
    assert (best["loss"], best["accuracy"]) == (outcome.best.loss, outcome.best.accuracy)
    assert len(bench.shelf.seconds) == 4
    assert min(bench.shelf.seconds) > 0


@pytest.mark.parametrize("slot", SLOTS)
def test_measures_are_those_of_the_evaluated_features(slot: str) -> None:
    bench = Bench(slot)
    with bench.recorder(snapshots="none") as recorder:
        scores = evaluate(bench.model, bench.inputs, bench.target, bench.parts)
        recorder.on_epoch(0, scores, last=False)
    (line,) = bench.shelf.lines
    for (layer, stage), x in bench.features().items():
        for name, measure in FEATURE_MEASURES.items():
            assert line["layers"][name][stage][layer - 1] == pytest.approx(float(measure(x, bench.edges)), rel=1e-6)


@pytest.mark.parametrize("slot", SLOTS)
def test_gradient_norms_are_those_of_the_step(slot: str) -> None:
    bench = Bench(slot)
    before = deepcopy(bench.model).train()
    bench.record(epochs=1)
    edges = bench.inputs[1].edges
    features: dict[tuple[int, str], Tensor] = {}
    x = bench.inputs[0]
    for layer, conv in enumerate(before.convs, start=1):
        x = features[layer, "conv"] = conv(x, edges)
        if layer < LAYERS:
            x = features[layer, "slot"] = before.slots[layer - 1](x)
    train = bench.parts["train"]
    gradients = torch.autograd.grad(F.cross_entropy(x[train], bench.target[train]), list(features.values()))
    recorded = bench.shelf.lines[1]["layers"]["gradient_norm"]
    for (layer, stage), gradient in zip(features, gradients, strict=True):
        assert float(gradient.norm()) > 0
        assert recorded[stage][layer - 1] == pytest.approx(float(gradient.norm()), rel=1e-5)


@pytest.mark.parametrize(
    ("every", "wanted"), [(1, list(range(13))), (5, [0, 5, 10, 12]), (6, [0, 6, 12]), (100, [0, 12])]
)
def test_measured_every_so_many_epochs_and_at_both_ends(every: int, wanted: list[int]) -> None:
    bench = Bench("relu")
    bench.record({"every": every})
    assert [line["epoch"] for line in bench.shelf.lines if "layers" in line] == wanted
    assert len(bench.shelf.lines) == 13


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("every", [1, 1000])
def test_measures_of_the_selected_model_are_always_there(slot: str, every: int) -> None:
    dense, sparse = Bench(slot), Bench(slot)
    outcome = dense.record({"every": 1}, lr=0.05)
    sparse.record({"every": every}, lr=0.05)
    ((epoch, layers),) = sparse.shelf.selections
    assert epoch == outcome.best_epoch > 0
    assert layers == dense.shelf.lines[epoch]["layers"]  # gradient norms of its step included


def test_measured_where_patience_ends_it() -> None:
    bench = Bench("relu")
    outcome = bench.record({"every": 100}, patience=1, epochs=50)
    assert 0 < outcome.epochs < 50
    assert [line["epoch"] for line in bench.shelf.lines if "layers" in line] == [0, outcome.epochs]


def test_diverged_run_has_the_measures_of_its_best_epoch() -> None:
    bench = Bench("relu")

    class Poison:
        """Spoils the weights after the third epoch."""

        def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
            if epoch == 3:
                bench.model.convs[0].bias.data.fill_(torch.nan)  # type: ignore[union-attr, operator]

        def on_selected(self, epoch: int) -> None:
            pass

    with bench.recorder(every=100) as recorder:
        assert bench.fit([recorder, Poison()]).status == "diverged"
    # Nobody knew that epoch 3 would be the last; the selected one is measured all the same.
    assert [line["epoch"] for line in bench.shelf.lines] == [0, 1, 2, 3]
    assert [line["epoch"] for line in bench.shelf.lines if "layers" in line] == [0]
    ((epoch, layers),) = bench.shelf.selections
    assert epoch <= 3
    check_layers(layers, LAYERS, "here")
    assert None not in layers["rayleigh"]["conv"]


@pytest.mark.parametrize(
    ("snapshots", "epochs", "wanted"),
    [
        ("log", 12, {0, 1, 10, 12}),
        ("log", 0, {0}),
        ("log", 1, {0, 1}),
        ("log", 9, {0, 1, 9}),
        ("log", 10, {0, 1, 10}),
        ("ends", 12, {0}),
        ("ends", 0, {0}),
    ],
)
def test_snapshot_schedule(snapshots: str, epochs: int, wanted: set[int]) -> None:
    bench = Bench("relu")
    outcome = bench.record({"snapshots": snapshots}, epochs=epochs)
    assert set(bench.shelf.snapshots) == wanted | {outcome.best_epoch}


def test_powers_of_ten_have_snapshots() -> None:
    bench = Bench("relu", layers=2)
    with bench.recorder() as recorder:
        scores = evaluate(bench.model, bench.inputs, bench.target, bench.parts)
        for epoch in [0, 1, 2, 9, 10, 11, 20, 99, 100, 101, 110, 999, 1000, 1001, 10000]:
            recorder.on_epoch(epoch, scores, last=False)
    assert list(bench.shelf.snapshots) == [0, 1, 10, 100, 1000, 10000]


def test_no_snapshots() -> None:
    bench = Bench("cna")
    bench.record({"snapshots": "none"})
    assert bench.shelf.snapshots == {}


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("snapshots", ["log", "ends"])
def test_snapshot_of_the_selected_model_is_of_that_model(slot: str, snapshots: str) -> None:
    bench = Bench(slot)
    outcome = bench.record({"snapshots": snapshots, "precision": "float32"}, lr=0.05)
    tensors = bench.shelf.snapshots[outcome.best_epoch]
    features = bench.features()
    for (layer, stage), x in features.items():
        assert np.array_equal(tensors[f"embedding.{stage}.{layer:04d}"], x.numpy())
    assert np.array_equal(tensors["prediction"], features[LAYERS, "conv"].argmax(dim=1).numpy())


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("epochs", [0, 3])
def test_what_a_snapshot_holds(slot: str, epochs: int) -> None:
    bench = Bench(slot)
    bench.record({"snapshots": "log"}, epochs=epochs)
    wanted: dict[str, tuple[tuple[int, ...], str]] = {"prediction": ((34,), "int32")}
    for layer in range(1, LAYERS + 1):
        wanted[f"embedding.conv.{layer:04d}"] = ((34, 8 if layer < LAYERS else 4), "float16")
    factors = PRESETS.get(slot, {"assignment": "none", "activation": "none"})
    clusters = 1 if factors["assignment"] == "none" else CLUSTERS
    rows = clusters if factors["activation"] == "rational" else 0
    for layer in range(1, LAYERS):
        wanted[f"embedding.slot.{layer:04d}"] = ((34, 8), "float16")
        if rows:
            wanted[f"rational_numerator.{layer:04d}"] = ((rows, 6), "float32")
            wanted[f"rational_denominator.{layer:04d}"] = ((rows, 4), "float32")
        if clusters > 1:
            wanted[f"cluster_label.{layer:04d}"] = ((34,), "int32")
            if epochs and factors["assignment"] == "kmeans":
                wanted[f"centroid.{layer:04d}"] = ((CLUSTERS, 8), "float32")
    held = bench.shelf.snapshots[epochs]
    assert {name: (array.shape, str(array.dtype)) for name, array in held.items()} == wanted
    if slot == "cna":
        labels = bench.shelf.snapshots[epochs]["cluster_label.0001"]
        assert set(labels.tolist()) <= set(range(CLUSTERS))
        assert len(set(labels.tolist())) > 1


def stored(x: Tensor, precision: str = "float16") -> np.ndarray:
    """Return the embedding that a snapshot holds of these features of the 34 nodes."""
    bench = Bench("none", layers=2)
    with bench.recorder(precision=precision) as recorder:
        evaluate(bench.model, bench.inputs, bench.target, bench.parts)
        recorder.listener.values[1, "conv"] = x
        recorder.on_selected(7)
    return bench.shelf.snapshots[7]["embedding.conv.0001"]


@pytest.mark.parametrize(
    ("largest", "precision", "dtype"),
    [
        (1.0, "float16", "float16"),
        (65504.0, "float16", "float16"),
        (65536.0, "float16", "float32"),
        (1e15, "float16", "float32"),
        (-1e30, "float16", "float32"),
        (3e38, "float16", "float32"),
        (1.0, "float32", "float32"),
    ],
)
def test_float32_takes_over_where_float16_would_overflow(largest: float, precision: str, dtype: str) -> None:
    x = torch.tensor([[0.5, largest], [-0.25, 0.0]]).repeat(17, 1)
    array = stored(x, precision)
    assert str(array.dtype) == dtype
    assert np.array_equal(array, x.numpy())


def test_what_is_not_finite_is_stored_as_it_is() -> None:
    x = torch.tensor([[0.5, torch.inf], [-torch.inf, torch.nan]]).repeat(17, 1)
    assert np.array_equal(stored(x), x.numpy(), equal_nan=True)


@pytest.mark.parametrize("scale", [1e-6, 1e-8, 1e-20, 1e-30])
def test_small_features_are_not_stored_as_zeros(scale: float) -> None:
    x = scale * torch.randn(34, 8, generator=torch.Generator().manual_seed(0))
    assert np.abs(stored(x).astype(np.float64) / x.numpy() - 1).max() < 0.01


@pytest.mark.parametrize("spread", [1e-4, 1e-5])
def test_small_differences_between_rows_are_not_lost(spread: float) -> None:
    # COLLAPSED in cna_viz.analysis.projection is 1e-6 and reads these arrays.
    x = 1.3 + spread * torch.randn(34, 8, generator=torch.Generator().manual_seed(0))
    assert stored(x).astype(np.float64).std(axis=0).mean() == pytest.approx(
        float(x.std(dim=0, correction=0).mean()), rel=0.1
    )
