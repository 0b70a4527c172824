"""Tuning: equal effort, chosen on validation alone, the same whoever was killed meanwhile, then fresh seeds."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import RunConfig
from cna_viz.errors import CnaVizError, DataError, UsageError
from cna_viz.experiments.grid import Grid
from cna_viz.experiments.grid_files import find_grid, read
from cna_viz.experiments.sweep import Sweep
from cna_viz.experiments.tuning.plan import make_plan
from cna_viz.experiments.tuning.tune import Tuned, tune
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.synthetic import synthetic_record

module = import_module("cna_viz.experiments.tuning.tune")

Scores = Callable[[RunConfig], dict[str, float] | str]

KARATE = """
fixed: {dataset: karate, epochs: 3, layers: 2, hidden: 4}
axes: {slot: [relu, none], seed: [0, 1]}
space: {lr: {low: 1e-3, high: 1e-1, log: true}, dropout: {values: [0.0, 0.5]}}
"""


@pytest.fixture
def grid() -> Grid:
    """Return two arms with two seeds."""
    return read(KARATE, "small.yaml")


def near(config: RunConfig) -> dict[str, float]:
    """Return a validation score that is best at lr 0.05; test scores are the other way round."""
    val = 1 - abs(config.training.lr - 0.05) + 0.001 * (config.seed % 2)
    return {"train": 1.0, "val": val, "test": 1 - val}


class Trained:
    """Stands for ``sweep``: writes records with made-up scores, or says why a run failed.

    Attributes:
        calls: The configs of every call.
    """

    def __init__(self, scores: Scores) -> None:
        self.scores = scores
        self.calls: list[list[RunConfig]] = []

    def __call__(self, configs: Sequence[RunConfig], *, runs: Path, shown: Any = None, **place: Any) -> Sweep:
        self.calls.append(list(configs))
        found = Sweep()
        for config in {config.run_id: config for config in configs}.values():
            scores = self.scores(config)
            if isinstance(scores, str):
                found.failed[config.run_id] = scores
            elif not is_complete(runs / config.run_id):
                synthetic_record(runs, config, nodes=10, epochs=1, **{config.metric: scores})
                found.trained.append(config.run_id)
        return found


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Callable[[Scores], Trained]:
    """Return ``trained(scores)``: from now on nothing is trained, and these are the scores."""

    def trained(scores: Scores = near) -> Trained:
        fake = Trained(scores)
        monkeypatch.setattr(module, "sweep", fake)
        monkeypatch.setattr(module, "_check_possible", lambda *arguments: None)
        monkeypatch.setattr(os, "fsync", lambda file: None)  # hundreds of records that nobody needs after the test
        return fake

    return trained


def go(grid: Grid, out: Path, trials: int = 4, **options: Any) -> Tuned:
    return tune(grid, trials=trials, out=out, progress=False, **options)


def chosen(tuned: Tuned) -> list[dict[str, Any]]:
    assert tuned.grid.tuning is not None
    return [arm.chosen for arm in tuned.grid.tuning.arms]


def asked(fake: Trained) -> list[dict[str, list[tuple[float, float]]]]:
    """Return what every call asked for: lr and dropout by slot."""
    found = []
    for call in fake.calls:
        by_slot: dict[str, list[tuple[float, float]]] = {}
        for config in call:
            values = by_slot.setdefault(config.slot, [])
            value = (config.training.lr, config.model.dropout)
            if value not in values:
                values.append(value)
        found.append(by_slot)
    return found


def test_every_arm_has_as_many_trials_and_the_best_of_them_is_chosen(
    grid: Grid, tmp_path: Path, trained: Callable[..., Trained]
) -> None:
    fake = trained()
    found = go(grid, tmp_path, trials=6)
    rates = [[values[0] for values in call["relu"]] for call in asked(fake)]
    assert [len(call) for call in fake.calls] == [2 * 3] * 6  # arms x seeds
    assert all(len(values) == 1 for call in asked(fake) for values in call.values())
    best = min((lr for (lr,) in rates), key=lambda lr: abs(lr - 0.05))
    assert [values["lr"] for values in chosen(found)] == [best, best]
    assert all(0.001 <= lr <= 0.1 for (lr,) in rates)
    assert found.grid.tuning is not None
    for arm in found.grid.tuning.arms:
        assert (arm.untuned, arm.tuned) == (
            pytest.approx(1 - 0.04 + 0.001 / 3),
            pytest.approx(1 - abs(best - 0.05) + 0.001 / 3),
        )


def test_the_first_trial_is_the_arm_as_it_is(grid: Grid, tmp_path: Path, trained: Callable[..., Trained]) -> None:
    fake = trained(lambda config: {"val": 0.5, "test": config.training.lr})
    found = go(grid, tmp_path)
    assert asked(fake)[0] == {"relu": [(0.01, 0.0)], "none": [(0.01, 0.0)]}
    assert chosen(found) == [{"lr": 0.01, "dropout": 0.0}] * 2, "of equals the first is chosen"


def test_an_arm_outside_its_space_is_tried_as_it_is(tmp_path: Path, trained: Callable[..., Trained]) -> None:
    fake = trained()
    outside = read(KARATE.replace("hidden: 4", "hidden: 4, lr: 0.5"), "small.yaml")
    go(outside, tmp_path, trials=13)
    assert asked(fake)[0]["relu"] == [(0.5, 0.0)]
    assert all(0.001 <= lr <= 0.1 for call in asked(fake)[1:] for lr, _ in call["relu"])


def test_test_scores_are_never_looked_at(grid: Grid, tmp_path: Path, trained: Callable[..., Trained]) -> None:
    written = []
    for name, test in (("a", 0.0), ("b", 1.0), ("c", None)):

        def scores(config: RunConfig, test: float | None = test) -> dict[str, float]:
            return {"val": near(config)["val"], **({} if test is None else {"test": test * config.training.lr})}

        trained(scores)
        written.append(go(grid, tmp_path / name, trials=13).path.read_text().partition("name:")[2])
    assert written[0] == written[1] == written[2]


def test_trials_use_seeds_that_the_grid_has_not(grid: Grid, tmp_path: Path, trained: Callable[..., Trained]) -> None:
    fake = trained()
    go(grid, tmp_path / "a", trials=1)
    assert {config.seed for config in fake.calls[0]} == {2, 3, 4}
    go(grid, tmp_path / "b", trials=1, seeds=[40])
    assert {config.seed for config in fake.calls[1]} == {40}
    assert {(config.recording.snapshots, config.recording.measures) for config in fake.calls[1]} == {("none", ())}


def test_the_result_is_a_grid_of_the_same_runs_with_other_settings(
    grid: Grid, tmp_path: Path, trained: Callable[..., Trained]
) -> None:
    trained()
    found = go(grid, tmp_path, trials=5)
    again = find_grid(str(found.path))
    assert again == found.grid
    assert again.tuning is not None
    before = [again.tuning.of(config).before().replace(seed=config.seed) for config in again.configs()]  # type: ignore[union-attr]
    assert before == grid.configs()
    assert {config.training.lr for config in again.configs()} == {chosen(found)[0]["lr"]}


def test_seeds_of_the_tuning_are_refused_afterwards(
    grid: Grid, tmp_path: Path, trained: Callable[..., Trained]
) -> None:
    trained()
    again = find_grid(str(go(grid, tmp_path).path))
    assert len(again.having({"seed": [0, 1, 5]}).configs()) == 6
    with pytest.raises(UsageError, match=r"seed 3 is one of those that it was tuned with \(2, 3, 4\)"):
        again.having({"seed": [0, 3]}).configs()


def test_a_tuning_that_was_interrupted_chooses_the_same(
    grid: Grid, tmp_path: Path, trained: Callable[..., Trained]
) -> None:
    whole = trained()
    undisturbed = go(grid, tmp_path / "a", trials=14)
    for stop in (0, 3, 11):
        out, seen = tmp_path / f"stopped {stop}", list[RunConfig]()

        def scores(config: RunConfig, seen: list[RunConfig] = seen, stop: int = stop) -> dict[str, float]:
            seen.append(config)
            if len(seen) > 6 * stop + 2:  # in the middle of a round
                raise KeyboardInterrupt
            return near(config)

        trained(scores)
        with pytest.raises(KeyboardInterrupt):
            go(grid, out, trials=14)
        rest = trained()
        assert chosen(go(grid, out, trials=14)) == chosen(undisturbed)
        assert asked(rest) == asked(whole)[stop:]


def test_more_trials_go_on_from_there_and_fewer_choose_among_the_first(
    grid: Grid, tmp_path: Path, trained: Callable[..., Trained]
) -> None:
    whole = trained()
    texts = {trials: go(grid, tmp_path / str(trials), trials=trials).path.read_text() for trials in (4, 12)}
    grown = trained()
    for trials in (4, 12, 4):
        found = go(grid, tmp_path / "grown", trials=trials)
        assert found.path.read_text().partition("name:")[2] == texts[trials].partition("name:")[2]
    assert asked(grown) == asked(whole)[4:]


def test_a_run_without_a_score_fails_its_trial_and_the_trial_counts(
    grid: Grid, tmp_path: Path, trained: Callable[..., Trained]
) -> None:
    def scores(config: RunConfig) -> dict[str, float] | str:
        if config.slot == "none" and config.training.lr != 0.01 and config.seed == 4:
            return "its process was killed 3 times" if config.model.dropout else {}
        return near(config)

    fake = trained(scores)
    found = go(grid, tmp_path, trials=6)
    assert len(fake.calls) == 6
    assert found.grid.tuning is not None
    relu, none = found.grid.tuning.arms
    assert (relu.failed, none.failed) == (0, 5)
    assert none.chosen == {"lr": 0.01, "dropout": 0.0}
    assert set(found.failed.values()) == {"its process was killed 3 times"}


def test_an_arm_without_any_score_leaves_no_grid(grid: Grid, tmp_path: Path, trained: Callable[..., Trained]) -> None:
    trained(lambda config: {} if config.slot == "none" else near(config))
    with pytest.raises(CnaVizError, match=r"none of 3 trials of the arm slot none, dataset karate.* has a score"):
        go(grid, tmp_path, trials=3)
    assert not list(tmp_path.glob("*.yaml"))


def test_where_nothing_can_be_trained_no_trial_is_lost(
    grid: Grid, tmp_path: Path, trained: Callable[..., Trained]
) -> None:
    trained(lambda config: "no space left on device")
    with pytest.raises(CnaVizError, match="no training of trial 0 could be done, the first because: no space left"):
        go(grid, tmp_path)
    assert len(trained().calls) == 0
    assert go(grid, tmp_path).failed == {}


def test_a_setting_is_searched_only_where_it_has_an_effect(tmp_path: Path, trained: Callable[..., Trained]) -> None:
    text = KARATE.replace("[relu, none]", "[relu, cna]").replace("space: {", "space: {clusters: {low: 2, high: 6}, ")
    grid, fake = read(text, "small.yaml"), trained()
    relu, cna = chosen(go(grid, tmp_path, trials=5))
    assert (set(relu), set(cna)) == ({"lr", "dropout"}, {"lr", "dropout", "clusters"})
    assert [len(call) for call in fake.calls] == [6] * 5
    # While draws are random all arms try the same of what they share.
    assert all(call["relu"] == call["cna"] for call in asked(fake))


def test_an_arm_in_which_nothing_is_searched_stays_as_it_is(tmp_path: Path, trained: Callable[..., Trained]) -> None:
    text = KARATE.replace("[relu, none]", "[relu, cna]").partition("space")[0] + "space: {clusters: {low: 2, high: 6}}"
    fake = trained()
    found = go(read(text, "small.yaml"), tmp_path)
    assert {config.slot for call in fake.calls for config in call} == {"cna"}
    assert [config.slot for config in found.grid.configs()] == ["relu", "relu", "cna", "cna"]
    assert chosen(found)[0].keys() == {"clusters"}


def test_of_a_score_that_is_an_error_the_least_is_chosen(
    grid: Grid, tmp_path: Path, trained: Callable[..., Trained], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_check_possible", lambda *arguments: None)  # its files are not here
    fake = trained(lambda config: {"val": abs(config.training.lr - 0.05)})
    found = go(grid.having({"dataset": ["chameleon-traffic"]}), tmp_path, trials=6)
    assert found.grid.tuning is not None
    assert {arm.metric for arm in found.grid.tuning.arms} == {"nmse"}
    best = min((lr for call in asked(fake) for lr, _ in call["relu"]), key=lambda lr: abs(lr - 0.05))
    assert chosen(found)[0]["lr"] == best


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"seeds": [70]},
            "holds a tuning with other seeds: 2, 3, 4 there, 70 now; resume that one, choose another",
        ),
        (
            {"space": {"lr": {"low": 0.001, "high": 0.2}}},
            r"other space: lr 0.001 to 0.1 \(log\) there, 0.001 to 0.2 now",
        ),
        ({"fixed": {"dataset": "karate", "epochs": 4}}, "other arms: slot none, dataset karate"),
    ],
)
def test_the_folder_of_another_tuning_is_refused(
    grid: Grid, tmp_path: Path, trained: Callable[..., Trained], change: dict[str, Any], message: str
) -> None:
    fake = trained()
    written = go(grid, tmp_path).path.read_text()
    calls, seeds = len(fake.calls), change.pop("seeds", None)
    with pytest.raises(UsageError, match=message):
        go(grid.replace(**change), tmp_path, seeds=seeds)
    assert len(fake.calls) == calls
    assert (tmp_path / "small.yaml").read_text() == written


def test_a_torn_last_line_of_the_journal_is_dropped(
    grid: Grid, tmp_path: Path, trained: Callable[..., Trained]
) -> None:
    trained()
    whole = chosen(go(grid, tmp_path / "a", trials=5))
    go(grid, tmp_path / "b", trials=3)
    path = tmp_path / "b" / "small" / "journal.log"
    path.write_bytes(path.read_bytes()[:-20])
    assert chosen(go(grid, tmp_path / "b", trials=5)) == whole


@pytest.mark.parametrize(
    ("name", "content"), [("journal.log", "{}\n{}\n"), ("journal.log", "x\ny\n"), ("plan.json", "x")]
)
def test_damaged_files_are_named(
    grid: Grid, tmp_path: Path, trained: Callable[..., Trained], name: str, content: str
) -> None:
    trained()
    go(grid, tmp_path)
    (tmp_path / "small" / name).write_text(content)
    with pytest.raises(DataError, match=rf"small/{name}: not"):
        go(grid, tmp_path)


def test_a_journal_without_its_plan_is_refused(grid: Grid, tmp_path: Path, trained: Callable[..., Trained]) -> None:
    trained()
    go(grid, tmp_path)
    (tmp_path / "small" / "plan.json").unlink()
    with pytest.raises(DataError, match=r"plan\.json is missing"):
        go(grid, tmp_path)


def test_a_grid_of_the_user_is_never_replaced(grid: Grid, tmp_path: Path, trained: Callable[..., Trained]) -> None:
    (tmp_path / "small.yaml").write_text(KARATE)
    fake = trained()
    with pytest.raises(UsageError, match=r"small\.yaml was not written by a tuning and would be replaced"):
        go(grid, tmp_path)
    assert fake.calls == []


def test_what_was_tuned_is_not_tuned_again(grid: Grid, tmp_path: Path, trained: Callable[..., Trained]) -> None:
    trained()
    with pytest.raises(UsageError, match="is tuned already; tune the original grid"):
        go(go(grid, tmp_path).grid, tmp_path)


@pytest.mark.parametrize("trials", [0, -1])
def test_trials_out_of_range(grid: Grid, trials: int) -> None:
    with pytest.raises(UsageError, match=f"trials = {trials} is out of range: it must be at least 1"):
        make_plan(grid, trials)


def test_what_a_bound_makes_impossible_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    text = KARATE.replace("[relu, none]", "cna").replace("slot: cna,", "slot: [cna],").replace("lr: {", "clusters: {")
    grid = read(text.replace("low: 1e-3, high: 1e-1, log: true", "low: 2, high: 50"), "small.yaml")
    with pytest.raises(UsageError, match="clusters = 50 is out of range: it must be at most 34"):
        go(grid, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# From here on networks are trained, in processes of their own.


def start(folder: Path) -> "subprocess.Popen[str]":
    """Start a tuning in a process of its own."""
    (folder / "small.yaml").write_text(KARATE)
    words = ["tune", "small.yaml", "--trials", "3", "--seeds", "5,6", "--out", "out", "--workers", "1", "--json"]
    command = [sys.executable, "-c", "import sys; from cna_viz.cli.main import main; sys.exit(main())", *words]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Return what a tuning has printed."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    answer: dict[str, Any] = json.loads(out)
    return answer


@pytest.mark.slow
def test_killed_in_the_middle_and_gone_on_with_by_two_at_once(grid: Grid, tmp_path: Path) -> None:
    undisturbed = go(grid, tmp_path / "undisturbed", trials=3, seeds=[5, 6])
    process, records = start(tmp_path), tmp_path / "out" / "small" / "runs"
    for _ in range(2400):
        if len(list(records.glob("*/COMPLETE"))) >= 5:  # in the second of three rounds of four trainings
            break
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    before = {path: path.stat().st_mtime_ns for path in records.glob("*/COMPLETE")}
    assert 5 <= len(before) < 12
    assert not (tmp_path / "out" / "small.yaml").exists()
    first, second = start(tmp_path), start(tmp_path)
    assert finished(first) == finished(second)
    assert find_grid(str(tmp_path / "out" / "small.yaml")) == undisturbed.grid
    assert {path: path.stat().st_mtime_ns for path in before} == before, "nothing was trained again"
    assert len(list(records.glob("*/COMPLETE"))) == 12
    assert list(records.glob("*.unfinished-*")) == []
