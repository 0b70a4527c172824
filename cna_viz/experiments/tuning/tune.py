"""Tune all arms of a grid alike: the same space, the same number of trials, and no look at a test node."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from cna_viz.config import RunConfig
from cna_viz.config.tuning import TunedArm, Tuning
from cna_viz.errors import CnaVizError
from cna_viz.experiments.grid import Grid
from cna_viz.experiments.processes import Processes
from cna_viz.experiments.sweep import Sweep, check, checked_workers, sweep
from cna_viz.experiments.tasks import cost
from cna_viz.experiments.tuning import studies
from cna_viz.experiments.tuning.plan import Plan, SearchedArm, make_plan
from cna_viz.experiments.tuning.studies import Trial, check_plan, direction_of, is_begun, open_studies, trials_of
from cna_viz.experiments.tuning.tuned_grid import described, file_of, in_words, tuned_grid, write_grid
from cna_viz.progress import bar
from cna_viz.records.record import load_record

RUNS: Final = "runs"
"""Folder of the records of the trials, in that of the tuning."""


@dataclass
class Tuned:
    """The result of a tuning: the grid with the chosen settings, and its file.

    ``trials`` are those of every arm in ``grid.tuning.arms``; ``failed`` says why trainings failed, by run id.
    """

    grid: Grid
    path: Path
    trials: list[list[Trial]]
    failed: dict[str, str]


def prepare(grid: Grid, trials: int, seeds: Sequence[int] | None, out: Path | str) -> tuple[Plan, Path]:
    """Return the plan of a tuning and the file of its result; arguments and errors as in :func:`tune`."""
    plan, path = make_plan(grid, trials, seeds), file_of(grid.name, Path(out))
    check_plan(path.with_suffix(""), plan.identity())
    return plan, path


def tune(
    grid: Grid,
    *,
    trials: int = 20,
    seeds: Sequence[int] | None = None,
    out: Path | str = "tuning",
    data: Path | str | None = None,
    workers: int | None = None,
    threads: int = 1,
    progress: bool = True,
) -> Tuned:
    """Choose the settings of every arm by the mean score on the validation nodes, and write them as a grid.

    Configs of the grid that differ only in seeds and recording are one arm. Every arm has the same number of trials and
    the same space, without the settings that have no effect in it. Trial 0 is the arm as the grid has it, so that the
    chosen settings are never worse on the validation nodes; ties go to the first. Trials go in rounds, in which every
    arm has one, all of them trained in parallel.

    An interrupted tuning continues when it is started again, with the same proposals. Several processes with the same
    folder share the work. With more ``trials`` a finished tuning continues from there. In a script, call it below
    ``if __name__ == "__main__":``, as everything that starts processes.

    Args:
        grid: The grid; without a ``space``, :data:`~cna_viz.experiments.tuning.plan.DEFAULT_SPACE` is searched: lr from
            0.0001 to 0.1 and weight_decay from 0.000001 to 0.01, both on a log scale, and dropout from 0 to 0.8.
        trials: Trials of every arm.
        seeds: Seeds of every trial; the three that follow the largest of the grid when left out.
        out: Folder of the result, ``<name>.yaml``, and of a folder ``<name>`` with the trials and their records.
        data: Data root, as in :func:`~cna_viz.experiments.sweep.sweep`.
        workers: Trainings at the same time, likewise.
        threads: Threads of a training, likewise.
        progress: Show a bar on stderr.

    Returns:
        The grid, its file, the trials, and why trainings failed. A trial with a training that failed, or diverged
        before it had a score, counts but can't be chosen.

    Raises:
        UsageError: When the grid was tuned already or its space makes no sense, seeds are those of the grid, a number
            is out of range, or the folder holds another tuning.
        DataError: When a dataset can't be found, downloaded or read, or the file of the trials is damaged.
        CnaVizError: When no training of a round succeeded, or no trial of an arm has a score.
    """
    checked_workers(workers, threads)
    plan, path = prepare(grid, trials, seeds, out)
    rounds = _Rounds(plan, path.with_suffix(""), {"data": data, "workers": workers, "threads": threads})
    rounds.work(progress)
    # Another process may have been asked for more.
    found = [tried[: plan.trials] for tried in rounds.found()]
    chosen = [_chosen(arm, tried) for arm, tried in zip(plan.arms, found, strict=True)]
    result = tuned_grid(grid, plan.runs, Tuning(trials=plan.trials, seeds=plan.seeds, space=plan.space, arms=chosen))
    write_grid(result, path)
    return Tuned(result, path, found, rounds.failed)


def _chosen(arm: SearchedArm, trials: Sequence[Trial]) -> TunedArm:
    scores = {number: trial.score for number, trial in enumerate(trials) if trial.score is not None}
    if not scores:
        raise CnaVizError(
            f"none of {len(trials)} trials of the arm {in_words(arm.config)} has a score on the validation "
            "nodes: all diverged or failed before their first epoch was over; no grid is written"
        )
    sign = 1 if direction_of(arm.config.metric) == "maximize" else -1
    best = max(scores, key=lambda number: (sign * scores[number], -number))
    return TunedArm(
        arm=described(arm.config),
        chosen=trials[best].settings,
        metric=arm.config.metric,
        trial=best,
        failed=len(trials) - len(scores),
        untuned=scores.get(0),
        tuned=scores[best],
    )


class _Rounds:
    """The trials of all arms in lock-step: one is proposed when those of the last round are over.

    ``place`` has ``data``, ``workers`` and ``threads`` of a sweep; ``failed`` says why trainings failed, by run id.
    """

    def __init__(self, plan: Plan, folder: Path, place: Mapping[str, Any]) -> None:
        self.plan, self.folder, self.place = plan, folder, place
        self.failed: dict[str, str] = {}

    def found(self) -> list[list[Trial]]:
        """Return the trials of every arm."""
        with open_studies(self.folder, self.plan) as opened:
            return list(map(trials_of, opened.values()))

    def work(self, progress: bool) -> None:
        """Do the rounds that are missing, or what other processes have left of them."""
        if not is_begun(self.folder):
            _check_possible(self.plan, self.place)
        begun = min(sum(trial.over for trial in trials) for trials in self.found())
        if begun >= self.plan.trials:
            return
        per_round = sum(cost(arm.config) * len(self.plan.seeds) for arm in self.plan.arms)
        total = per_round * (self.plan.trials - begun)
        with bar(total, "tuning", unit=" layer-epochs", disable=not progress) as shown:
            for number in range(begun, self.plan.trials):
                shown.set_description(f"trial {number + 1}/{self.plan.trials}")
                before = shown.n
                self._round(number, shown)
                # Trainings that existed, or whose depth is searched, take more or less than that.
                shown.update(per_round - (shown.n - before))

    def _round(self, number: int, shown: Any) -> None:
        # The same seed for all arms: while proposals are random, they try the same values.
        seed = int.from_bytes(hashlib.sha256(f"{self.plan.seeds}:{number}".encode()).digest()[:4], "big")
        with open_studies(self.folder, self.plan) as opened:
            asked = {arm.key: studies.ask(opened[arm.key], arm, number, seed) for arm in self.plan.arms}
        configs = {
            arm.key: self.plan.configs(arm, asked[arm.key].settings)
            for arm in self.plan.arms
            if not asked[arm.key].over
        }
        every = [config for own in configs.values() for config in own]
        if not every:
            return
        done = sweep(every, runs=self.folder / RUNS, **self.place, shown=shown)
        self.failed |= done.failed
        if done.failed.keys() >= {config.run_id for config in every}:  # not the fault of the settings
            raise CnaVizError(
                f"no training of trial {number} could be done, the first because: {next(iter(done.failed.values()))}; "
                "the trials so far are kept, and the same command resumes the tuning"
            )
        scores = {key: _score(own, self.folder / RUNS, done) for key, own in configs.items()}
        with open_studies(self.folder, self.plan) as opened:
            for key, score in scores.items():
                studies.tell(opened[key], number, score)


def _check_possible(plan: Plan, place: Mapping[str, Any]) -> None:
    """Refuse at once what would fail at a bound of the space, and graphs and splits that are impossible."""
    configs, data = plan.bounds(), place["data"]
    with Processes(1) as tasks:
        check(configs, tasks, None if data is None else Path(data), place["threads"])


def _score(configs: Sequence[RunConfig], runs: Path, done: Sweep) -> float | None:
    """Return the mean validation score of the selected epochs; None where a seed has none: fewer can't be compared."""
    if any(config.run_id in done.failed for config in configs):
        return None
    mean = fmean(load_record(runs / config.run_id).score("val") for config in configs)
    return None if math.isnan(mean) else mean
