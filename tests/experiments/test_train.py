"""One training: the record holds the graph, the split and the facts, in the form that synthetic records have too."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from sklearn.metrics import normalized_mutual_info_score

from cna_viz.config import DataConfig, ModelConfig, RunConfig
from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import BACKBONES, CLUSTER_MEASURES
from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.content import content_digest
from cna_viz.data.datasets import load_graph
from cna_viz.data.own.store import store
from cna_viz.data.splits import make_split
from cna_viz.experiments import train
from cna_viz.experiments.run import load_or_run
from cna_viz.records.schema import snapshot_file
from cna_viz.records.synthetic import synthetic_record
from cna_viz.records.verify import find_problems

Configure = Callable[..., RunConfig]


def test_graph_and_split_are_those_of_the_config(configure: Configure, runs: Path) -> None:
    config = configure(seed=3)
    record = load_or_run(config, runs=runs, progress=False)
    graph = load_graph(DataConfig(dataset="karate"))
    split = make_split(graph, "random-60-20-20", 3)
    for number, part in enumerate((split.train, split.val, split.test), start=1):
        assert np.flatnonzero(record.graph["split_of_node"].values == number).tolist() == part.tolist()
    assert np.array_equal(record.graph["target"].values, graph.y.numpy())
    assert np.array_equal(record.graph["edge_index"].values, graph.edge_index.numpy())
    assert np.array_equal(record.graph["degree"].values, graph.degree().numpy())
    assert record.summary["split_seed"] == 3
    assert record.summary["split_sizes"] == {name: len(part) for name, part in split.items()}


def test_split_seed_is_apart_from_the_seed(configure: Configure, runs: Path) -> None:
    base = configure(seed=3, training={"epochs": 0})
    other = base.replace(seed=4, data=base.data.replace(split_seed=3))
    splits = [load_or_run(config, runs=runs, progress=False).graph["split_of_node"].values for config in (base, other)]
    assert np.array_equal(*splits)


def test_arms_of_one_seed_share_the_split_and_the_first_weights(configure: Configure, runs: Path) -> None:
    records = [
        load_or_run(configure(slot=slot, training={"epochs": 0}), runs=runs, progress=False)
        for slot in ("relu", "a", "none", "cna")
    ]
    first = records[0]
    for record in records[1:]:
        assert np.array_equal(record.graph["split_of_node"].values, first.graph["split_of_node"].values)
        assert np.array_equal(record.embedding(1, "conv").values, first.embedding(1, "conv").values)


def test_summary(configure: Configure, runs: Path) -> None:
    config = configure()
    record = load_or_run(config, runs=runs, progress=False)
    summary = record.summary
    assert summary["epochs"] == 6
    assert summary["parameters"] == (34 * 8 + 8) + (8 * 8 + 8) + (8 * 4 + 4) + 2 * 4 * 10
    assert summary["seconds_per_epoch"] > 0
    assert summary["warnings"] == []
    accuracy = record.metrics["accuracy"].sel(epoch=record.best_epoch)
    assert summary["accuracy"] == {name: float(accuracy.sel(split=name)) for name in ("train", "val", "test")}
    assert float(record.metrics["accuracy"].sel(split="val").max()) == summary["accuracy"]["val"]


def test_recorded_prediction_has_the_recorded_accuracy(configure: Configure, runs: Path) -> None:
    record = load_or_run(configure(training={"epochs": 30, "lr": 0.05}), runs=runs, progress=False)
    correct = record.prediction().values == record.graph["target"].values
    for number, name in enumerate(("train", "val", "test"), start=1):
        share = correct[record.graph["split_of_node"].values == number].mean()
        assert share == pytest.approx(record.summary["accuracy"][name])
    assert np.array_equal(record.prediction().values, record.embedding(3, "conv").values.argmax(axis=1))


@pytest.mark.parametrize("slot", ["none", "relu", "a", "cna"])
def test_synthetic_records_have_the_form_of_real_ones(
    configure: Configure, runs: Path, tmp_path: Path, slot: str
) -> None:
    config = configure(slot=slot, training={"epochs": 3}, recording={"every": 1})
    real = load_or_run(config, runs=runs, progress=False)
    made = synthetic_record(tmp_path / "made", config, nodes=34, classes=4, epochs=3)

    def form(path: Path) -> dict[str, tuple[str, int]]:
        return {name: (str(array.dtype), array.ndim) for name, array in load_file(path).items()}

    assert form(made.folder / "graph.safetensors") == form(real.folder / "graph.safetensors")
    first, second = (record.folder / snapshot_file(record.best_epoch) for record in (made, real))
    assert form(first) == form(second)
    assert made.metrics.sizes == real.metrics.sizes
    assert set(made.metrics.data_vars) == set(real.metrics.data_vars)
    for name in made.metrics.data_vars:
        assert made.metrics[name].dims == real.metrics[name].dims
        assert np.array_equal(made.metrics[name].isnull(), real.metrics[name].isnull()), name
    assert set(made.summary) <= set(real.summary)


def test_one_layer(configure: Configure, runs: Path) -> None:
    record = load_or_run(configure(layers=1, recording={"every": 1}), runs=runs, progress=False)
    assert record.embedding(1, "conv").shape == (34, 4)
    assert record.metrics["mad"].sel(stage="slot").isnull().all()
    assert record.metrics["mad"].sel(stage="conv").notnull().all()


def test_no_epochs(configure: Configure, runs: Path) -> None:
    record = load_or_run(configure(training={"epochs": 0}), runs=runs, progress=False)
    assert (record.best_epoch, record.snapshots, list(record.metrics.epoch)) == (0, (0,), [0])
    for name in ("gradient_norm", "rayleigh"):
        assert bool(record.metrics[name].sel(stage="conv").notnull().all()), name


@pytest.mark.parametrize("backbone", BACKBONES)
def test_all_measures_of_every_backbone(configure: Configure, runs: Path, backbone: str) -> None:
    config = configure(backbone=backbone, training={"epochs": 2}, recording={"measures": "all", "every": 1})
    metrics = load_or_run(config, runs=runs, progress=False).metrics
    for name in set(MEASURES) - {"mad_gap"}:  # karate has no nodes eight steps apart
        stage = "slot" if name in CLUSTER_MEASURES else "conv"
        layers = {"cluster_nmi_previous": [2], "cluster_ari_previous": [2]}.get(
            name, [1, 2] if stage == "slot" else [1, 2, 3]
        )
        values = metrics[name].sel(stage=stage, layer=layers, epoch=slice(1 if name == "cluster_churn" else 0, 2))
        assert bool(values.notnull().all()), name


def test_measures_that_are_not_asked_for_are_not_there(configure: Configure, runs: Path) -> None:
    config = configure(recording={"measures": "mad,cluster_entropy"})
    metrics = load_or_run(config, runs=runs, progress=False).metrics
    assert {name for name in MEASURES if bool(metrics[name].notnull().any())} == {"mad", "cluster_entropy"}


def test_communities_that_clusters_are_held_against_are_those_of_the_graph(configure: Configure, runs: Path) -> None:
    config = configure(
        slot="cna-communities",
        clusters=34,
        training={"epochs": 1},
        recording={"measures": ["cluster_ari_communities", "cluster_churn"], "every": 1},
    )
    metrics = load_or_run(config, runs=runs, progress=False).metrics
    inside = {"stage": "slot", "layer": [1, 2]}
    assert bool((metrics["cluster_ari_communities"].sel(inside) == 1).all())
    assert bool((metrics["cluster_churn"].sel(inside | {"epoch": 1}) == 0).all())


def test_a_training_keeps_the_memory_it_frees(
    configure: Configure, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(train, "keep_freed_memory", lambda: asked.append(True))
    load_or_run(configure(training={"epochs": 0}), runs=runs, progress=False)
    assert asked == [True]


def test_mini_batches_are_recorded_on_the_whole_graph(configure: Configure, runs: Path) -> None:
    config = configure(slot="relu", training={"epochs": 2, "batch_size": 5}, recording={"every": 1})
    record = load_or_run(config, runs=runs, progress=False)
    assert record.embedding(1, "conv").shape == (34, 8)
    assert bool(record.metrics["gradient_norm"].sel(stage="conv").notnull().all())


def test_unlabelled_nodes_are_one_more_cluster_of_the_oracle() -> None:
    graph = load_graph(DataConfig(dataset="karate"))
    oracle = RunConfig(data=DataConfig(dataset="karate"), model=ModelConfig(slot="cna-labels"))
    found = train._partition(oracle, graph)
    assert found is not None
    assert torch.equal(found, graph.y)
    y = graph.y.clone()
    y[[2, 9]] = -1
    found = train._partition(oracle, replace(graph, y=y))
    assert found is not None
    assert found[[2, 9]].tolist() == [4, 4]
    assert torch.equal(found[y >= 0], y[y >= 0])


def test_the_record_states_the_content_of_the_graph(configure: Configure, runs: Path) -> None:
    record = load_or_run(configure(training={"epochs": 0}), runs=runs, progress=False)
    assert record.content == content_digest(load_graph(DataConfig(dataset="karate")))
    assert record.class_names == ()


@pytest.mark.parametrize("slot", ["cna", "cna-labels"])
def test_an_own_graph_with_unlabelled_nodes(
    slot: str, configure: Configure, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNA_VIZ_GRAPHS", str(tmp_path))
    karate = load_graph(DataConfig(dataset="karate"))
    y = karate.y.clone()
    y[[5, 20]] = -1
    weight = 1.0 + karate.edge_index.sum(0) % 3
    names = ("a", "b", "<b>", "d")
    raw = RawGraph(karate.x, y, karate.edge_index, edge_weight=weight, class_names=names)
    digest = store("club", clean("club", raw), "accuracy", [], "")
    config = configure(slot=slot, recording={"measures": "all"})
    config = config.replace(data=DataConfig(dataset="own:club", weights="drop"))
    record = load_or_run(config, runs=runs, progress=False)
    assert (record.content, record.environment["content"]) == (digest, digest)
    assert record.class_names == names
    assert record.graph["target"].values[[5, 20]].tolist() == [-1, -1]
    assert record.graph["split_of_node"].values[[5, 20]].tolist() == [0, 0]
    assert sum(record.summary["split_sizes"].values()) == 32
    label = record.layer_variable("cluster_label", 1)
    assert label is not None
    known = y.numpy() >= 0
    wanted = normalized_mutual_info_score(y.numpy()[known], label.values[known])
    measured = record.metrics["cluster_nmi_classes"].sel(epoch=record.best_epoch, layer=1, stage="slot")
    assert float(measured) == pytest.approx(wanted)
    assert find_problems(record.folder) == []
