"""Synthetic records are valid ones."""

import json
from pathlib import Path

import numpy as np
import pytest

from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig
from cna_viz.records.reading.facts import MetricsLine, check
from cna_viz.records.record import load_record
from cna_viz.records.synthetic import synthetic_record
from cna_viz.records.verify import find_problems


@pytest.mark.parametrize("slot", ["relu", "cna"])
@pytest.mark.parametrize("layers", [1, 2, 96])
@pytest.mark.parametrize("snapshots", ["log", "ends", "none"])
def test_valid(tmp_path: Path, slot: str, layers: int, snapshots: str) -> None:
    config = RunConfig(
        model=ModelConfig(slot=slot, layers=layers, hidden=4, clusters=5),
        recording=RecordingConfig.model_validate({"snapshots": snapshots}),
    )
    record = synthetic_record(tmp_path, config, nodes=20, classes=3, epochs=4)
    assert find_problems(record.folder) == []
    assert record.folder == tmp_path / config.run_id
    assert load_record(record.folder).config == config
    for number, line in enumerate((record.folder / "metrics.jsonl").read_text().splitlines()):
        assert json.loads(line)["epoch"] == number
        check(MetricsLine, json.loads(line), "here", layers=layers)
    assert record.snapshots == {"log": (0, 1, 4), "ends": (0, 4), "none": ()}[snapshots]
    assert record.best_epoch == 4
    assert dict(record.metrics.sizes) == {"epoch": 5, "split": 3, "layer": layers, "stage": 2}
    assert dict(record.graph.sizes) == {"node": 20, "end": 2, "edge": 40}
    for epoch in record.snapshots:
        for layer in {1, layers - 1, layers} - {0}:
            stages = ("conv", "slot") if layer < layers else ("conv",)
            for stage in stages:
                shape = record.embedding(layer, stage, epoch).shape
                assert shape == (20, 4 if layer < layers else 3)
            labels = record.layer_variable("cluster_label", layer, epoch)
            assert (labels is not None) == (slot == "cna" and layer < layers)


def test_numbers_are_drawn_from_the_seed(tmp_path: Path) -> None:
    first, second = (synthetic_record(tmp_path / name) for name in ("a", "b"))
    for name in first.manifest:
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()
    other = synthetic_record(tmp_path / "a", RunConfig(seed=1))
    assert not np.array_equal(first.metrics["loss"].values, other.metrics["loss"].values)


def test_summary_may_be_overridden(tmp_path: Path) -> None:
    record = synthetic_record(tmp_path, status="diverged", best_epoch=1, warnings=["careful"])
    assert (record.summary["status"], record.best_epoch, record.summary["warnings"]) == ("diverged", 1, ["careful"])


def test_graph_is_a_ring(tmp_path: Path) -> None:
    graph = synthetic_record(tmp_path, nodes=7).graph
    pairs = {tuple(pair) for pair in graph["edge_index"].values.T.tolist()}
    assert len(pairs) == 14
    assert all((j, i) in pairs for i, j in pairs)
    assert np.array_equal(np.bincount(graph["edge_index"].values[0]), graph["degree"].values)


@pytest.mark.parametrize(("dataset", "missing"), [("digits", 4), ("chameleon-traffic", 4), ("motifs", 12)])
def test_unlabelled_nodes_are_valid_and_in_no_split(tmp_path: Path, dataset: str, missing: int) -> None:
    record = synthetic_record(tmp_path, RunConfig(data=DataConfig(dataset=dataset)), unlabelled=4)
    target, split = (record.graph[name].values for name in ("target", "split_of_node"))
    unknown = np.isnan(target) if target.dtype.kind == "f" else target == -1
    assert np.flatnonzero(unknown).tolist() == list(range(60 - missing, 60))
    np.testing.assert_array_equal(split == 0, unknown)
    assert find_problems(record.folder) == []


def test_names_of_classes_are_kept_and_content_may_be_unknown(tmp_path: Path) -> None:
    record = synthetic_record(tmp_path, class_names=["a", "b", "c"])
    assert record.class_names == ("a", "b", "c")
    assert record.content is None
    assert synthetic_record(tmp_path, RunConfig(seed=1)).class_names == ()
