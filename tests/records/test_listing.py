"""What lies in a folder of records, and which of it is meant: listed, by id, by the values of a config."""

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cna_viz import records
from cna_viz.config import CSBMConfig, DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.errors import RecordError, UsageError
from cna_viz.records import listing as module
from cna_viz.records.listing import find_run, list_runs, load
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Make = Callable[..., Record]


def test_all_kinds(make: Make, runs: Path) -> None:
    good = make(seed=0)
    diverged = make(seed=1, status="diverged")
    incomplete = make(seed=2)
    (incomplete.folder / "COMPLETE").unlink()
    broken = make(seed=3)
    (broken.folder / "summary.json").write_text("{}")
    (runs / ".locks").mkdir()
    (runs / "notes.txt").write_text("x")
    (runs / "empty").mkdir()
    listed = {entry.folder.name: entry for entry in list_runs(runs)}
    assert list(listed) == sorted([good.id, diverged.id, incomplete.id, broken.id, "empty"])
    assert {name: entry.status for name, entry in listed.items()} == {
        good.id: "complete",
        diverged.id: "diverged",
        incomplete.id: "incomplete",
        broken.id: "broken",
        "empty": "incomplete",  # a run that is about to begin looks so
    }
    opened = {name for name, entry in listed.items() if entry.record is not None}
    assert opened == {good.id, diverged.id, incomplete.id}
    assert str(broken.folder / "summary.json") in listed[broken.id].problem
    assert all(entry.problem == "" for name, entry in listed.items() if name != broken.id)
    record = listed[good.id].record
    assert record is not None
    assert record.config == good.config


def test_a_folder_that_may_not_be_looked_into_hides_no_other(make: Make, runs: Path) -> None:
    good, locked = make(seed=0), make(seed=1)
    locked.folder.chmod(0)
    with _somebody_else(runs):
        listed = {entry.folder.name: entry for entry in list_runs(runs)}
    locked.folder.chmod(0o700)
    assert {name: entry.status for name, entry in listed.items()} == {good.id: "complete", locked.id: "broken"}
    assert listed[locked.id].problem == f"{locked.folder}: not readable (Permission denied)"


@contextmanager
def _somebody_else(readable: Path) -> Iterator[None]:
    """Be a user without rights for a while where we are the one who has them all."""
    if os.geteuid() != 0:
        yield
        return
    modes = {folder: folder.stat().st_mode for folder in (readable, *readable.parents)}
    for folder, mode in modes.items():
        folder.chmod(mode | 0o055)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        for folder, mode in modes.items():
            folder.chmod(mode)


def test_empty_folder(tmp_path: Path) -> None:
    assert list_runs(tmp_path) == []


def test_missing_folder(runs: Path) -> None:
    for look in (lambda: list_runs(runs), lambda: find_run(runs, "a")):
        with pytest.raises(RecordError, match=r"no such folder; `cna-viz run --runs .*` makes a first record there"):
            look()


def test_find_by_id_or_beginning(runs: Path) -> None:
    for name in ("abc1", "abc2", "b000", "abc"):
        (runs / name).mkdir(parents=True)
    assert find_run(runs, "abc1") == runs / "abc1"
    assert find_run(runs, "b") == runs / "b000"
    assert find_run(runs, "abc") == runs / "abc"  # an id that is the beginning of others
    with pytest.raises(
        UsageError, match=r"unknown run 'ab'; choices, nearest first: abc, abc1, abc2\. Several ids begin with it\."
    ):
        find_run(runs, "ab")
    with pytest.raises(UsageError, match="unknown run 'abd1'; choices, nearest first: abc1, "):
        find_run(runs, "abd1")
    with pytest.raises(UsageError, match="unknown run ''"):
        find_run(runs, "")


@pytest.mark.parametrize("name", ["../abc1", ".", "..", "/", "abc1/", "*", "abc?"])
def test_find_takes_no_paths(runs: Path, name: str) -> None:
    (runs / "abc1").mkdir(parents=True)
    with pytest.raises(UsageError, match="unknown run"):
        find_run(runs, name)


def test_a_record_is_opened_by_its_id_or_its_folder(make: Make, runs: Path) -> None:
    record = make()
    for run in (record.id, record.id[:8], record.folder, str(record.folder)):
        assert load(run, runs).folder == record.folder
    with pytest.raises(RecordError, match="no such record"):
        load(runs / "none")
    with pytest.raises(UsageError, match="unknown run"):
        load("none", runs)


def test_attempts_set_aside_do_not_hide_their_run(make: Make, runs: Path) -> None:
    record = make()
    record.folder.with_name(f"{record.id}.unfinished-1").mkdir()
    assert find_run(runs, record.id) == record.folder
    assert find_run(runs, record.id[:8]) == record.folder
    listed = {entry.folder.name: entry.status for entry in list_runs(runs)}
    assert listed == {record.id: "complete", f"{record.id}.unfinished-1": "incomplete"}


@pytest.mark.parametrize("name", ["config.json", "environment.json"])
def test_what_contradicts_itself_is_broken_also_without_the_mark(make: Make, runs: Path, name: str) -> None:
    folder = make().folder
    (folder / "COMPLETE").unlink()
    (folder / name).write_text("{}")
    (entry,) = list_runs(runs)
    assert (entry.status, entry.record) == ("broken", None)
    assert str(folder / name) in entry.problem


def test_finding_opens_no_record(make: Make, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make()
    monkeypatch.delattr(module, "load_record")
    assert find_run(runs, record.id[:4]) == record.folder


Make = Callable[..., Record]


def write(runs: Path, config: RunConfig) -> Record:
    return synthetic_record(runs, config, nodes=6, epochs=1)


@pytest.fixture
def four(runs: Path) -> dict[str, Record]:
    configs = {
        "relu": RunConfig(model=ModelConfig(layers=4, hidden=4)),
        "seeded": RunConfig(model=ModelConfig(layers=4, hidden=4), seed=7),
        "cna": RunConfig(
            model=ModelConfig(slot="cna", layers=2, hidden=4, clusters=3), training=TrainingConfig(lr=0.5)
        ),
        "csbm": RunConfig(
            data=DataConfig(dataset="csbm", csbm=CSBMConfig(nodes=50), split_seed=3),
            model=ModelConfig(layers=2, hidden=4),
            recording=RecordingConfig(measures=("mad", "rayleigh")),
        ),
    }
    return {name: write(runs, config) for name, config in configs.items()}


@pytest.mark.parametrize(
    ("criteria", "wanted"),
    [
        ({}, ["csbm", "cna", "relu", "seeded"]),
        ({"slot": "cna"}, ["cna"]),
        ({"slot": "relu", "layers": 4}, ["relu", "seeded"]),
        ({"layers": 3}, []),
        ({"seed": [0, 7]}, ["csbm", "cna", "relu", "seeded"]),
        ({"seed": range(5, 9)}, ["seeded"]),
        ({"seed": np.array([7])}, ["seeded"]),
        ({"seed": np.int64(7)}, ["seeded"]),
        ({"seed": {7, 8}, "slot": ("relu", "cna")}, ["seeded"]),
        ({"seed": []}, []),
        ({"lr": 0.5}, ["cna"]),
        ({"dataset": "csbm"}, ["csbm"]),
        ({"csbm_nodes": 50}, ["csbm"]),
        ({"csbm_nodes": None}, ["cna", "relu", "seeded"]),
        ({"split_seed": 3}, ["csbm"]),
        ({"split_seed": 7}, ["seeded"]),  # follows the seed of the run
        ({"assignment": "kmeans"}, ["cna"]),  # left to the slot
        ({"assignment": None}, ["csbm", "relu", "seeded"]),
        ({"clusters": 3, "activation": "rational"}, ["cna"]),
        ({"measures": "rayleigh", "dataset": "csbm"}, ["csbm"]),
        ({"measures": "effective_rank"}, ["cna", "relu", "seeded"]),
        ({"batch_size": None, "status": "complete", "layers": 4}, ["relu", "seeded"]),
        ({"status": ["diverged", "incomplete"]}, []),
    ],
    ids=str,
)
def test_select(runs: Path, four: dict[str, Record], criteria: dict[str, Any], wanted: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = records.select(runs, **criteria)
    assert [record.id for record in found] == [four[name].id for name in wanted]


def test_select_one(runs: Path, four: dict[str, Record]) -> None:
    assert records.select_one(runs, slot="cna", layers=four["cna"].layers).id == four["cna"].id
    with pytest.raises(UsageError, match=r"no runs in .* have slot cna, layers 77; it must be exactly one"):
        records.select_one(runs, slot="cna", layers=77)
    with pytest.raises(UsageError, match=rf"2 runs in .* have layers 4, batch_size None: {four['relu'].id}, "):
        records.select_one(runs, layers=4, batch_size=None)


def test_unknown_criteria_are_refused_with_those_there_are(runs: Path, four: dict[str, Record]) -> None:
    with pytest.raises(UsageError, match=r"unknown criterion 'layer'; choices, nearest first: layers, ") as caught:
        records.select(runs, layer=3)
    for name in ("dataset", "split", "clusters", "lr", "every", "seed", "status", "csbm_homophily"):
        assert f" {name}," in str(caught.value) or f" {name}." in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "nearest"),
    [("dataset", "corra", "cora"), ("slot", ["cna", "rleu"], "relu"), ("status", "done", "none")],
)
def test_names_that_mean_nothing_are_refused(
    runs: Path, four: dict[str, Record], name: str, value: object, nearest: str
) -> None:
    with pytest.raises(UsageError, match=f"unknown {name} '.*'; choices, nearest first: "):
        records.select(runs, **{name: value})


def test_a_name_of_the_vocabulary_that_no_run_has_finds_nothing(runs: Path, four: dict[str, Record]) -> None:
    assert records.select(runs, dataset="pubmed") == []


def test_what_cannot_be_taken_is_named_in_one_warning(make: Make, runs: Path) -> None:
    good, incomplete, broken = make(seed=0), make(seed=1), make(seed=2)
    (incomplete.folder / "COMPLETE").unlink()
    (broken.folder / "summary.json").write_text("{}")
    with pytest.warns(UserWarning, match=f"^skipped in {runs}: ") as caught:
        found = records.select(runs, slot="cna")
    assert [record.id for record in found] == [good.id]
    assert len(caught) == 1
    message = str(caught[0].message)
    assert f"{incomplete.id} (incomplete)" in message
    assert f"{broken.id} (broken)" in message
    assert "\n" not in message
    assert caught[0].filename == __file__


def test_incomplete_runs_are_selected_when_asked_for(make: Make, runs: Path) -> None:
    make(seed=0)
    incomplete = make(seed=1)
    (incomplete.folder / "COMPLETE").unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = records.select(runs, status="incomplete")
        assert records.select(runs, seed=0)  # an incomplete run that does not meet the criteria is no news
    assert (found.id, found.status) == (incomplete.id, "incomplete")


def test_load(make: Make, runs: Path) -> None:
    record = make()
    assert records.load(record.id, runs).config == records.load(record.id[:5], str(runs)).config == record.config
    with pytest.raises(UsageError, match="unknown run 'nothing'"):
        records.load("nothing", runs)
    (record.folder / "COMPLETE").unlink()
    with pytest.raises(RecordError, match="not finished"):
        records.load(record.id, runs)
    assert records.load(record.id, runs, incomplete=True).status == "incomplete"


def test_selecting_in_a_missing_folder(runs: Path) -> None:
    for look in (lambda: records.select(runs), lambda: records.load("a", runs)):
        with pytest.raises(RecordError, match="no such folder"):
            look()


def test_the_room_has_what_it_says() -> None:
    for name in records.__all__:
        assert callable(getattr(records, name)), f"{name} is hidden by a module of its name"
        assert name in dir(records)
    with pytest.raises(AttributeError, match="attribute nothing"):
        assert records.nothing


def test_importing_the_room_imports_nothing_heavy() -> None:
    code = (
        "import sys, cna_viz.records as records; "
        "assert not {'numpy', 'xarray', 'pandas', 'pydantic', 'safetensors'} & {*sys.modules}; "
        "assert callable(records.select) and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
