"""``cna-viz run``: results on stdout, a bar on stderr, one line where something is not possible."""

import errno
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import RunConfig
from cna_viz.config.vocabulary import BACKBONES, DATASETS, SLOTS, SPLIT_PROTOCOLS
from cna_viz.records.listing import list_runs
from cna_viz.records.record import load_record
from cna_viz.records.synthetic import synthetic_record

Call = Callable[..., Any]

SMALL = ("--dataset", "karate", "--hidden", "4", "--epochs", "3")
KEYS = {
    "id",
    "path",
    "metric",
    "accuracy",
    "macro_f1",
    "best_epoch",
    "epochs",
    "seconds_per_epoch",
    "parameters",
    "status",
}


def only_a_bar(text: str) -> bool:
    """Whether every state of every line is one of the progress bar."""
    return all("layer-epochs" in state for state in re.split(r"[\r\n]+", text) if state.strip())


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be trained."""

    def fail(*arguments: object, **options: object) -> None:
        raise AssertionError("trained")

    monkeypatch.setattr("cna_viz.experiments.train.train_missing", fail)


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize(
    ("option", "value", "kind", "nearest", "choices"),
    [
        ("--dataset", "karete", "dataset", "karate", DATASETS),
        ("--dataset", "Cora", "dataset", "cora", DATASETS),
        ("--split", "random-60-20", "split protocol", "random-60-20-20", SPLIT_PROTOCOLS),
        ("--slot", "cna-randon", "slot", "cna-random", SLOTS),
        ("--backbone", "gcnn", "backbone", "gcn", BACKBONES),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_first(
    call: Call, option: str, value: str, kind: str, nearest: str, choices: tuple[str, ...]
) -> None:
    answer = call("run", option, value)
    assert answer.code == 2
    assert answer.complaint.startswith(f"unknown {kind} {value!r}; choices, nearest first: {nearest}")
    assert all(choice in answer.complaint for choice in choices)


@pytest.mark.usefixtures("no_training")
def test_a_split_that_the_dataset_lacks_is_refused_with_those_it_has(call: Call) -> None:
    answer = call("run", "--dataset", "karate", "--split", "public")
    assert answer.code == 2
    assert answer.complaint.startswith("unknown split protocol 'public'; choices, nearest first: ")
    assert answer.complaint.endswith("These are the ones dataset 'karate' has.")


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize(
    ("words", "field", "value", "allowed"),
    [
        ("--layers 0", "layers", "0", "at least 1"),
        ("--layers 5000", "layers", "5000", "at most 4096"),
        ("--hidden 0", "hidden", "0", "at least 1"),
        ("--clusters 0", "clusters", "0", "at least 1"),
        ("--recluster-every 0", "recluster_every", "0", "at least 1"),
        ("--dropout 1", "dropout", "1.0", "less than 1"),
        ("--dropout -0.1", "dropout", "-0.1", "at least 0"),
        ("--epochs -1", "epochs", "-1", "at least 0"),
        ("--lr inf", "lr", "inf", "a finite number"),
        ("--lr nan", "lr", "nan", "a finite number"),
        ("--lr 0", "lr", "0.0", "greater than 0"),
        ("--lr-activation -1", "lr_activation", "-1.0", "greater than 0"),
        ("--weight-decay -1", "weight_decay", "-1.0", "at least 0"),
        ("--patience 0", "patience", "0", "at least 1"),
        ("--every 0", "every", "0", "at least 1"),
        ("--seed -1", "seed", "-1", "at least 0"),
        ("--seed 9223372036854775808", "seed", "9223372036854775808", "at most 9223372036854775807"),
        ("--split-seed -1", "split_seed", "-1", "at least 0"),
        ("--dataset csbm --csbm-homophily 1.5", "homophily", "1.5", "at most 1"),
        ("--dataset csbm --csbm-nodes 3 --csbm-classes 4", "csbm classes", "4", "at most nodes = 3"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(
    call: Call, words: str, field: str, value: str, allowed: str
) -> None:
    answer = call("run", *words.split())
    assert answer.code == 2
    assert answer.complaint.startswith(f"{field} = {value} is out of range: it must be ")
    assert allowed in answer.complaint


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--snapshots all", "unknown snapshots 'all'; choices: 'log', 'ends' or 'none'"),
        ("--precision float64", "unknown precision 'float64'; choices: 'float16' or 'float32'"),
        ("--csbm-nodes 5", "csbm parameters need dataset 'csbm', not 'digits'"),
        ("--layers two", "--layers = 'two' is not accepted: it must be a whole number"),
    ],
)
def test_what_means_nothing_is_refused(call: Call, words: str, message: str) -> None:
    answer = call("run", *words.split())
    assert (answer.code, answer.complaint) == (2, message)


def test_more_clusters_than_nodes_are_refused_before_anything_is_written(call: Call, tmp_path: Path) -> None:
    answer = call("run", "--dataset", "karate", "--slot", "cna", "--clusters", 35)
    assert answer.code == 2
    assert answer.complaint == "clusters = 35 is out of range: it must be at most 34, the number of nodes of karate"
    assert not (tmp_path / "runs").exists()


def test_a_run_prints_its_result_and_shows_a_bar(call: Call) -> None:
    answer = call("run", *SMALL, "--slot", "cna", "--layers", 3)
    assert answer.code == 0
    (listed,) = list_runs(Path("runs"))
    record = listed.record
    assert record is not None
    lines = answer.out.splitlines()
    assert lines[0] == "gcn + cna, 3 layers on karate, random-60-20-20, seed 0"
    for line, name, words in zip(lines[1:3], ("accuracy", "macro_f1"), ("accuracy", "macro F1"), strict=True):
        shares = [f"{part} {100 * record.summary[name][part]:.1f} %" for part in ("test", "val", "train")]
        assert line.split("   ") == [f"  {words}  {shares[0]}", *shares[1:]]
    assert lines[3] == f"  at the best validation epoch, {record.best_epoch} of 3"
    assert lines[5] == f"  record {record.folder}"
    assert len(lines) == 6
    assert "layer-epochs" in answer.err
    assert only_a_bar(answer.err)


def test_json_is_one_object_and_the_second_time_nothing_is_trained(
    call: Call, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    first = call("run", *SMALL, "--json", "--runs", "here")
    assert first.code == 0
    assert only_a_bar(first.err)
    result = json.loads(first.out)
    assert first.out.count("\n") == 1
    assert set(result) == KEYS
    record = load_record(Path(result["path"]))
    assert result["id"] == record.id
    assert Path(result["path"]) == Path("here") / record.id
    assert result["accuracy"] == record.summary["accuracy"]
    assert set(result["accuracy"]) == {"train", "val", "test"}
    assert result["metric"] == "accuracy"
    assert (result["epochs"], result["status"]) == (3, "complete")
    assert 0 <= result["best_epoch"] <= 3
    assert result["parameters"] == record.summary["parameters"] > 0

    request.getfixturevalue("no_training")
    second = call("run", *SMALL, "--json", "--runs", "here")
    assert (second.code, second.out, second.err) == (0, first.out, "")
    with pytest.raises(AssertionError, match="trained"):
        call("run", *SMALL, "--seed", 1, "--runs", "here")


def test_a_diverged_run_fails_and_its_record_is_kept(call: Call) -> None:
    words = ("run", "--dataset", "karate", "--slot", "none", "--layers", 6, "--lr", "1e30", "--epochs", 3, "--json")
    first, second = call(*words), call(*words)
    assert first.code == second.code == 1
    result = json.loads(first.out)
    assert result["status"] == "diverged"
    assert load_record(Path(result["path"])).summary["status"] == "diverged"
    assert first.out == second.out
    assert second.err.count("\n") == 1  # the second time there is no bar
    assert second.err.startswith("cna-viz: diverged: the loss was not finite after step 1; lower lr")
    assert first.err.endswith(second.err)
    assert only_a_bar(first.err.removesuffix(second.err))


def test_a_record_that_does_not_state_everything_is_printed_with_dashes(call: Call, tmp_path: Path) -> None:
    synthetic_record(tmp_path / "runs", RunConfig(), parameters=None, seconds_per_epoch=None)
    answer = call("run")
    assert answer.code == 0
    assert "  – s per epoch, – parameters" in answer.out


def test_the_untrained_network_is_a_run(call: Call) -> None:
    answer = call("run", "--dataset", "karate", "--hidden", 4, "--epochs", 0, "--json")
    assert answer.code == 0
    assert json.loads(answer.out)["epochs"] == 0


def test_an_interrupted_run_is_told_and_goes_on_from_there(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: object, epoch: int, *arguments: object, **options: object) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("cna_viz.training.loop.EpochBar.on_epoch", interrupt)
        answer = call("run", *SMALL)
    assert (answer.code, answer.out) == (130, "")
    assert "cna-viz: interrupted; finished records are kept" in answer.err.splitlines()[-1]
    assert [listed.status for listed in list_runs(Path("runs"))] == ["incomplete"]
    assert call("run", *SMALL).code == 0
    assert [listed.status for listed in list_runs(Path("runs"))] == ["complete"]


def test_a_damaged_record_is_neither_loaded_nor_trained_over(call: Call) -> None:
    path = Path(json.loads(call("run", *SMALL, "--json").out)["path"]) / "metrics.jsonl"
    damaged = path.read_bytes()[:-20]
    path.write_bytes(damaged)
    answer = call("run", *SMALL)
    assert answer.code == 1
    assert answer.complaint.startswith(f"{path}: truncated or altered")
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("runs", ["file", "file/below"])
def test_a_runs_folder_that_is_a_file_is_one_line(call: Call, tmp_path: Path, runs: str) -> None:
    (tmp_path / "file").write_text("here already")
    answer = call("run", *SMALL, "--runs", runs)
    assert (answer.code, answer.out) == (1, "")
    *bar, line = answer.err.splitlines()
    assert line.startswith("cna-viz: ")
    assert runs in line
    assert "Traceback" not in answer.err
    assert only_a_bar("\n".join(bar))
    assert (tmp_path / "file").read_text() == "here already"


def test_a_runs_folder_that_cant_be_written_to_is_one_line(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder.parent / ".locks"))

    monkeypatch.setattr("cna_viz.experiments.train.record_lock", refuse)
    answer = call("run", *SMALL)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.splitlines()[-1] == "cna-viz: Permission denied (runs/.locks)"


def test_a_data_folder_that_is_not_there_is_refused(call: Call) -> None:
    answer = call("run", "--dataset", "cora", "--data", "nowhere")
    assert (answer.code, answer.complaint) == (1, "data folder 'nowhere' does not exist or is not a folder")


def test_a_dataset_that_cant_be_had_says_which_files_belong_where(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from urllib.error import URLError

    def fetch(*arguments: object) -> None:
        raise URLError("no network\nin this test")

    monkeypatch.setattr("cna_viz.data.pyg.load", fetch)
    (tmp_path / "root").mkdir()
    answer = call("run", "--dataset", "cora", "--split", "public", "--data", "root")
    assert (answer.code, answer.out) == (1, "")
    (line,) = [line for line in answer.err.splitlines() if line.startswith("cna-viz: ")]
    assert line == answer.err.splitlines()[-1]
    assert line.startswith("cna-viz: dataset 'cora' is not on disk and could not be downloaded (URLError: ")
    assert "put the files ind.cora.x, ind.cora.tx, ind.cora.allx, ind.cora.y" in line
    assert f"into root/Planetoid/Cora/raw or {tmp_path / 'cache' / 'data' / 'Planetoid' / 'Cora' / 'raw'}" in line
    assert not list((tmp_path / "root").iterdir())
    assert not (tmp_path / "runs").exists()


# How much it will take


@pytest.mark.usefixtures("no_training")
def test_a_dry_run_says_what_the_run_will_take_and_keeps_nothing(call: Call, tmp_path: Path) -> None:
    answer = call("run", *SMALL, "--slot", "cna", "--layers", 3, "--epochs", 2000, "--every", 10, "--dry-run")
    assert (answer.code, answer.err) == (0, "")
    title, time, disk, parameters = answer.out.splitlines()
    assert title == "gcn + cna, 3 layers on karate, random-60-20-20, seed 0: nothing is kept"
    number = r"[\d.]+(?:e[+-]\d+)?"
    assert re.fullmatch(
        rf"  {number} s at most: 2,000 epochs of {number} s, 203 of which are measured and take {number} s", time
    )
    assert re.fullmatch(rf"  {number} (kB|MB) on disk at most: 7 snapshots of {number} kB", disk)
    assert re.fullmatch(r"  [\d,]+ parameters", parameters)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_training")
def test_a_dry_run_as_json_is_one_object(call: Call) -> None:
    answer = call("run", *SMALL, "--dry-run", "--json")
    assert (answer.code, answer.err, answer.out.count("\n")) == (0, "", 1)
    found = json.loads(answer.out)
    assert set(found) == {
        "parameters",
        "epochs",
        "measured",
        "snapshots",
        "snapshot_bytes",
        "bytes",
        "seconds_per_epoch",
        "seconds_per_measured_epoch",
        "seconds",
    }
    assert found["epochs"] == 3
    assert all(value > 0 for value in found.values())


def test_a_dry_run_beside_a_record_touches_nothing(call: Call) -> None:
    assert call("run", *SMALL).code == 0
    before = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")}
    assert call("run", *SMALL, "--dry-run").code == 0
    assert {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")} == before


@pytest.mark.usefixtures("no_training")
def test_a_dry_run_of_what_cannot_be_run_is_refused(call: Call) -> None:
    answer = call("run", "--dataset", "karate", "--slot", "cna", "--clusters", 35, "--dry-run")
    assert answer.code == 2
    assert answer.complaint == "clusters = 35 is out of range: it must be at most 34, the number of nodes of karate"
    assert call("run", "--dataset", "cora", "--data", "nowhere", "--dry-run").code == 1


def test_measures_are_those_that_were_asked_for(call: Call) -> None:
    answer = call("run", *SMALL, "--measures", "mad,weight_norm", "--every", 1, "--json")
    metrics = Path(json.loads(answer.out)["path"]) / "metrics.jsonl"
    assert [set(json.loads(line)["layers"]) for line in metrics.read_text().splitlines()] == [
        {"mad", "weight_norm"}
    ] * 4


@pytest.mark.usefixtures("no_training")
def test_an_unknown_measure_is_refused_with_the_nearest_first(call: Call) -> None:
    answer = call("run", "--measures", "mad,raylegh")
    assert answer.code == 2
    assert answer.complaint.startswith("unknown measure 'raylegh'; choices, nearest first: rayleigh,")
