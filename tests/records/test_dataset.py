"""One record, or several, as a dataset: everything in it, padded where layers or runs differ."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from cna_viz import records
from cna_viz.config import ModelConfig, RunConfig, vocabulary
from cna_viz.errors import UsageError
from cna_viz.records import schema
from cna_viz.records.dataset import snapshots_dataset, to_xarray
from cna_viz.records.record import Record, load_record
from cna_viz.records.writing.writer import RecordWriter
from tests.records.helpers import GRAPH, snapshot_of

Make = Callable[..., Record]


def test_metrics_and_graph(make: Make) -> None:
    record = make()
    dataset = to_xarray(record)
    for part in (record.metrics, record.graph):
        for name, variable in part.data_vars.items():
            assert dataset[name].identical(variable)
            assert dataset[name].dtype == variable.dtype
    assert set(dataset.data_vars) == {*record.metrics.data_vars, *record.graph.data_vars}
    assert record.metrics.attrs == {}  # it was not written to


def test_attributes(make: Make) -> None:
    record = make(warnings=("careful", "slow"), peak_memory_mib=None)
    attributes = to_xarray(record).attrs
    assert RunConfig.from_json(attributes.pop("config")) == record.config
    assert json.loads(attributes.pop("warnings")) == ["careful", "slow"]
    assert json.loads(attributes.pop("versions")) == {}
    assert math.isnan(attributes.pop("peak_memory_mib"))
    assert attributes == {
        "run": record.id,
        "status": "complete",
        "seed": 0,
        "schema_version": schema.SCHEMA_VERSION,
        "results_version": record.environment["results_version"],
        "commit": "",
        "best_epoch": 5,
        "seconds_per_epoch": 0.01,
    }


def test_every_tensor_of_every_snapshot_is_in_it(make: Make) -> None:
    record = make("cna", layers=3)
    dataset = to_xarray(record, snapshots=True)
    assert dataset["snapshot"].values.tolist() == [0, 1, 5]
    assert dataset["loss"].equals(record.metrics["loss"])
    for epoch in record.snapshots:
        at = dataset.sel(snapshot=epoch)
        assert np.array_equal(at["prediction"], record.prediction(epoch))
        for layer, stage in ((1, "conv"), (1, "slot"), (2, "conv"), (2, "slot"), (3, "conv")):
            embedding = record.embedding(layer, stage, epoch)
            padded = at["embedding"].sel(layer=layer, stage=stage)
            assert padded.dtype == np.float32
            assert np.array_equal(padded[:, : embedding.shape[1]], embedding)
            assert bool(padded[:, embedding.shape[1] :].isnull().all())
        assert bool(at["embedding"].sel(layer=3, stage="slot").isnull().all())
        for layer in (1, 2):
            for name in ("cluster_label", "centroid"):
                assert np.array_equal(at[name].sel(layer=layer), record.layer_variable(name, layer, epoch))
            for name, powers in (("rational_numerator", range(6)), ("rational_denominator", range(1, 5))):
                values = at[name].sel(layer=layer, coefficient=list(powers))
                assert np.array_equal(values, record.layer_variable(name, layer, epoch))
        assert bool(at["rational_denominator"].sel(coefficient=[0, 5]).isnull().all())
        assert bool((at["cluster_label"].sel(layer=3) == -1).all())
        assert bool(at["centroid"].sel(layer=3).isnull().all())
    assert dataset["embedding"].sizes["channel"] == 8  # the last layer has three
    types = {name: dataset[name].dtype.name for name in ("prediction", "cluster_label", "centroid")}
    assert types == {"prediction": "int32", "cluster_label": "int32", "centroid": "float32"}
    for name in dataset.data_vars:
        assert dataset[name].dims == schema.VARIABLES[str(name)].dims


def test_slots_without_clusters_have_no_such_variables(make: Make) -> None:
    dataset = to_xarray(make("relu"), snapshots=True)
    assert not {*schema.LAYER_VARIABLES} & {*dataset.data_vars}
    assert "embedding" in dataset


def test_differing_numbers_of_clusters(runs: Path) -> None:
    config = RunConfig(model=ModelConfig(slot="cna", layers=3))
    counts = np.arange(2 * 82).reshape(2, 82)
    with RecordWriter(runs / config.run_id, config, {}) as writer:
        tensors = {
            "centroid__0001": np.ones((2, 3), dtype=np.float32),
            "centroid__0002": np.full((1, 5), 2, dtype=np.float32),
            "slot_input_histogram__0002": counts[:1] + 2**40,
        }
        writer.snapshot(0, snapshot_of(3, 4, **tensors))
        writer.snapshot(4, snapshot_of(3, 4, slot_input_histogram__0001=counts))
    record = load_record(runs / config.run_id, incomplete=True)
    dataset = snapshots_dataset(record, (4, 0))
    sizes = {"snapshot": 2, "layer": 3, "cluster": 2, "channel": 5, "bin": 82, "stage": 2, "node": 4}
    assert dict(dataset.sizes) == sizes
    histogram = dataset["slot_input_histogram"]
    assert histogram.dtype == np.int64
    assert histogram.sel(snapshot=0, layer=2).values.tolist() == [(counts[0] + 2**40).tolist(), [-1] * 82]
    assert histogram.sel(snapshot=4, layer=1).values.tolist() == counts.tolist()
    nan = np.nan
    np.testing.assert_array_equal(
        dataset["centroid"].sel(snapshot=0),
        [[[1, 1, 1, nan, nan]] * 2, [[2] * 5, [nan] * 5], [[nan] * 5] * 2],
    )


def test_record_without_snapshots(make: Make, runs: Path) -> None:
    config = RunConfig()
    with RecordWriter(runs / config.run_id, config, {}) as writer:
        writer.epoch({"epoch": 0, **{name: {"train": 1, "val": 1, "test": 1} for name in ("loss", "accuracy")}}, 0.5)
    dataset = to_xarray(load_record(runs / config.run_id, incomplete=True), snapshots=True)
    assert "target" not in dataset  # interrupted before the graph was written
    assert dataset.attrs["status"] == "incomplete"
    assert dataset["loss"].values.tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("snapshots", [False, True])
def test_nothing_is_shared_between_two_calls(make: Make, snapshots: bool) -> None:
    record = make()
    first = to_xarray(record, snapshots=snapshots)
    first.attrs["status"] = "changed"
    first = first.drop_vars("loss")
    assert isinstance(to_xarray(record, snapshots=snapshots), xr.Dataset)
    assert to_xarray(record, snapshots=snapshots).attrs["status"] == "complete"
    assert "loss" in record.metrics


Make = Callable[..., Record]


def write(runs: Path, layers: int, epochs: list[int], *, slot: str = "relu") -> Record:
    """Write a run whose loss is 100 layers + epoch, and whose mad is epoch + layer / 10."""
    config = RunConfig(model=ModelConfig(slot=slot, layers=layers))
    with RecordWriter(runs / config.run_id, config, {}) as writer:
        writer.graph(GRAPH)
        for epoch in epochs:
            scores = dict.fromkeys(vocabulary.SPLITS, 100.0 * layers + epoch)
            line: dict[str, Any] = {"epoch": epoch, "loss": scores, "accuracy": scores}
            if epoch % 2 == 0:
                conv = [epoch + layer / 10 for layer in range(1, layers + 1)]
                line["layers"] = {"mad": {"conv": conv, "slot": [None] * layers}}
            writer.epoch(line, seconds=0.5)
        writer.selected(0, {})
        writer.seal(
            {"status": "complete", "best_epoch": 0, "epochs": max(epochs, default=0), "accuracy": {}, "warnings": []}
        )
    return load_record(runs / config.run_id)


def test_aligned_by_hand(runs: Path) -> None:
    deep, shallow, bare = write(runs, 3, [0, 1, 2]), write(runs, 1, [0, 2, 5], slot="none"), write(runs, 2, [])
    stacked = records.stack([deep, shallow, bare])
    assert {name: values.values.tolist() for name, values in stacked.coords.items()} == {
        "run": [deep.id, shallow.id, bare.id],
        "epoch": [0, 1, 2, 5],
        "split": ["train", "val", "test"],
        "layer": [1, 2, 3],
        "stage": ["conv", "slot"],
        "dataset": ["digits"] * 3,
        "split_protocol": ["random-60-20-20"] * 3,
        "backbone": ["gcn"] * 3,
        "slot": ["relu", "none", "relu"],
        "layers": [3, 1, 2],
        "seed": [0, 0, 0],
    }
    nan = np.nan
    wanted = [[300, 301, 302, nan], [100, nan, 102, 105], [nan] * 4]
    for split in vocabulary.SPLITS:
        np.testing.assert_array_equal(stacked["loss"].sel(split=split).transpose("run", "epoch").values, wanted)
    np.testing.assert_allclose(
        stacked["mad"].sel(stage="conv").transpose("run", "epoch", "layer").values,
        [
            [[0.1, 0.2, 0.3], [nan, nan, nan], [2.1, 2.2, 2.3], [nan, nan, nan]],
            [[0.1, nan, nan], [nan, nan, nan], [2.1, nan, nan], [nan, nan, nan]],
            [[nan] * 3] * 4,
        ],
    )
    assert bool(stacked["mad"].sel(stage="slot").isnull().all())
    assert set(stacked.data_vars) == set(deep.metrics.data_vars)
    assert {variable.dtype for variable in stacked.data_vars.values()} == {np.dtype(np.float64)}
    assert stacked["epoch"].dtype == stacked["layer"].dtype == np.int64
    assert stacked["loss"].dims[0] == "run"


def test_every_value_comes_back(make: Make, runs: Path) -> None:
    given = [make("relu", 2, 1), make("cna", 4, 0), make("relu", 3, 0, epochs=8)]
    stacked = records.stack(given)
    for record in given:
        again = stacked.sel(run=record.id, epoch=record.metrics["epoch"], layer=record.metrics["layer"])
        for name, variable in record.metrics.data_vars.items():
            np.testing.assert_array_equal(again[name].transpose(*variable.dims).values, variable.values)
    assert stacked["run"].values.tolist() == [record.id for record in given]


def test_by_ids(make: Make, runs: Path) -> None:
    first, second = make(seed=0), make(seed=1)
    stacked = records.stack([second.id[:6], first], runs=runs)
    assert stacked["run"].values.tolist() == [second.id, first.id]
    assert stacked["seed"].values.tolist() == [1, 0]


def test_one_run(make: Make) -> None:
    record = make()
    assert (
        records.stack([record])
        .sel(run=record.id)["loss"]
        .equals(record.metrics["loss"].assign_coords(records.stack([record]).sel(run=record.id)["loss"].coords))
    )


def test_the_same_run_twice_is_refused(make: Make, runs: Path) -> None:
    record = make()
    with pytest.raises(UsageError, match=f"run {record.id} is given twice"):
        records.stack([record, record.id[:4]], runs=runs)


def test_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="there are no records to stack"):
        records.stack([])


def test_incomplete_records_can_be_stacked(make: Make, runs: Path) -> None:
    record = make()
    (record.folder / "COMPLETE").unlink()
    manifest = record.folder / "manifest.jsonl"
    lines = [line for line in manifest.read_text().splitlines(True) if json.loads(line)["file"] != "metrics.jsonl"]
    manifest.write_text("".join(lines))
    metrics = record.folder / "metrics.jsonl"
    metrics.write_text("".join(metrics.read_text().splitlines(True)[:2]))
    stacked = records.stack([make(seed=1), load_record(record.folder, incomplete=True)])
    assert stacked["loss"].sel(split="val").notnull().sum("epoch").values.tolist() == [6, 2]
