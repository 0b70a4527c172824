"""What a run left that goes on or was killed opens as far as it goes, when asked to."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import RecordError, UsageError
from cna_viz.records.record import Record, load_record
from cna_viz.records.writing.writer import RecordWriter
from tests.records.helpers import GRAPH, snapshot_of

Make = Callable[..., Record]
SEALED = ("COMPLETE", "summary.json", "selected.json")
LINES = ("metrics.jsonl", "timings.jsonl")
CONFIG = RunConfig(model=ModelConfig(layers=1), recording=RecordingConfig(every=1, measures=("mad",)))
SCORES = {"train": 1.0, "val": 0.5, "test": 0.25}


def measured(value: float) -> dict[str, object]:
    return {"layers": {"mad": {"conv": [value], "slot": [None]}}}


def start(runs: Path, epochs: int, *, every: int = 1) -> Path:
    """Write a run of one layer and stop in the middle; every so many epochs are measured."""
    folder = runs / CONFIG.run_id
    with RecordWriter(folder, CONFIG, {}) as writer:
        writer.graph(GRAPH)
        for epoch in range(epochs + 1):
            line = {"epoch": epoch, "loss": SCORES, "accuracy": SCORES}
            writer.epoch(line | (measured(epoch + 0.5) if epoch % every == 0 else {}), seconds=0.5)
        writer.snapshot(0, snapshot_of(1, 2))
    return folder


def test_it_is_refused_unless_asked_for_and_the_message_says_how(runs: Path) -> None:
    with pytest.raises(RecordError) as caught:
        load_record(start(runs, 1))
    assert "the run was not finished (no COMPLETE); run it again, or open it unfinished with incomplete=True" in (
        str(caught.value)
    )


def test_everything_that_was_written_can_be_read(runs: Path) -> None:
    record = load_record(start(runs, 5, every=2), incomplete=True)
    assert (record.config, record.status, record.layers) == (CONFIG, "incomplete", 1)
    assert record.summary == {
        "status": "incomplete",
        "accuracy": {},
        "best_epoch": 4,  # the last that was measured
        "epochs": 5,
        "seconds_per_epoch": None,
        "parameters": None,
        "split_seed": 0,
        "split_sizes": {},
        "peak_memory_mib": None,
        "warnings": ["the run was not finished; this is its record up to epoch 5"],
    }
    assert record.metrics["epoch"].values.tolist() == [0, 1, 2, 3, 4, 5]
    mad = record.metrics["mad"].sel(layer=1, stage="conv").values
    np.testing.assert_array_equal(mad, [0.5, np.nan, 2.5, np.nan, 4.5, np.nan])
    assert record.graph["target"].values.tolist() == [0, 1]
    assert record.snapshots == (0,)
    assert record.embedding(1, "conv", 0).values.tolist() == [[1, 1, 1]] * 2
    assert record.shown_epoch == 0  # the last that was kept
    assert record.embedding(1, "conv").values.tolist() == [[1, 1, 1]] * 2
    with pytest.raises(UsageError, match="no snapshot of epoch 4; snapshots kept: 0"):
        record.embedding(1, "conv", 4)


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("rest", [b"{", b'{"epoch": 3', b'{"epoch": 3, "seconds": 0.5}', b"\xff\x00"])
def test_half_a_line_of_the_lines_is_dropped(runs: Path, name: str, rest: bytes) -> None:
    folder = start(runs, 2)
    with (folder / name).open("ab") as file:
        file.write(rest)
    record = load_record(folder, incomplete=True)
    assert (record.summary["epochs"], record.best_epoch) == (2, 2)
    assert record.metrics.sizes["epoch"] == 3


def test_half_a_line_of_the_manifest_is_dropped(runs: Path) -> None:
    folder = start(runs, 2)
    manifest = folder / "manifest.jsonl"
    lines = manifest.read_bytes().splitlines(keepends=True)
    for size in range(len(lines[-1])):
        manifest.write_bytes(b"".join(lines[:-1]) + lines[-1][:size])
        record = load_record(folder, incomplete=True)
        assert record.snapshots == ()  # the file is there, but nothing says that it is whole
        assert record.graph["target"].values.tolist() == [0, 1]


def test_every_moment_of_a_run_opens(make: Make, runs: Path) -> None:
    sealed = make(layers=2).folder
    lines = (sealed / "manifest.jsonl").read_text().splitlines(keepends=True)
    files = [json.loads(line)["file"] for line in lines]
    unfinished = sealed.with_name(f"{sealed.name}.unfinished-1")
    for count in range(1, len(files) + 1):
        for in_manifest in (count, count - 1):  # the file is in place before its line is
            shutil.rmtree(unfinished, ignore_errors=True)
            (unfinished / "snapshots").mkdir(parents=True)
            for name in {*files[:count], *LINES}:
                shutil.copy(sealed / name, unfinished / name)
            (unfinished / "manifest.jsonl").write_text("".join(lines[:in_manifest]))
            record = load_record(unfinished, incomplete=True)
            assert (record.status, record.summary["epochs"]) == ("incomplete", 5)
            assert record.best_epoch == (5 if "selected.json" in record.manifest else 0)  # only 0 was due
            assert record.metrics.sizes["epoch"] == 6
            for epoch in record.snapshots:
                assert record.embedding(1, "conv", epoch).shape == (12, 8)
    assert set(files) >= {"config.json", "selected.json", "summary.json"}


def test_only_the_config(make: Make) -> None:
    folder = make().folder
    config = (folder / "config.json").read_text()
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "config.json").write_text(config)
    record = load_record(folder, incomplete=True)
    assert (record.config.to_json(), record.environment, record.snapshots) == (config, {}, ())
    assert (record.status, record.best_epoch, record.summary["epochs"]) == ("incomplete", 0, 0)
    with pytest.raises(RecordError, match=r"graph\.safetensors: the run ended before it was written"):
        assert record.graph
    with pytest.raises(RecordError, match=r"metrics\.jsonl: not readable"):
        assert record.metrics


def test_no_epoch_yet(runs: Path) -> None:
    folder = runs / CONFIG.run_id
    with RecordWriter(folder, CONFIG, {}):
        record = load_record(folder, incomplete=True)
        assert record.metrics.sizes["epoch"] == 0
        assert (record.best_epoch, record.summary["epochs"]) == (0, 0)


def test_a_run_that_goes_on(runs: Path) -> None:
    folder = runs / CONFIG.run_id
    with RecordWriter(folder, CONFIG, {}) as writer:
        for epoch in range(3):
            writer.epoch({"epoch": epoch, "loss": SCORES, "accuracy": SCORES}, seconds=0.5)
            assert load_record(folder, incomplete=True).metrics["epoch"].values.tolist() == list(range(epoch + 1))


def test_the_selected_epoch_counts_where_it_is_known(runs: Path) -> None:
    folder = start(runs, 5)
    writer = RecordWriter(folder, CONFIG, {})
    writer.selected(3, {"mad": {"conv": [7.0], "slot": [None]}})
    record = load_record(folder, incomplete=True)
    assert record.best_epoch == 3
    assert float(record.metrics["mad"].sel(epoch=3, layer=1, stage="conv")) == 3.5  # it was due, and so in its line


def test_what_the_run_says_of_itself_comes_first(runs: Path) -> None:
    folder = start(runs, 5)
    RecordWriter(folder, CONFIG, {}).abandon({"best_epoch": 2, "epochs": 5, "warnings": ["stopped by hand"]})
    record = load_record(folder, incomplete=True)
    assert (record.status, record.best_epoch, record.summary["accuracy"]) == ("incomplete", 2, {})
    assert record.summary["warnings"] == [
        "stopped by hand",
        "the run was not finished; this is its record up to epoch 5",
    ]
    with pytest.raises(RecordError, match="not finished"):
        load_record(folder)


def test_a_sealed_record_may_say_that_it_is_incomplete(make: Make) -> None:
    folder = make(status="incomplete").folder
    assert load_record(folder).status == "incomplete"


@pytest.mark.parametrize("damage", [b"", b"{}", b"{"])
def test_listed_files_are_checked_as_ever(make: Make, damage: bytes) -> None:
    record = make()
    (record.folder / "COMPLETE").unlink()
    (record.folder / "summary.json").write_bytes(damage)
    with pytest.raises(RecordError, match=r"summary\.json: truncated or altered"):
        load_record(record.folder, incomplete=True)


@pytest.mark.parametrize("line", ["{", "[]", '{"file": "../x", "bytes": 1, "sha256": "x"}'])
def test_a_manifest_whose_middle_is_broken_is_refused(runs: Path, line: str) -> None:
    folder = start(runs, 1)
    with (folder / "manifest.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(RecordError, match=r"manifest\.jsonl"):
        load_record(folder, incomplete=True)


@pytest.mark.parametrize("line", [b"{\n", b"[]\n", b"{}\n", b'{"epoch": "3"}\n'])
def test_a_whole_line_that_is_none_is_refused(runs: Path, line: bytes) -> None:
    folder = start(runs, 1)
    with (folder / "metrics.jsonl").open("ab") as file:
        file.write(line)
    with pytest.raises(RecordError, match=r"metrics\.jsonl"):
        load_record(folder, incomplete=True)


def test_only_an_interrupted_attempt_may_lie_in_a_folder_of_another_name(make: Make, runs: Path) -> None:
    record = make()
    (record.folder / "COMPLETE").unlink()
    aside = record.folder.rename(runs / f"{record.id}.unfinished-2")
    assert load_record(aside, incomplete=True).config == record.config
    other = aside.rename(runs / "0123456789abcdef")
    with pytest.raises(RecordError, match=f"this is the record of run {record.id}"):
        load_record(other, incomplete=True)


def test_a_complete_record_is_the_same_either_way(make: Make) -> None:
    record = make()
    assert load_record(record.folder, incomplete=True).summary == record.summary


def test_missing_folder(runs: Path) -> None:
    with pytest.raises(RecordError, match="no such record"):
        load_record(runs / "0123456789abcdef", incomplete=True)
