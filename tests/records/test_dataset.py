"""A record as one dataset: every tensor is in it, and what is padded holds nothing."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from cna_viz.config import ModelConfig, RunConfig
from cna_viz.records import schema
from cna_viz.records.dataset import snapshots_dataset, to_xarray
from cna_viz.records.record import Record, load_record
from cna_viz.records.writing.writer import RecordWriter
from tests.records.helpers import snapshot_of

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
