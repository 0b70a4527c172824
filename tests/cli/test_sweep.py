"""``cna-viz sweep`` and ``cna-viz compare``: grids from the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.experiments.grid_files import presets
from cna_viz.records.listing import list_runs

Call = Callable[..., Any]

SMALL = ("--set", "dataset=karate", "epochs=2", "layers=2", "clusters=4", "seed=0,1")


@pytest.fixture
def grid(tmp_path: Path) -> str:
    """Return the file of a grid of four small runs."""
    path = tmp_path / "small.yaml"
    path.write_text(
        "fixed: {dataset: karate, epochs: 2, hidden: 4, snapshots: none}\naxes: {slot: [relu, none], seed: [0, 1]}\n"
    )
    return str(path)


@pytest.mark.parametrize("command", ["sweep", "compare"])
def test_without_a_grid_those_there_are_are_listed(call: Call, command: str) -> None:
    answer = call(command)
    assert answer.code == 0
    assert all(name in answer.out and grid.about in answer.out for name, grid in presets().items())


def test_a_sweep_and_its_comparison(call: Call, grid: str, tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    answer = call("sweep", grid, "--runs", runs, "--workers", "2")
    assert answer.code == 0
    assert "small: 4 trained, 0 there already, 0 failed" in answer.out
    again = json.loads(call("sweep", grid, "--runs", runs, "--json").out)
    assert (again["grid"], again["trained"], len(again["skipped"]), again["failed"]) == ("small", [], 4, {})
    shown = call("compare", grid, "--runs", runs)
    assert shown.code == 0
    assert "karate, random-60-20-20" in shown.out
    assert "2 pairs of the same split and seed" in shown.out
    assert "differences in points, 95 % intervals by Student's t" in shown.out
    assert "| relu |" in call("compare", grid, "--runs", runs, "--markdown").out
    (found,) = json.loads(call("compare", grid, "--runs", runs, "--json", "--baseline", "none").out)
    assert [row["arm"] for row in found["arms"]] == ["relu"]
    assert found["arms"][0]["difference"] == pytest.approx(found["means"]["relu"] - found["means"]["none"])


def test_shards_divide_the_grid(call: Call, grid: str, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for shard, count in (("1/3", 2), ("2/3", 3), ("3/3", 4)):
        assert call("sweep", grid, "--runs", str(runs), "--shard", shard).code == 0
        assert len(list_runs(runs)) == count


def test_a_preview_trains_nothing(call: Call, grid: str, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    answer = call("sweep", grid, "--runs", str(runs), "--preview", "--set", "layers=2,3", "--workers", "2")
    assert answer.code == 0
    assert "small: 8 runs, 8 of them missing; about" in answer.out
    assert not runs.exists()
    found = json.loads(call("sweep", grid, "--runs", str(runs), "--preview", "--json").out)
    assert (found["runs"], found["missing"]) == (4, 4)
    assert found["seconds"] > 0
    assert found["bytes"] > 1000


def test_a_failed_run_is_reported_with_what_it_was(call: Call, grid: str, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    first = call("sweep", grid, "--runs", str(runs), "--json")
    blocked = json.loads(first.out)["trained"][0]
    other = tmp_path / "other"
    other.mkdir()
    (other / blocked).symlink_to(tmp_path / "nowhere" / "else")
    answer = call("sweep", grid, "--runs", str(other))
    assert answer.code == 1
    assert "3 trained, 0 there already, 1 failed" in answer.out
    assert f"cna-viz: run {blocked} (dataset karate, split random-60-20-20, backbone gcn" in answer.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sweep", "ablaton"), "unknown grid 'ablaton'; choices, nearest first: ablation"),
        (("sweep", "ablation", "--set", "layers"), "--set layers is not accepted: write NAME=VALUE"),
        (("sweep", "ablation", "--set", "layers=two"), "layers = 'two' is not accepted: it must be a whole number"),
        (("sweep", "ablation", "--set", "layer=2"), "unknown setting 'layer'; choices, nearest first: layers"),
        (("sweep", "ablation", "--set", "layers=2", "layers=3"), "--set gives layers twice"),
        (("sweep", "ablation", "--set", "slot=cna"), "grid 'ablation' compares values of slot"),
        (("sweep", "ablation", "--shard", "0/3"), "--shard 0/3 is not accepted: write I/N"),
        (("sweep", "ablation", "--shard", "4/3"), "--shard 4/3 is not accepted"),
        (("sweep", "ablation", "--workers", "0", *SMALL), "workers = 0 is out of range"),
        (("compare", "depth", "--within", "depth"), "runs of depth are missing in"),
        (("compare", "depth", "--margin", "-1"), "--margin -1 is out of range: it must be greater than 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Call, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    answer = call(*words, "--runs", str(tmp_path / "runs"))
    assert answer.code == 2
    assert message in answer.complaint


def test_missing_runs_come_with_the_command_that_makes_them(call: Call, grid: str, tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    call("sweep", grid, "--runs", runs, "--shard", "1/2")
    answer = call("compare", grid, "--runs", runs, "--baseline", "none", "--set", "layers=2")
    assert answer.code == 2
    assert "2 of 4 runs of" in answer.complaint
    assert "(slot relu, seed 1; slot none, seed 1)" in answer.complaint
    every = call("compare", "depth", "--runs", runs).complaint
    assert "(slot none, layers 2, seed 0; " in every
    assert "; and " in every
    assert answer.complaint.endswith(f"make them with: cna-viz sweep {grid} --runs {runs} --set layers=2")


def test_unknown_arms_and_settings(call: Call, grid: str, tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    call("sweep", grid, "--runs", runs)
    assert (
        "unknown arm 'rleu'; choices, nearest first: relu"
        in call("compare", grid, "--runs", runs, "--baseline", "rleu").complaint
    )
    assert "unknown setting 'depth'" in call("compare", grid, "--runs", runs, "--within", "depth").complaint
