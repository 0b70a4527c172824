"""``cna-viz tune``, and the comparison that follows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.experiments.grid_files import presets

Call = Callable[..., Any]


@pytest.fixture
def grid(tmp_path: Path) -> str:
    """Return the file of a grid of two arms, of which one clusters."""
    path = tmp_path / "small.yaml"
    path.write_text(
        "fixed: {dataset: karate, epochs: 2, layers: 2, hidden: 4, clusters: 4}\n"
        "axes: {slot: [relu, ca], seed: [0, 1]}\n"
        "space: {lr: {low: 1e-3, high: 1e-1, log: true}, clusters: {low: 2, high: 6}}\n"
    )
    return str(path)


def test_without_a_grid_those_there_are_are_listed(call: Call) -> None:
    answer = call("tune")
    assert answer.code == 0
    assert all(name in answer.out for name in presets())


def test_tuned_then_trained_then_compared(call: Call, grid: str, tmp_path: Path) -> None:
    answer = call("tune", grid, "--trials", "2", "--seeds", "8", "--workers", "2")
    assert answer.code == 0, answer.err
    assert "cna-viz: 2 arms, 2 trials each, seed 8: 4 trainings at most\n" in answer.err
    assert "cna-viz: lr: 0.001 to 0.1 (log)\n" in answer.err
    assert "cna-viz: clusters: 2 to 6; has an effect only in ca\n" in answer.err
    header, relu, ca, *_ = answer.out.splitlines()
    assert header.split() == ["arm", "trials", "untuned", "tuned", "chosen"]
    assert (relu.split()[:2], ca.split()[:2]) == (["relu", "2"], ["ca", "2"])
    assert "clusters" in ca
    assert "clusters" not in relu
    assert answer.out.endswith("\n\n  cna-viz sweep tuning/small.yaml\n  cna-viz compare tuning/small.yaml\n")

    again = json.loads(call("tune", grid, "--trials", "2", "--seeds", "8", "--json").out)
    assert (again["grid"], again["trials"], again["seeds"]) == ("tuning/small.yaml", 2, [8])
    assert again["space"]["clusters"] == {"low": 2, "high": 6}
    assert [(arm["name"], set(arm["chosen"])) for arm in again["arms"]] == [
        ("relu", {"lr"}),
        ("ca", {"lr", "clusters"}),
    ]
    assert all(arm["tuned"] >= arm["untuned"] for arm in again["arms"])
    assert all(
        arm["tried"][arm["trial"]] == {"settings": arm["chosen"], "score": arm["tuned"]} for arm in again["arms"]
    )
    assert [len(arm["tried"]) for arm in again["arms"]] == [2, 2]

    other = call("tune", grid, "--trials", "2", "--seeds", "8", "--set", "layers=3")
    assert other.complaint.startswith("tuning/small holds a tuning with other arms: slot ca, dataset karate")
    assert "layers 3, hidden 4, clusters 4, epochs 2 and 1 more now" in other.complaint
    assert other.complaint.endswith("now; resume that one, choose another --out, or remove the folder")

    assert call("sweep", "tuning/small.yaml").code == 0
    shown = call("compare", "tuning/small.yaml").out
    lr = again["arms"][0]["chosen"]["lr"]
    assert f"\nrelu: tuned: 2 trials of lr on validation accuracy with seed 8: lr {lr}" in shown
    assert "\nca: tuned: 2 trials of lr, clusters on validation accuracy with seed 8: lr " in shown
    (told,) = json.loads(call("compare", "tuning/small.yaml", "--json").out)
    assert [row["arm"] for row in told["arms"]] == ["ca"]
    assert {name: note[:15] for name, note in told["tuning"].items()} == dict.fromkeys(
        ("relu", "ca"), "tuned: 2 trials"
    )


def test_a_comparison_says_that_no_arm_was_tuned(call: Call, grid: str) -> None:
    assert call("sweep", grid).code == 0
    assert "\nall arms: not tuned\n" in call("compare", grid).out
    (told,) = json.loads(call("compare", grid, "--json").out)
    assert told["tuning"] == {"relu": "not tuned", "ca": "not tuned"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--trials", "0"), "trials = 0 is out of range: it must be at least 1"),
        (
            ("--seeds", "1,2"),
            "tuning seeds 1 are seeds of the grid (0, 1), which its arms are compared on; choose others",
        ),
        (("--seeds", "a"), "--seeds a is not accepted: write whole numbers, as in 100,101"),
        (("--seeds", ""), "--seeds  is not accepted: write whole numbers"),
        (("--seeds", "-1"), "--seeds -1 is not accepted: write whole numbers"),
        (("--set", "lr=0.1,0.2"), "grid 'small' compares values of lr: it can't be searched as well"),
        (("--runs", "x"), "unknown option '--runs'"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Call, grid: str, words: tuple[str, ...], message: str) -> None:
    answer = call("tune", grid, *words)
    assert answer.code == 2
    assert message in answer.complaint


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ("{lrr: {low: 0, high: 1}}", "bad.yaml: unknown setting to search 'lrr'; choices, nearest first: lr"),
        ("{lr: {low: 1, high: 0}}", "bad.yaml: search of lr: low = 1 must be less than high = 0"),
        ("{seed: {low: 0, high: 1}}", "bad.yaml: seed can't be searched"),
        ("[lr]", "bad.yaml: space = ['lr'] is not accepted"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused(call: Call, tmp_path: Path, space: str, message: str) -> None:
    (tmp_path / "bad.yaml").write_text(f"axes: {{slot: [relu, none]}}\nspace: {space}\n")
    answer = call("tune", "bad.yaml")
    assert answer.code == 2
    assert message in answer.complaint
