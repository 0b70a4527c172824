"""The steps of a slot: the same numbers as the modules that made the record, and refusals where there are none."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from cna_viz.analysis.tables.rational import evaluate
from cna_viz.analysis.tables.slot_steps import SlotSteps, cluster_means, normalize, slot_steps
from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig, WatchedConfig
from cna_viz.data.embedded import karate
from cna_viz.errors import UsageError
from cna_viz.experiments.run import load_or_run
from cna_viz.models.backbones import prepare_features, prepare_graph
from cna_viz.models.gnn import GNN
from cna_viz.nn.cna import CNA
from cna_viz.nn.normalize import make_normalization
from cna_viz.nn.rational import Rational
from cna_viz.nn.slots import SlotContext
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Array = np.ndarray
Build = Callable[..., Record]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Return what writes a synthetic record with snapshots."""

    def build(slot: str = "cna", **model: Any) -> Record:
        recording = RecordingConfig(snapshots="ends", project=model.pop("project", None))
        chosen = {"layers": 4, "hidden": 6, **model}
        clusters = {"clusters": 3} if slot in {"cna", "c", "cn", "ca", "cna-released", "cna-random"} else {}
        return synthetic_record(
            tmp_path, RunConfig(model=ModelConfig(slot=slot, **{**clusters, **chosen}), recording=recording), nodes=30
        )

    return build


@pytest.fixture
def cloud() -> tuple[Array, Array]:
    """Sixty rows of five channels of different places and sizes, in four clusters, the third without a node."""
    rng = np.random.default_rng(0)
    label = rng.choice([0, 1, 3], 60)
    return 7 * label[:, None] + rng.standard_normal((60, 5)) * [1e-3, 0.1, 1, 10, 100], label


def apply(slot: str | None, normalized: Array, label: Array, coefficients: tuple[Array, Array]) -> Array:
    """Return what A makes of normalized features, node by node with the function of its cluster."""
    if slot in {"c", "n", "cn"}:
        return np.maximum(normalized, 0)
    numerator, denominator = coefficients
    rows = [
        evaluate(numerator[k][None], denominator[k][None], row)[0] for row, k in zip(normalized, label, strict=True)
    ]
    return np.stack(rows)


@pytest.mark.parametrize("normalization", ["cluster", "batch", "node", "none"])
def test_n_is_what_the_module_computes(cloud: tuple[Array, Array], normalization: str) -> None:
    features, label = cloud
    module = make_normalization(normalization, 4)
    expected = module(torch.from_numpy(features), torch.from_numpy(label)).numpy()
    np.testing.assert_allclose(normalize(features, label, normalization), expected, rtol=1e-10, atol=1e-10)


def test_clusters_make_a_difference_to_n_over_clusters_only(cloud: tuple[Array, Array]) -> None:
    features, label = cloud
    one = np.zeros_like(label)
    assert not np.allclose(normalize(features, label, "cluster"), normalize(features, one, "cluster"))
    np.testing.assert_array_equal(normalize(features, one, "cluster"), normalize(features, label, "batch"))


@pytest.mark.parametrize("normalization", ["cluster", "batch", "node", "none"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("error")
def test_what_is_not_finite_goes_as_far_as_it_goes_in_the_module(
    cloud: tuple[Array, Array], normalization: str, value: float
) -> None:
    features, label = cloud
    features[4, 2] = value
    module = make_normalization(normalization, 4)
    expected = module(torch.from_numpy(features), torch.from_numpy(label)).numpy()
    found = normalize(features, label, normalization)
    assert np.isnan(found).any() or normalization == "none"
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("features", [np.ones((4, 3)), np.zeros((4, 1)), np.full((1, 5), 3.0)])
@pytest.mark.parametrize("normalization", ["cluster", "batch", "node"])
def test_without_spread_there_is_zero(features: Array, normalization: str) -> None:
    assert not normalize(features, np.zeros(len(features), np.int64), normalization).any()


@pytest.mark.filterwarnings("error")
def test_means_of_clusters_by_hand() -> None:
    means = cluster_means(np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 0.0]]), np.array([2, 2, 0]))
    np.testing.assert_array_equal(means, [[5, 0], [np.nan, np.nan], [2, 20]])


@pytest.mark.parametrize("epoch", [None, 0])
@pytest.mark.parametrize("layer", [1, 3])
def test_steps_are_those_of_the_record(build: Build, layer: int, epoch: int | None) -> None:
    record = build("cna")
    steps = slot_steps(record, layer, epoch)
    before = record.embedding(layer, "conv", epoch).values.astype(np.float64)
    label = record.layer_variable("cluster_label", layer, epoch)
    assert label is not None
    np.testing.assert_array_equal(steps.before, before)
    np.testing.assert_array_equal(steps.after, record.embedding(layer, "slot", epoch).values)
    np.testing.assert_array_equal(steps.label, label.values)
    np.testing.assert_array_equal(steps.normalized, normalize(before, label.values, "cluster"))
    np.testing.assert_allclose(steps.centroid, [before[label.values == k].mean(axis=0) for k in range(3)])
    assert {array.dtype for array in (steps.before, steps.normalized, steps.after)} == {np.dtype(np.float64)}


def test_the_epoch_of_the_selected_model_is_taken_when_left_out(build: Build) -> None:
    record = build()
    default, best, untrained = (slot_steps(record, 1, epoch).before for epoch in (None, record.best_epoch, 0))
    np.testing.assert_array_equal(default, best)
    assert not np.array_equal(default, untrained)


@pytest.mark.parametrize(
    ("slot", "normalization"),
    [("c", "none"), ("n", "batch"), ("a", "none"), ("cna-released", "node"), ("cn", "cluster")],
)
def test_every_slot_is_normalized_as_it_says(build: Build, slot: str, normalization: str) -> None:
    steps = slot_steps(build(slot), 2)
    np.testing.assert_array_equal(steps.normalized, normalize(steps.before, steps.label, normalization))


def test_a_slot_without_clusters_has_one(build: Build) -> None:
    steps = slot_steps(build("na"), 2)
    assert not steps.label.any()
    np.testing.assert_allclose(steps.centroid, steps.before.mean(axis=0)[None])


@pytest.mark.parametrize("slot", ["none", "relu", "batchnorm", "diffgroupnorm"])
def test_slots_of_another_kind_are_refused(build: Build, slot: str) -> None:
    record = build(slot)
    with pytest.raises(UsageError, match=f"run {record.id} has the slot '{slot}'"):
        slot_steps(record, 1)


def test_a_watched_network_is_refused(tmp_path: Path) -> None:
    watched = WatchedConfig(name="mine", model="Net", dataset="own graph", layers=2, key="0")
    record = synthetic_record(tmp_path, RunConfig(watched=watched))
    with pytest.raises(UsageError, match="'mine': only those of the CNA family"):
        slot_steps(record, 1)


@pytest.mark.parametrize("layer", [0, 4, 5])
def test_a_layer_without_a_slot_is_refused_with_those_there_are(build: Build, layer: int) -> None:
    with pytest.raises(UsageError, match=f"layer {layer} has no stage .*: layers are 1 to 4"):
        slot_steps(build(), layer)


def test_a_missing_snapshot_is_refused_with_those_there_are(build: Build, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no snapshot of epoch 3; snapshots kept: 0, 5"):
        slot_steps(build(), 1, epoch=3)
    config = RunConfig(model=ModelConfig(slot="cna", layers=3), recording=RecordingConfig(snapshots="none"))
    with pytest.raises(UsageError, match="snapshots kept: none"):
        slot_steps(synthetic_record(tmp_path, config), 1)


def test_projected_embeddings_are_refused_and_those_that_are_whole_are_not(build: Build) -> None:
    with pytest.raises(UsageError, match="projected from 6 to 5 channels"):
        slot_steps(build(project=5), 1)
    assert slot_steps(build(project=6), 1).before.shape == (30, 6)


@pytest.mark.parametrize(("residual", "share"), [(True, 0.0), (False, 0.25), (True, 0.25)])
def test_what_skips_the_layer_is_taken_away(build: Build, residual: bool, share: float) -> None:
    record = build(residual=residual, initial_residual=share)
    first, entering, stored = (record.embedding(layer, "slot").values.astype(np.float64) for layer in (1, 2, 3))
    again = (1 - share) * (slot_steps(record, 3).after + residual * entering) + share * first
    np.testing.assert_allclose(again, stored, atol=1e-12)
    np.testing.assert_array_equal(slot_steps(record, 1).after, first)


def test_reading_changes_nothing_that_is_stored(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {stage: np.random.default_rng(0).random((30, 6)) for stage in ("conv", "slot")}
    before = {stage: values.copy() for stage, values in kept.items()}
    monkeypatch.setattr(
        Record, "embedding", lambda self, layer, stage, epoch: xr.DataArray(kept[stage], dims=("node", "channel"))
    )
    slot_steps(build(residual=True, initial_residual=0.5), 2)
    for stage, values in kept.items():
        np.testing.assert_array_equal(values, before[stage])


def heard(model: GNN, inputs: tuple[Any, Any]) -> dict[tuple[int, str], Array]:
    """Return what passes the taps of a model and the labels of its slots, by layer and name."""
    found: dict[tuple[int, str], Array] = {}
    taps = dict(model.taps())
    for layer, slot in enumerate(model.slots, start=1):
        assert isinstance(slot, CNA)
        taps[layer, "label"] = slot.label_tap
    for key, tap in taps.items():
        tap.register_forward_hook(
            lambda module, args, value, key=key: found.update({key: value.detach().numpy().copy()})
        )
    with torch.no_grad():
        model.eval()(*inputs)
    return found


@pytest.fixture
def small_steps() -> Iterator[None]:
    """Draw the weights of a test from a seed, and leave the random state as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        yield


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("slot", ["cna", "cna-released", "cna-random", "cna-labels", "cn", "ca", "na", "a", "n", "c"])
def test_normalizing_and_evaluating_gives_what_leaves_the_slot_of_a_network(slot: str) -> None:
    graph = karate()
    idle = slot in {"cna-labels", "na", "a", "n"}
    config = ModelConfig(slot=slot, layers=4, hidden=16, **({} if idle else {"clusters": 4}))
    context = SlotContext(partition=graph.y if slot == "cna-labels" else None, num_nodes=graph.num_nodes)
    model = GNN(graph.num_features, graph.num_classes, config, context)
    for module in model.modules():  # functions that differ from each other, and from ReLU
        if isinstance(module, Rational):
            for parameter in module.parameters():
                parameter.data += 0.3 * torch.randn_like(parameter)
    inputs = (prepare_features("gcn", graph.x), prepare_graph("gcn", graph.edge_index, graph.num_nodes))
    found = heard(model, inputs)
    for layer, module in enumerate(model.slots, start=1):
        before, label = found[layer, "conv"].astype(np.float64), found[layer, "label"]
        normalized = normalize(before, label, config.factors["normalization"])
        coefficients = tuple(p.detach().numpy() for p in module.activation.parameters())
        expected = apply(slot, normalized, label, coefficients)
        np.testing.assert_allclose(found[layer, "slot"], expected, rtol=1e-4, atol=2e-4)
        assert np.abs(expected).max() > 0.01


@pytest.mark.parametrize("structure", [{}, {"residual": True}, {"residual": True, "initial_residual": 0.2}])
def test_the_steps_of_a_trained_record_are_those_of_its_slots(tmp_path: Path, structure: dict[str, Any]) -> None:
    config = RunConfig(
        data=DataConfig(dataset="karate"),
        model=ModelConfig(slot="cna", layers=4, hidden=8, clusters=4, **structure),
        training=TrainingConfig(epochs=3),
        recording=RecordingConfig(precision="float32"),
    )
    record = load_or_run(config, runs=tmp_path, progress=False)
    for epoch in record.snapshots:
        for layer in (1, 2, 3):
            steps: SlotSteps = slot_steps(record, layer, epoch)
            parts = [record.layer_variable(f"rational_{name}", layer, epoch) for name in ("numerator", "denominator")]
            coefficients = tuple(part.values for part in parts if part is not None)
            expected = apply("cna", steps.normalized, steps.label, coefficients)
            np.testing.assert_allclose(steps.after, expected, rtol=1e-4, atol=1e-4)
