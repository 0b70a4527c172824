"""What was written is what is read, and what was not sealed is not a record."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cna_viz import files
from cna_viz.config import RESULTS_VERSION, ModelConfig, RunConfig
from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import SCORES
from cna_viz.errors import RecordError
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.record import load_record
from cna_viz.records.schema import LAYER_VARIABLES, REQUIRED_FILES, SCHEMA_VERSION, VARIABLES
from cna_viz.records.verify import find_problems
from cna_viz.records.writing import writer as module
from cna_viz.records.writing.writer import RecordWriter

CONFIG = RunConfig(model=ModelConfig(slot="cna", layers=2, hidden=3, clusters=2))
ENVIRONMENT = {"versions": {"torch": "2"}, "threads": 3}
GRAPH: dict[str, np.ndarray] = {
    "target": np.array([0, 1, 1]),
    "split_of_node": np.array([1, 2, 3], dtype=np.int8),
    "degree": np.array([1, 2, 1]),
    "edge_index": np.array([[0, 1, 1, 2], [1, 0, 2, 1]]),
}
SNAPSHOT: dict[str, np.ndarray] = {
    "prediction": np.array([1, 1, 0], dtype=np.int32),
    "embedding.conv.0001": np.array([[1, 2, 3], [4, 5, np.nan], [np.inf, 0, -1]], dtype=np.float16),
    "embedding.slot.0001": np.array([[1e10, 2, 3]] * 3, dtype=np.float32),
    "embedding.conv.0002": np.array([[0.5, 1]] * 3, dtype=np.float16),
    "cluster_label.0001": np.array([0, 1, 1], dtype=np.int32),
    "centroid.0001": np.array([[0, 1, 2], [3, 4, 5]], dtype=np.float32),
    "rational_numerator.0001": np.arange(12, dtype=np.float32).reshape(2, 6),
    "rational_denominator.0001": np.arange(8, dtype=np.float32).reshape(2, 4),
    "slot_input_histogram.0001": np.arange(164).reshape(2, 82),
}


def line(epoch: int, *, measured: bool = True) -> dict[str, Any]:
    scores = {"train": epoch + 0.1, "val": epoch + 0.2, "test": math.nan if epoch == 1 else epoch + 0.3}
    measures = {
        name: {"conv": [10.0 * epoch + number, math.inf], "slot": [10.0 * epoch + number + 0.5, None]}
        for number, name in enumerate(MEASURES)
    }
    return {"epoch": epoch, "loss": scores, "accuracy": scores} | ({"layers": measures} if measured else {})


def write(folder: Path) -> None:
    with RecordWriter(folder, CONFIG, ENVIRONMENT) as writer:
        writer.graph(GRAPH)
        writer.epoch(line(0), seconds=0.5)
        writer.snapshot(
            0, {name: array for name, array in SNAPSHOT.items() if name.split(".")[0] not in LAYER_VARIABLES}
        )
        writer.epoch(line(1, measured=False), seconds=0.25)
        writer.epoch(line(2), seconds=0.125)
        writer.epoch(line(12345, measured=False), seconds=0.0625)
        writer.snapshot(12345, SNAPSHOT)
        writer.selected(12345, line(12345)["layers"])
        ends = {"best_epoch": 12345, "epochs": 12345, "warnings": ["none"]}
        writer.seal({"status": "complete", "accuracy": {"test": math.nan}, **ends})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "runs" / CONFIG.run_id)
    return tmp_path / "runs" / CONFIG.run_id


def test_small_things_come_back(folder: Path) -> None:
    record = load_record(folder)
    assert record.config == CONFIG
    assert record.environment == {"schema_version": SCHEMA_VERSION, "results_version": RESULTS_VERSION, **ENVIRONMENT}
    assert record.summary == {
        "status": "complete",
        "best_epoch": 12345,
        "epochs": 12345,
        "accuracy": {"test": None},
        "warnings": ["none"],
    }
    assert (record.id, record.layers, record.best_epoch, record.snapshots) == (CONFIG.run_id, 2, 12345, (0, 12345))
    assert find_problems(folder) == []
    timings = [json.loads(text) for text in (folder / "timings.jsonl").read_text().splitlines()]
    assert timings == [{"epoch": epoch, "seconds": 0.5**power} for epoch, power in ((0, 1), (1, 2), (2, 3), (12345, 4))]


def test_metrics_come_back(folder: Path) -> None:
    metrics = load_record(folder).metrics
    assert {name: list(values) for name, values in metrics.coords.items()} == {
        "epoch": [0, 1, 2, 12345],
        "split": ["train", "val", "test"],
        "layer": [1, 2],
        "stage": ["conv", "slot"],
    }
    assert set(metrics.data_vars) == {"loss", *SCORES, *MEASURES}
    for name, variable in metrics.data_vars.items():
        assert variable.dims == VARIABLES[str(name)].dims
        assert variable.dtype == np.float64
    wanted = np.array([[0.1, 0.2, 0.3], [1.1, 1.2, math.nan], [2.1, 2.2, 2.3], [12345.1, 12345.2, 12345.3]])
    for name in ("loss", "accuracy"):
        np.testing.assert_array_equal(metrics[name].values, wanted)
    assert all(metrics[name].isnull().all() for name in SCORES if name != "accuracy")  # of other tasks
    for number, name in enumerate(MEASURES):
        for epoch in (0, 2, 12345):  # the selected one was not due, and is there
            values = metrics[name].sel(epoch=epoch, layer=1)
            assert float(values.sel(stage="conv")) == 10 * epoch + number
            assert float(values.sel(stage="slot")) == 10 * epoch + number + 0.5
            assert bool(metrics[name].sel(epoch=epoch, layer=2).isnull().all())  # not finite or null: NaN
        assert bool(metrics[name].sel(epoch=1).isnull().all())


def test_graph_comes_back(folder: Path) -> None:
    graph = load_record(folder).graph
    assert set(graph.data_vars) == set(GRAPH)
    for name, array in GRAPH.items():
        assert graph[name].dims == VARIABLES[name].dims
        assert graph[name].dtype == array.dtype
        assert np.array_equal(graph[name].values, array)


def test_snapshots_come_back(folder: Path) -> None:
    record = load_record(folder)
    for stage, layer in (("conv", 1), ("slot", 1), ("conv", 2)):
        for epoch in (None, 12345):
            embedding = record.embedding(layer, stage, epoch)
            wanted = SNAPSHOT[f"embedding.{stage}.{layer:04d}"].astype(np.float32)
            assert np.array_equal(embedding.values, wanted, equal_nan=True)
            assert (embedding.dtype, embedding.dims) == (np.float32, ("node", "channel"))
            assert embedding.attrs == {"layer": layer, "stage": stage, "run": CONFIG.run_id, "epoch": 12345}
    for name in LAYER_VARIABLES:
        variable = record.layer_variable(name, 1)
        assert variable is not None
        assert variable.dims == VARIABLES[name].dims[2:]
        assert np.array_equal(variable.values, SNAPSHOT[f"{name}.0001"])
        assert record.layer_variable(name, 1, epoch=0) is None
        assert record.layer_variable(name, 2) is None
    assert record.prediction().dims == ("node",)
    assert record.prediction(0).values.tolist() == [1, 1, 0]


def test_every_variable_of_the_contract_was_read(folder: Path) -> None:
    record = load_record(folder)
    snapshot = {name.split(".")[0] for name in SNAPSHOT}
    of_some = {"graph_of_node", "edge_weight", "is_arc"}
    assert {*record.metrics.data_vars, *record.graph.data_vars, *snapshot} == set(VARIABLES) - of_some


def test_existing_record_is_not_written_over(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(FileExistsError):
        write(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_interrupted_record_is_unfinished(tmp_path: Path, error: type[BaseException]) -> None:
    folder = tmp_path / "run"
    with pytest.raises(error), RecordWriter(folder, CONFIG, {}) as writer:  # noqa: PT012
        writer.graph(GRAPH)
        writer.epoch(line(0), seconds=0.5)
        writer.snapshot(0, SNAPSHOT)
        raise error
    assert not is_complete(folder)
    with pytest.raises(RecordError, match=r"the run was not finished \(no COMPLETE\); run it again"):
        load_record(folder)
    (problem,) = find_problems(folder)
    assert "not finished" in problem
    assert (folder / "metrics.jsonl").read_text().count("\n") == 1  # streamed, not kept until the end


def test_leaving_without_seal_is_unfinished(tmp_path: Path) -> None:
    with RecordWriter(tmp_path / "run", CONFIG, {}) as writer:
        writer.graph(GRAPH)
    assert not is_complete(tmp_path / "run")


def test_the_mark_is_the_last_thing_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, written = module.write_atomically, []

    def note(path: Path, content: bytes) -> None:
        written.append(path.name)
        real(path, content)

    monkeypatch.setattr(module, "write_atomically", note)
    write(tmp_path / "run")
    assert written[-1] == "COMPLETE"
    assert written.count("COMPLETE") == 1
    listed = [json.loads(text)["file"] for text in (tmp_path / "run" / "manifest.jsonl").read_text().splitlines()]
    assert sorted(listed) == sorted({*REQUIRED_FILES, "snapshots/0000.safetensors", "snapshots/12345.safetensors"})


def test_file_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    folder = tmp_path / "run"
    with RecordWriter(folder, CONFIG, {}) as writer:
        writer.graph(GRAPH)
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        monkeypatch.setattr(files.os, "fsync", full)
        with pytest.raises(OSError, match="no space left"):
            writer.snapshot(0, SNAPSHOT)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_nothing_has_its_name_before_it_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, real, seen = tmp_path / "run", files.os.fsync, []

    def look(descriptor: int) -> None:
        seen.append((folder / "graph.safetensors").exists())
        real(descriptor)

    with RecordWriter(folder, CONFIG, {}) as writer:
        monkeypatch.setattr(files.os, "fsync", look)
        writer.graph(GRAPH)
    assert seen == [False, True]  # the file itself, then the manifest that lists it


def test_lines_are_on_disk_as_soon_as_written(tmp_path: Path) -> None:
    with RecordWriter(tmp_path / "run", CONFIG, {}) as writer:
        for epoch in range(3):
            writer.epoch(line(epoch), seconds=0.5)
            for name in ("metrics.jsonl", "timings.jsonl"):
                assert (tmp_path / "run" / name).read_bytes().count(b"\n") == epoch + 1


def test_streams_are_closed(tmp_path: Path) -> None:
    with RecordWriter(tmp_path / "run", CONFIG, {}) as writer:
        streams = list(writer._streams.values())
        assert not any(stream.closed for stream in streams)
    assert all(stream.closed for stream in streams)
    assert len(streams) == 2
