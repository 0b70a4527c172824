"""The tasks from end to end: numbers, graphs, and scores other than accuracy."""

import warnings
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from cna_viz.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from cna_viz.data.graph import Graph, Split
from cna_viz.data.splits import make_split
from cna_viz.experiments import train as module
from cna_viz.experiments.run import load_or_run
from cna_viz.experiments.train import prepare, train
from cna_viz.records.record import Record, load_record
from cna_viz.records.verify import find_problems

NODES = 60


def numbers_graph() -> Graph:
    """Return a ring whose targets are a smooth function of the features."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(NODES, 4, generator=generator)
    ring = torch.arange(NODES)
    edges = torch.stack([torch.cat([ring, (ring + 1) % NODES]), torch.cat([(ring + 1) % NODES, ring])])
    order = (edges[0] * NODES + edges[1]).argsort()
    return Graph("chameleon-traffic", x, torch.sigmoid(x[:, 0]), edges[:, order], 0)


def run(graph: Graph, folder: Path, training: dict[str, Any] | None = None, **model: Any) -> Record:
    network = ModelConfig(**{"layers": 3, "hidden": 8, **model})
    config = RunConfig(
        data=DataConfig(dataset=graph.name),
        model=network.replace(clusters=3) if network.uses_clusters else network,
        training=TrainingConfig(**{"epochs": 30, **(training or {})}),
    )
    split = make_split(graph, config.data.split, config.split_seed)
    train(config, graph, split, folder / config.run_id, [])
    return load_record(folder / config.run_id)


@pytest.mark.parametrize("slot", ["relu", "cna", "batchnorm"])
@pytest.mark.parametrize("training", [{}, {"batch_size": 16}], ids=str)
def test_numbers_are_learned_and_recorded(tmp_path: Path, slot: str, training: dict[str, Any]) -> None:
    graph = numbers_graph()
    record = run(graph, tmp_path, {**training, "epochs": 100, "lr": 0.02}, slot=slot, backbone="mlp")
    assert find_problems(record.folder) == []
    assert record.metric == "nmse"
    assert set(record.summary) & {"accuracy", "nmse", "r2", "macro_f1"} == {"nmse", "r2"}
    curve = record.metrics["nmse"].sel(split="val")
    assert record.score("val") == float(curve.min()) == float(curve.sel(epoch=record.best_epoch))  # the least error
    assert record.score("val", "r2") > 0.2
    assert bool(record.metrics["accuracy"].isnull().all())
    np.testing.assert_array_equal(record.graph["target"], graph.y)
    # What is kept as prediction has the recorded error.
    test = record.graph["split_of_node"].values == 3
    error = np.square(record.prediction().values - graph.y.numpy())[test].mean() / graph.y.numpy().mean()
    assert error == pytest.approx(record.score("test"), rel=1e-4)
    assert bool(record.metrics["cluster_nmi_classes"].isnull().all())


@pytest.fixture(scope="module")
def motifs() -> Graph:
    """Return some of the graphs of `motifs`."""
    graph, _ = prepare(RunConfig(data=DataConfig(dataset="motifs")), None, {})
    kept = 1200
    inside = graph.edge_index[0] < kept
    assert graph.graph_of_node is not None
    edges, member = graph.edge_index[:, inside], graph.graph_of_node[:kept]
    return Graph("motifs", graph.x[:kept], graph.y[:kept], edges, graph.num_classes, {}, member)


@pytest.mark.parametrize("slot", ["relu", "cna", "cna-released", "cna-random", "cna-labels", "pairnorm"])
@pytest.mark.parametrize("training", [{}, {"batch_size": 16}], ids=str)
def test_graphs_are_classified_and_recorded(tmp_path: Path, motifs: Graph, slot: str, training: dict[str, Any]) -> None:
    record = run(motifs, tmp_path, {**training, "epochs": 3}, slot=slot)
    assert find_problems(record.folder) == []
    member = record.graph["graph_of_node"].values
    np.testing.assert_array_equal(member, motifs.graph_of_node)
    for name in ("split_of_node", "target"):
        assert all(len(np.unique(record.graph[name].values[member == graph])) == 1 for graph in range(member.max() + 1))
    assert record.summary["split_sizes"] == {"train": 36, "val": 12, "test": 12}
    assert record.embedding(1).sizes["node"] == len(member)
    assert not bool(record.metrics["gradient_norm"].sel(epoch=0, stage="conv").isnull().any())
    # The accuracy counts graphs, and every node bears the answer for its graph.
    first = np.unique(member, return_index=True)[1]
    answer, target, part = (
        values[first]
        for values in (record.prediction().values, record.graph["target"].values, record.graph["split_of_node"].values)
    )
    np.testing.assert_array_equal(answer[member], record.prediction().values)
    assert record.score("test") == pytest.approx((answer == target)[part == 3].mean())


def test_graphs_are_learned(tmp_path: Path, motifs: Graph) -> None:
    record = run(motifs, tmp_path, {"epochs": 150, "lr": 0.02}, hidden=32)
    assert record.score("train") > 0.6  # of three equally frequent classes


@pytest.mark.parametrize("readout", ["mean", "sum", "max"])
def test_readout(tmp_path: Path, motifs: Graph, readout: str) -> None:
    record = run(motifs, tmp_path, {"epochs": 2}, readout=readout)
    member = record.graph["graph_of_node"].values
    outputs = record.embedding(3, "conv").values
    pooled = [getattr(outputs[member == graph], readout)(axis=0) for graph in range(member.max() + 1)]
    answers = np.argmax(pooled, axis=1)[member]
    assert (answers == record.prediction().values).mean() > 0.98  # stored outputs are rounded


@pytest.mark.parametrize("slot", ["relu", "batchnorm", "cna", "cna-released"])
@pytest.mark.parametrize("training", [{}, {"batch_size": 16}], ids=str)
def test_training_sees_no_graph_but_those_that_train(
    tmp_path: Path, motifs: Graph, slot: str, training: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What normalizes or clusters over nodes would learn from graphs that select or test."""
    weights: list[dict[str, Tensor]] = []
    original = module.fit

    def fit(model: Any, *arguments: Any, **more: Any) -> Any:
        outcome = original(model, *arguments, **more)
        weights.append({name: value.clone() for name, value in model.state_dict().items()})
        return outcome

    monkeypatch.setattr(module, "fit", fit)
    # With the last epoch selected: in evaluation slots normalize over all graphs, and scores must decide nothing here.
    rising = count()
    monkeypatch.setattr("cna_viz.training.objective.Scores.selecting", lambda scores: next(rising))
    first = run(motifs, tmp_path / "one", {**training, "epochs": 5}, slot=slot)
    assert motifs.graph_of_node is not None
    split = make_split(motifs, "random-60-20-20", 0)
    others = ~torch.isin(motifs.graph_of_node, split.train)
    x = motifs.x.clone()
    x[others] = 5 - 3 * x[others]
    changed = Graph("motifs", x, motifs.y, motifs.edge_index, motifs.num_classes, {}, motifs.graph_of_node)
    second = run(changed, tmp_path / "two", {**training, "epochs": 5}, slot=slot)
    assert first.best_epoch == second.best_epoch == 5
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


def test_the_metric_of_the_dataset_selects(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(200, 4, generator=generator)
    y = (x[:, 0] + torch.randn(200, generator=generator) > 1.2).long()  # few of class 1
    graph = Graph("minesweeper", x, y, torch.zeros(2, 0, dtype=torch.long), 2)
    split = Split("random-60-20-20", 0, torch.arange(100), torch.arange(100, 150), torch.arange(150, 200))
    config = RunConfig(
        data=DataConfig(dataset="minesweeper"),
        model=ModelConfig(backbone="mlp", hidden=8),
        training=TrainingConfig(epochs=60, lr=0.05, patience=60),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(config, graph, split, tmp_path / config.run_id, [])
    record = load_record(tmp_path / config.run_id)
    curve = record.metrics["roc_auc"].sel(split="val")
    assert record.score("val") == float(curve.max()) == float(curve.sel(epoch=record.best_epoch))
    by_accuracy = int(np.argmax(record.metrics["accuracy"].sel(split="val").values))
    assert by_accuracy != record.best_epoch  # here they differ, so that this test can fail
    assert set(record.summary) >= {"roc_auc", "accuracy", "macro_f1"}


def test_a_dataset_of_graphs_without_a_download(tmp_path: Path) -> None:
    config = RunConfig(
        data=DataConfig(dataset="motifs"), model=ModelConfig(hidden=4), training=TrainingConfig(epochs=1)
    )
    assert load_or_run(config, runs=tmp_path).score("test") > 0
