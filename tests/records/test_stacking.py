"""Runs side by side: every value stands where it belongs, and nothing stands where there was nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cna_viz import records
from cna_viz.config import ModelConfig, RunConfig, vocabulary
from cna_viz.errors import UsageError
from cna_viz.records.record import Record, load_record
from cna_viz.records.writing.writer import RecordWriter
from tests.records.helpers import GRAPH

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
