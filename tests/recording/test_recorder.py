"""The recorder: what is in the record is what there was, and training does not notice it."""

import json
import weakref
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef

from cna_viz.config import RecordingConfig, vocabulary
from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import BACKBONES, CLUSTER_MEASURES, DEFAULT_MEASURES, PRESETS, STAGES
from cna_viz.measures import EdgeList, FeatureMeasurer
from cna_viz.nn.slots import SLOTS
from cna_viz.recording import compact as compact_module
from cna_viz.recording import probe as probe_module
from cna_viz.recording.taps import ConvCalls
from cna_viz.records.reading.facts import MetricsLine, Selected, check
from cna_viz.records.schema import tensor_name
from cna_viz.records.verify import find_problems
from cna_viz.records.writing.writer import RecordWriter, SnapshotStream
from cna_viz.training.step import TrainingBatch, loss_of
from tests.recording.helpers import CLUSTERS, LAYERS, NODES, After, Bench, hooks, states_equal

Make = Callable[..., Bench]


def lines(bench: Bench) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (bench.folder / "metrics.jsonl").read_text().splitlines()]


def measured(bench: Bench) -> list[int]:
    return [line["epoch"] for line in lines(bench) if "layers" in line]


def selected(bench: Bench) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((bench.folder / "selected.json").read_text())
    return content


# Training does not notice


@pytest.mark.sampled("slot_and_batches")
@pytest.mark.parametrize(
    "slot_and_batches",
    # random clusters are those of all nodes
    [(slot, batches) for slot in SLOTS for batches in (False, True) if (slot, batches) != ("cna-random", True)],
)
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_training_does_not_notice_the_recorder(bench: Make, slot_and_batches: tuple[str, bool], dropout: float) -> None:
    slot, batches = slot_and_batches
    plain, recorded = bench(slot, dropout=dropout), bench(slot, dropout=dropout, every=1, measures="all")
    torch.manual_seed(1)
    first = plain.fit(batches=plain.batches() if batches else None, epochs=4)
    state = torch.get_rng_state()
    torch.manual_seed(1)
    second = recorded.record(batches=recorded.batches() if batches else None, epochs=4)
    assert torch.equal(torch.get_rng_state(), state)
    assert (first.best, first.best_epoch, first.epochs) == (second.best, second.best_epoch, second.epochs)
    assert states_equal(recorded.model.state_dict(), plain.model.state_dict())
    assert len(lines(recorded)) == 5


@pytest.mark.parametrize("recording", [{"snapshots": kind} for kind in ("log", "ends", "none")] + [{"every": 100}])
def test_how_much_is_recorded_changes_neither_training_nor_what_is_measured(
    bench: Make, recording: dict[str, Any]
) -> None:
    much = bench("cna", every=1, snapshots="log", dropout=0.5)
    little = bench("cna", **{"every": 5, **recording}, dropout=0.5)
    for one in (much, little):
        torch.manual_seed(1)
        one.record()
    assert states_equal(much.model.state_dict(), little.model.state_dict())
    assert selected(much) == selected(little)
    everything = {line["epoch"]: line for line in lines(much)}
    for line in lines(little):
        assert {**everything[line["epoch"]], **line} == everything[line["epoch"]]


def test_a_mode_that_differs_between_modules_is_as_it_was(bench: Make) -> None:
    one = bench("batchnorm", layers=4)
    one.model.train()
    one.model.slots[1].eval()
    modes = [module.training for module in one.model.modules()]
    with RecordWriter(one.folder, one.config, {}) as writer:
        probe = one.recorder(writer).probe
        probe.look()
        probe.forward = fail
        with pytest.raises(ZeroDivisionError):
            probe.look()
    assert [module.training for module in one.model.modules()] == modes


def fail() -> Tensor:
    raise ZeroDivisionError


@pytest.mark.parametrize("batches", [False, True])
def test_there_are_hooks_while_it_looks_and_at_no_other_time(
    bench: Make, monkeypatch: pytest.MonkeyPatch, batches: bool
) -> None:
    one, steps, looks, between = bench("cna", every=1), [], [], []
    real = type(one.model).forward

    def forward(self: nn.Module, *args: Any) -> Any:
        (steps if self.training else looks).append(hooks(self))
        return real(self, *args)

    monkeypatch.setattr(type(one.model), "forward", forward)
    assert hooks(one.model) == 0
    note = [After(epoch, lambda: between.append(hooks(one.model))) for epoch in (0, 1, 2)]
    one.record(note, batches=one.batches() if batches else None, epochs=2)
    assert (steps, between) == ([0] * (4 if batches else 2), [0] * 3)
    assert max(looks) >= 2 * LAYERS - 1  # a tap each
    assert hooks(one.model) == 0


@pytest.mark.parametrize("batches", [False, True])
def test_a_look_leaves_the_gradients_of_parameters_as_they_are(bench: Make, batches: bool) -> None:
    one = bench("cna", measures="all")
    first, *others = one.model.parameters()
    first.grad = torch.randn_like(first)
    gradient, value = first.grad, first.grad.clone()
    one.record(batches=one.batches() if batches else None, epochs=0)  # looks twice: at the first and at the selected
    assert first.grad is gradient
    assert torch.equal(gradient, value)
    assert [parameter.grad for parameter in others] == [None] * len(others)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_hooks_are_gone_after_an_exception_in_an_epoch(bench: Make, error: type[BaseException]) -> None:
    one = bench("cna")

    def stop() -> None:
        raise error

    with pytest.raises(error):
        one.record([After(1, stop)])
    assert hooks(one.model) == 0
    assert [line["epoch"] for line in lines(one)] == [0, 1]


@pytest.mark.parametrize("place", ["measurer", "compact", "forward"])
def test_hooks_are_gone_after_an_exception_in_a_look(bench: Make, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    one = bench("cna")

    def broken(*args: Any) -> Any:
        raise ZeroDivisionError

    if place == "measurer":
        monkeypatch.setattr(FeatureMeasurer, "__call__", broken)
    elif place == "compact":
        monkeypatch.setattr(probe_module, "compact", broken)
    else:
        monkeypatch.setattr(type(one.model), "forward", broken)
    with pytest.raises(ZeroDivisionError):
        one.record()
    assert hooks(one.model) == 0
    assert list((one.folder / "snapshots").iterdir()) == []


# What is measured, and when


@pytest.mark.sampled(strength=1)
@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("layers", [1, 2, 4])
def test_lines_keep_the_contract(bench: Make, slot: str, layers: int) -> None:
    one = bench(slot, layers, every=1)
    outcome = one.record(epochs=2)
    assert [line["epoch"] for line in lines(one)] == [0, 1, 2]
    for line in lines(one):
        check(MetricsLine, line, "here", layers=layers)
        assert set(line["layers"]) == set(DEFAULT_MEASURES)
        for stages in line["layers"].values():
            assert set(stages) == set(STAGES)
            assert [value is None for value in stages["conv"]] == [False] * layers
            assert [value is None for value in stages["slot"]] == [False] * (layers - 1) + [True]
    best = lines(one)[outcome.best_epoch]
    assert (best["loss"], best["accuracy"]) == (outcome.best.loss, outcome.best.values["accuracy"])
    assert find_problems(one.folder) == []


@pytest.mark.parametrize("names", [["mad"], ["gradient_norm"], ["weight_norm", "cluster_entropy"], []])
def test_only_what_is_asked_for_is_in_the_lines(bench: Make, names: list[str]) -> None:
    one = bench("cna", every=1, measures=names)
    one.record(epochs=2)
    assert [set(line["layers"]) for line in lines(one)] == [set(names)] * 3
    assert set(selected(one)["layers"]) == set(names)


@pytest.mark.parametrize("batches", [False, True])
def test_without_gradient_norms_nothing_is_computed_for_them(
    bench: Make, monkeypatch: pytest.MonkeyPatch, batches: bool
) -> None:
    one = bench("cna", every=1, measures=["mad"])
    monkeypatch.setattr(torch.autograd, "grad", lambda *args, **options: pytest.fail("it went back"))
    with RecordWriter(one.folder.with_name("x"), one.config, {}) as writer:
        assert one.recorder(writer, one.batches() if batches else None).gradients is None
    looks: list[bool] = []
    one.model.convs[0].register_forward_hook(lambda *args: looks.append(torch.is_grad_enabled()))
    one.record(batches=one.batches() if batches else None, epochs=0)
    assert looks == [False] * len(looks)


@pytest.mark.parametrize("slot", ["none", "cna", "cna-released", "batchnorm"])
def test_measures_are_those_of_the_evaluated_features(bench: Make, slot: str) -> None:
    names = [name for name in vocabulary.FEATURE_MEASURES if name not in ("mad_gap", "group_distance_ratio")]
    one = bench(slot, measures=names, snapshots="none")
    one.record(epochs=0)
    (line,) = lines(one)
    with RecordWriter(one.folder.with_name("x"), one.config, {}) as writer:
        measurer = one.recorder(writer).probe.measurer
    for (layer, stage), x in one.features().items():
        for name, value in measurer(x.detach()).items():
            assert line["layers"][name][stage][layer - 1] == pytest.approx(float(value), rel=1e-9, nan_ok=True), name


def test_weight_norms_are_those_of_the_convolutions(bench: Make) -> None:
    one = bench("relu", measures=["weight_norm"])
    one.record(epochs=0)
    wanted = [
        float(sum(p.detach().double().square().sum() for p in conv.parameters() if p.dim() > 1)) ** 0.5
        for conv in one.model.convs
    ]
    measures = lines(one)[0]["layers"]["weight_norm"]
    assert measures["conv"] == pytest.approx(wanted)
    assert measures["slot"] == [None] * LAYERS


def copies(bench: Bench, *epochs: int) -> tuple[list[After], dict[int, nn.Module]]:
    """Return callbacks that copy the model after some epochs, and where the copies will be."""
    models: dict[int, nn.Module] = {}

    def keep(epoch: int) -> None:
        models[epoch] = deepcopy(bench.model)

    return [After(epoch, partial(keep, epoch)) for epoch in epochs], models


@pytest.mark.parametrize("slot", SLOTS)
def test_gradient_norms_are_those_of_the_training_loss_in_evaluation_mode(bench: Make, slot: str) -> None:
    one = bench(slot, every=1, dropout=0.5)
    callbacks, models = copies(one, 0, 1)
    one.record(callbacks, epochs=1)
    for epoch, line in enumerate(lines(one)):
        assert line["layers"]["gradient_norm"] == one.gradient_norms(models[epoch])
        assert min(line["layers"]["gradient_norm"]["conv"]) > 0


def test_a_look_at_a_model_in_training_is_one_in_evaluation_mode(bench: Make) -> None:
    one = bench("cna", dropout=0.5, snapshots="none")
    with RecordWriter(one.folder, one.config, {}) as writer:
        probe = one.recorder(writer).probe
    one.model.train()
    state = torch.get_rng_state()
    training, again = probe.look(), probe.look()
    assert one.model.training
    assert torch.equal(torch.get_rng_state(), state)
    evaluated = (one.model.eval(), probe.look())[1]
    for look in (training, again):
        assert torch.equal(look.output, evaluated.output)
        assert look.measures == evaluated.measures
    norms = probe_module.as_layers(evaluated.measures, LAYERS)["gradient_norm"]
    assert {stage: [norm if norm is None else float(norm) for norm in values] for stage, values in norms.items()} == (
        one.gradient_norms()
    )


@pytest.mark.parametrize("slot", sorted(set(SLOTS) - {"cna-random"}))  # random clusters are those of all nodes
def test_gradient_norms_of_batches_are_those_of_the_first_of_the_epoch(bench: Make, slot: str) -> None:
    one = bench(slot, every=1, dropout=0.5)
    callbacks, models = copies(one, 0, 1, 2)
    one.record(callbacks, batches=one.batches(), epochs=2)
    for epoch, of in ((0, 1), (1, 1), (2, 2)):  # the untrained model has no epoch of its own
        wanted = one.gradient_norms(models[epoch], next(iter(one.batches()(of))))
        assert lines(one)[epoch]["layers"]["gradient_norm"] == wanted
        assert lines(one)[epoch]["layers"]["gradient_norm"] != one.gradient_norms(models[epoch])


@pytest.mark.sampled
@pytest.mark.parametrize("slot", ["relu", "cna"])
@pytest.mark.parametrize("snapshots", ["log", "none"])
@pytest.mark.parametrize("batches", [False, True])
def test_the_selected_model_has_its_own_gradient_norms_where_its_epoch_was_not_due(
    bench: Make, slot: str, snapshots: str, batches: bool
) -> None:
    one = bench(slot, every=1000, snapshots=snapshots, dropout=0.3)
    torch.manual_seed(1)
    spoiled = After(6, lambda: [parameter.data.zero_() for parameter in one.model.parameters()])
    outcome = one.record([spoiled], batches=one.batches() if batches else None, epochs=14)
    assert outcome.best_epoch not in measured(one)  # on any processor: it lies between two that are due
    first = next(iter(one.batches()(outcome.best_epoch)))
    assert selected(one)["layers"]["gradient_norm"] == one.gradient_norms(batch=first if batches else None)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize(
    "structure", [{}, {"residual": True, "initial_residual": 0.2}, {"jumping_knowledge": "cat"}], ids=str
)
def test_every_stage_of_every_network_has_its_gradient_norm(
    bench: Make, backbone: str, structure: dict[str, Any]
) -> None:
    one = bench("cna", 4, structure={"backbone": backbone, **structure})
    one.record(epochs=0)
    held: dict[tuple[int, str], Tensor] = {}
    for key, tap in one.model.taps().items():
        tap.register_forward_hook(lambda module, args, output, key=key: held.update({key: output}))
    output = one.model.eval()(*one.inputs)
    for value in held.values():
        value.retain_grad()
    loss_of(output, TrainingBatch(one.inputs, one.graph.y, one.parts["train"])).backward()
    recorded = lines(one)[0]["layers"]["gradient_norm"]
    for (layer, stage), value in held.items():
        assert recorded[stage][layer - 1] == pytest.approx(float(value.grad.norm()), rel=1e-5, abs=0)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("every", "snapshots", "wanted"),
    [
        (1, "none", list(range(13))),
        (5, "none", [0, 5, 10, 12]),
        (6, "ends", [0, 6, 12]),
        (100, "none", [0, 12]),
        (100, "log", [0, 1, 10, 12]),
        (4, "log", [0, 1, 4, 8, 10, 12]),
    ],
)
def test_measured_every_so_many_epochs_at_both_ends_and_with_snapshots(
    bench: Make, every: int, snapshots: str, wanted: list[int]
) -> None:
    one = bench("relu", every=every, snapshots=snapshots)
    one.record()
    assert measured(one) == wanted
    assert len(lines(one)) == 13


@pytest.mark.parametrize("slot", ["relu", "cna"])
@pytest.mark.parametrize("snapshots", ["log", "ends", "none"])
def test_measures_of_the_selected_model_are_always_there(bench: Make, slot: str, snapshots: str) -> None:
    dense, sparse = bench(slot, every=1), bench(slot, every=1000, snapshots=snapshots)
    outcome = dense.record(lr=0.3, epochs=14)
    sparse.record(lr=0.3, epochs=14)
    assert selected(sparse)["epoch"] == outcome.best_epoch > 1
    assert outcome.best_epoch not in measured(sparse)
    assert selected(sparse)["layers"] == lines(dense)[outcome.best_epoch]["layers"]
    assert None not in selected(sparse)["layers"]["gradient_norm"]["conv"]


def test_measured_where_patience_ends_it(bench: Make) -> None:
    one = bench("relu", every=100)
    outcome = one.record(patience=1, epochs=50)
    assert 1 < outcome.epochs < 50
    assert measured(one) == [0, 1, outcome.epochs]
    assert set(one.load().snapshots) == {0, 1, outcome.epochs, outcome.best_epoch}


def test_a_diverged_run_has_the_measures_of_its_best_epoch(bench: Make) -> None:
    one = bench("relu", every=100)
    poison = After(3, lambda: one.model.convs[0].bias.data.fill_(torch.nan))  # type: ignore[union-attr, operator]
    assert one.record([poison]).status == "diverged"
    # Nobody knew that epoch 3 would be the last; the selected one is measured all the same.
    assert [line["epoch"] for line in lines(one)] == [0, 1, 2, 3]
    assert measured(one) == [0, 1]
    assert selected(one)["epoch"] <= 3
    check(Selected, selected(one), "here", layers=LAYERS)
    assert None not in selected(one)["layers"]["rayleigh"]["conv"]


def test_the_untrained_network_has_every_measure_but_churn(bench: Make) -> None:
    one = bench("cna", measures="all")
    one.record(epochs=0)
    for layers in (lines(one)[0]["layers"], selected(one)["layers"]):
        assert set(layers) == set(MEASURES)
        assert layers["gradient_norm"] == one.gradient_norms()
        assert layers["cluster_churn"]["slot"] == [None] * LAYERS


def test_clusters_are_measured_where_there_are_some(bench: Make) -> None:
    one = bench("cna-labels", every=1, measures=CLUSTER_MEASURES, snapshots="none")
    one.record(epochs=2)
    first, *others = [line["layers"] for line in lines(one)]
    share = torch.bincount(torch.arange(NODES) % CLUSTERS) / NODES
    for layers in (first, *others):
        assert layers["cluster_entropy"]["slot"][:-1] == pytest.approx([float(-(share * share.log()).sum())] * 2)
        assert layers["cluster_nmi_previous"]["slot"] == [None, pytest.approx(1), None]
        assert layers["cluster_ari_previous"]["slot"] == [None, pytest.approx(1), None]
        assert all(values["conv"] == [None] * LAYERS for values in layers.values())
    assert first["cluster_churn"]["slot"] == [None] * LAYERS
    assert [layers["cluster_churn"]["slot"] for layers in others] == [[0.0, 0.0, None]] * 2


def test_the_selected_model_has_no_churn_against_a_later_epoch(bench: Make) -> None:
    one = bench("cna", every=1000, measures=["cluster_churn", "cluster_entropy"], snapshots="none")
    outcome = one.record(lr=0.3, epochs=14)
    assert outcome.best_epoch < outcome.epochs
    assert selected(one)["layers"]["cluster_churn"]["slot"] == [None] * LAYERS
    assert None not in selected(one)["layers"]["cluster_entropy"]["slot"][:-1]


def test_slots_without_clusters_have_no_measures_of_clusters(bench: Make) -> None:
    one = bench("relu", measures=CLUSTER_MEASURES)
    one.record(epochs=1)
    assert all(values == {"conv": [None] * 3, "slot": [None] * 3} for values in lines(one)[0]["layers"].values())


# Snapshots


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
def test_snapshots_are_kept_at_powers_of_ten_at_the_ends_and_of_the_best(
    bench: Make, snapshots: str, epochs: int, wanted: set[int]
) -> None:
    one = bench("relu", snapshots=snapshots)
    outcome = one.record(epochs=epochs)
    assert set(one.load().snapshots) == wanted | {outcome.best_epoch}


def test_no_snapshots_where_none_are_wanted(bench: Make) -> None:
    one = bench("cna", snapshots="none")
    one.record()
    assert one.load().snapshots == ()


@pytest.mark.sampled(strength=1)
@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("snapshots", ["log", "ends"])
def test_the_snapshot_of_the_selected_model_is_of_that_model(bench: Make, slot: str, snapshots: str) -> None:
    one = bench(slot, snapshots=snapshots, precision="float32")
    one.record(lr=0.05)
    record = one.load()
    with torch.no_grad():
        features = one.features()
    for (layer, stage), x in features.items():
        assert np.array_equal(record.embedding(layer, stage).values, x.numpy())
    assert np.array_equal(record.prediction().values, features[LAYERS, "conv"].argmax(dim=1).numpy())


@pytest.mark.parametrize("slot", ["cna", "cna-released", "cna-labels", "ca", "a"])
def test_what_slots_have_learned_is_in_the_snapshot(bench: Make, slot: str) -> None:
    one = bench(slot, precision="float32")
    one.record(lr=0.05)
    record = one.load()
    with torch.no_grad():
        features = one.features()
    for layer, module in enumerate(one.model.slots, start=1):
        x = features[layer, "conv"]
        labels = module.assignment(x)
        state = dict(module.named_buffers())
        for name, wanted in {
            "rational_numerator": module.activation.numerator.detach(),
            "rational_denominator": module.activation.denominator.detach(),
            "centroid": state.get("assignment.centroids"),
            "cluster_label": labels if module.clusters > 1 else None,
        }.items():
            held = record.layer_variable(name, layer)
            assert (held is None) == (wanted is None), name
            if held is not None and wanted is not None:
                assert np.array_equal(held.values, wanted.numpy()), name
        counts = record.layer_variable("slot_input_histogram", layer)
        assert counts is not None
        normalized = module.normalization(x, labels).detach().numpy()
        edges = np.concatenate([[-np.inf], np.linspace(-8, 8, 81), [np.inf]])
        for cluster, row in enumerate(counts.values):
            assert np.array_equal(row, np.histogram(normalized[labels.numpy() == cluster], edges)[0])
        assert counts.values.sum() == NODES * 8


@pytest.mark.sampled(strength=1)
@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("epochs", [0, 3])
def test_what_a_snapshot_holds(bench: Make, slot: str, epochs: int) -> None:
    one = bench(slot)
    one.record(epochs=epochs)
    wanted: dict[str, tuple[int, ...]] = {"prediction": (NODES,)}
    for layer in range(1, LAYERS + 1):
        wanted[f"embedding.conv.{layer:04d}"] = (NODES, 8 if layer < LAYERS else 4)
    factors = PRESETS.get(slot, {"assignment": "none", "activation": "none"})
    clusters = 1 if factors["assignment"] == "none" else CLUSTERS
    rows = clusters if factors["activation"] == "rational" else 0
    for layer in range(1, LAYERS):
        wanted[f"embedding.slot.{layer:04d}"] = (NODES, 8)
        if rows:
            wanted[f"rational_numerator.{layer:04d}"] = (rows, 6)
            wanted[f"rational_denominator.{layer:04d}"] = (rows, 4)
            wanted[f"slot_input_histogram.{layer:04d}"] = (rows, 82)
        if clusters > 1:
            wanted[f"cluster_label.{layer:04d}"] = (NODES,)
            if epochs and factors["assignment"] == "kmeans":
                wanted[f"centroid.{layer:04d}"] = (CLUSTERS, 8)
    assert one.load().snapshot(epochs).shapes() == wanted


def test_the_expected_names_are_those_that_come(bench: Make) -> None:
    one = bench("cna")
    with RecordWriter(one.folder, one.config, {}) as writer:
        names = set(one.recorder(writer).probe.tensor_names())
    one = bench("cna")
    one.record(epochs=3)
    assert set(one.load().snapshot(3).shapes()) == names


def test_wide_layers_are_kept_as_a_projection(bench: Make) -> None:
    one = bench("cna", project=5, precision="float32")
    one.record(epochs=3)
    record = one.load()
    with torch.no_grad():
        features = one.features()
    matrix = compact_module.project(torch.eye(8), 5)
    for (layer, stage), x in features.items():
        wanted = x if layer == LAYERS else x @ matrix
        np.testing.assert_allclose(record.embedding(layer, stage).values, wanted.numpy(), rtol=1e-5, atol=1e-6)


# Memory


@pytest.mark.parametrize("measures", ["all", "mad"])
def test_no_features_survive_a_look(bench: Make, monkeypatch: pytest.MonkeyPatch, measures: str) -> None:
    one = bench("cna", layers=6, precision="float32", measures=measures)
    passed: list[StorageWeakRef] = []
    real = FeatureMeasurer.__call__

    def note(self: FeatureMeasurer, x: Tensor) -> Any:
        passed.append(StorageWeakRef(x.untyped_storage()))
        return real(self, x)

    monkeypatch.setattr(FeatureMeasurer, "__call__", note)
    with RecordWriter(one.folder, one.config, {}) as writer:
        recorder = one.recorder(writer)
        with writer.stream(0, []) as stream:
            look = recorder.probe.look(stream)
        assert len(passed) == 11
        assert [reference.expired() for reference in passed] == [True] * 10 + [False]  # the last are the logits
        assert look.output.shape == (NODES, 4)
        assert not look.output.requires_grad
        values = [value for stages in look.measures.values() for value in stages.values()]
        assert all(value.shape == () and not value.requires_grad for value in values)
        assert ("gradient_norm" in look.measures) == (measures == "all")


def test_while_it_looks_no_layer_but_the_one_that_is_read_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    convs = [nn.Linear(5, 5) for _ in range(6)]
    model = nn.Sequential(*convs)
    edges = EdgeList.from_edge_index(torch.tensor([[0, 1], [1, 0]]), NODES)
    passed: list[StorageWeakRef] = []
    at_once: list[int] = []
    real = FeatureMeasurer.__call__

    def note(self: FeatureMeasurer, x: Tensor) -> Any:
        at_once.append(len({ref.cdata for ref in passed if not ref.expired()} - {x.untyped_storage()._cdata}))
        passed.append(StorageWeakRef(x.untyped_storage()))
        return real(self, x)

    monkeypatch.setattr(FeatureMeasurer, "__call__", note)
    x, taps = torch.randn(NODES, 5), ConvCalls(model, convs)
    measurer = FeatureMeasurer(["mad", "rayleigh"], edges)
    probe = probe_module.Probe(model, lambda: model(x), taps, {}, measurer, NODES, RecordingConfig())
    look = probe.look()
    assert len(look.measures["mad"]) == 11
    assert max(at_once) == 1


def test_what_is_kept_goes_to_the_file_at_once(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one = bench("cna", layers=6, precision="float32")
    held: list[weakref.ref[Any]] = []
    most = 0
    real = probe_module.compact

    def note(value: Tensor, precision: str) -> np.ndarray:
        nonlocal most
        array = real(value, precision).copy()
        most = max(most, sum(reference() is not None for reference in held))
        held.append(weakref.ref(array))
        return array

    monkeypatch.setattr(probe_module, "compact", note)
    one.record(epochs=0)
    assert len(held) == 11
    assert most <= 1


def test_tensors_are_written_while_the_network_runs(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one = bench("relu")
    order: list[str] = []
    real = SnapshotStream.add

    def add(self: SnapshotStream, name: str, array: np.ndarray) -> None:
        order.append(name)
        real(self, name, array)

    monkeypatch.setattr(SnapshotStream, "add", add)
    one.model.convs[1].register_forward_hook(lambda *args: order.append("second convolution"))
    one.record(epochs=0)
    place = order.index(tensor_name("embedding", 2, "conv"))
    assert order[place - 2 : place] == [tensor_name("embedding", 1, "slot"), "second convolution"]
