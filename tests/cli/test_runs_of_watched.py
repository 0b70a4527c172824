"""``cna-viz runs`` of watched networks: what is known, and nothing of the default config."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import netcdf_file

from cna_viz.config.fields import config_fields
from cna_viz.records.listing import select
from cna_viz.records.record import Record
from tests.figures.watched import KINDS, LATER, STARTED, watched_record

Call = Callable[..., Any]


@pytest.fixture
def watched(tmp_path: Path) -> Record:
    return watched_record(tmp_path / "runs", seeded=False)


def test_show_has_what_is_known(call: Call, watched: Record) -> None:
    shown = json.loads(call("runs", "show", watched.id).out)["config"]
    assert set(shown) == {"watched", "recording", "seed"}
    assert shown["seed"] == "not stated"
    assert shown["watched"] == {
        "name": "mine",
        "model": "GCN",
        "dataset": "karate",
        "layers": 3,
        "key": "k",
        "task": "node-classification",
        "is_directed": False,
        "is_weighted": False,
        "program": "p",
        "started": STARTED,
        "seeded": False,
        "split": "its own",
    }
    assert shown["recording"]["snapshots"] == "ends"
    assert json.loads(call("runs", "list", "--json").out)["runs"][0]["config"] == shown


def test_a_stated_seed_is_shown(call: Call, tmp_path: Path) -> None:
    record = watched_record(tmp_path / "runs", seed=7)
    assert json.loads(call("runs", "show", record.id).out)["config"]["seed"] == 7


def test_list_names_reruns_by_their_start(call: Call, watched: Record, tmp_path: Path) -> None:
    other = watched_record(tmp_path / "runs", "b", seeded=False, started=LATER, task="none")
    lines = {line.split()[0]: line for line in call("runs", "list").out.splitlines()}
    assert "karate" in lines[watched.id]
    for record, start in ((watched, "03:11:22"), (other, "03:15:02")):
        assert f"mine, {start}" in lines[record.id]
        assert "not stated" in lines[record.id]
        assert "digits" not in lines[record.id]
    assert lines[watched.id].split()[-1] == "accuracy"
    assert lines[other.id].split()[-2:] == ["–", "none"]


def test_exported_columns_of_what_is_unknown_are_empty(call: Call, watched: Record) -> None:
    assert call("runs", "export", watched.id, "--to", "csv", "--out", "out").code == 0
    with Path("out/runs.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    known = {"dataset": "karate", "split_protocol": "its own", "backbone": "GCN", "slot": "mine", "layers": "3"}
    assert {name: row[name] for name in known} == known
    unknown = {name for name, field in config_fields().items() if field.path[0] in {"data", "model", "training"}}
    # The column ``epochs`` counts those of the record.
    unknown = {*unknown, "seed", "selected_by"} - {*known, "split", "epochs"}
    assert {"hidden", "clusters", "lr", "split_seed", "csbm_nodes", "own_name"} <= unknown
    assert {row[name] for name in unknown} == {""}


def test_an_exported_array_states_no_default_and_no_seed(call: Call, watched: Record) -> None:
    assert call("runs", "export", watched.id, "--to", "netcdf", "--out", "out").code == 0
    with netcdf_file(f"out/{watched.id}.nc", mmap=False) as file:
        assert set(json.loads(file.config)) == {"watched", "recording", "seed"}
        assert np.isnan(file.seed)


def test_a_search_finds_no_setting_that_is_unknown(watched: Record, tmp_path: Path) -> None:
    assert [record.id for record in select(tmp_path / "runs", slot="mine", dataset="karate")] == [watched.id]
    assert select(tmp_path / "runs", hidden=64) == select(tmp_path / "runs", seed=0) == []


def test_runs_with_and_without_a_seed_are_ordered(watched: Record, tmp_path: Path) -> None:
    other = watched_record(tmp_path / "runs", "b", seed=0)
    assert [record.id for record in select(tmp_path / "runs")] == [watched.id, other.id]


def test_it_can_be_verified_and_not_reproduced(call: Call, tmp_path: Path) -> None:
    records = [watched_record(tmp_path / "runs", kind, **facts) for kind, facts in KINDS.items()]
    answer = call("runs", "verify")
    assert (answer.code, answer.out) == (0, f"{len(KINDS)} verified, 0 with problems\n")
    answer = call("runs", "reproduce", records[0].id)
    assert answer.complaint == f"run {records[0].id} was watched: only the program that trained it can do so again"
