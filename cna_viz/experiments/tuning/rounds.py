"""The trials of all arms in lock-step: nobody asks for a trial before those of the last round are over."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from cna_viz.config import RunConfig
from cna_viz.errors import CnaVizError
from cna_viz.experiments.processes import Processes
from cna_viz.experiments.sweep import Sweep, check, sweep
from cna_viz.experiments.tuning.journal import Trial, is_begun, opened
from cna_viz.experiments.tuning.plan import Plan
from cna_viz.experiments.tuning.seeds import trial_configs
from cna_viz.experiments.tuning.space import SearchedArm, extremes_of
from cna_viz.experiments.tuning.validation import validation_of
from cna_viz.experiments.work import work
from cna_viz.progress import bar
from cna_viz.records.record import load_record

RUNS: Final = "runs"
"""Folder of the records of the trials, in that of the tuning."""


class Rounds:
    """Does the trials of a plan, or what other processes have left of them.

    Args:
        planned: What is tuned.
        folder: Folder of the trials and of their records.
        place: ``data``, ``workers`` and ``threads`` of :func:`~cna_viz.experiments.sweep.sweep`.

    Attributes:
        failed: Why trainings failed, by run id.
    """

    def __init__(self, planned: Plan, folder: Path, place: Mapping[str, Any]) -> None:
        self.plan, self.folder, self.runs, self.place = planned, folder, folder / RUNS, place
        self.failed: dict[str, str] = {}

    def found(self) -> list[tuple[SearchedArm, list[Trial]]]:
        """Return every arm with its trials."""
        with opened(self.folder, self.plan.identity()) as trials:
            return [(arm, trials.of(arm)) for arm in self.plan.arms]

    def work(self, progress: bool) -> None:
        """Do all rounds."""
        if not is_begun(self.folder):
            _check_possible(self.plan, self.runs, self.place["data"], self.place["threads"])
        begun = min(sum(trial.over for trial in trials) for _, trials in self.found())
        if begun >= self.plan.trials:
            return
        per_round = sum(work(arm.config) * len(self.plan.seeds) for arm in self.plan.arms)
        total = per_round * (self.plan.trials - begun)
        with bar(total, "tuning", unit=" layer-epochs", disable=not progress) as shown:
            for number in range(begun, self.plan.trials):
                shown.set_description(f"trial {number + 1}/{self.plan.trials}")
                before = shown.n
                self._round(number, shown)
                # Trainings that were there already, or whose depth is searched, are more or less work than that.
                shown.update(per_round - (shown.n - before))

    def _round(self, number: int, shown: Any) -> None:
        with opened(self.folder, self.plan.identity()) as trials:
            asked = {arm.key: trials.ask(arm, number, _seed(self.plan.seeds, number)) for arm in self.plan.arms}
        open_arms = [arm for arm in self.plan.arms if not asked[arm.key].over]
        configs = {arm.key: self.plan.configs(arm, asked[arm.key].settings) for arm in open_arms}
        every = [config for own in configs.values() for config in own]
        if not every:
            return
        done = sweep(every, runs=self.runs, **self.place, shown=shown)
        self._check_some(number, every, done)
        scores = {key: _score(own, self.runs, done) for key, own in configs.items()}
        with opened(self.folder, self.plan.identity()) as trials:
            for arm in open_arms:
                trials.tell(arm, number, scores[arm.key])

    def _check_some(self, number: int, configs: Sequence[RunConfig], done: Sweep) -> None:
        """Stop where nothing can be trained at all: that is not the fault of the settings."""
        self.failed |= done.failed
        if done.failed.keys() >= {config.run_id for config in configs}:
            why = next(iter(done.failed.values()))
            raise CnaVizError(
                f"no training of trial {number} could be done, the first because: {why}; the trials so far are kept, "
                "the same command goes on from there"
            )


def _check_possible(planned: Plan, runs: Path, data: Path | str | None, threads: int) -> None:
    """Refuse at once what would fail at a bound of the space, and graphs and splits that can't be had."""
    configs = [
        config
        for arm in planned.arms
        for one in [arm.config, *extremes_of(arm.config, arm.space)]
        for config in trial_configs(one, planned.runs[arm.key], planned.seeds)
    ]
    with Processes(1) as tasks:
        check(configs, tasks, runs, None if data is None else Path(data), threads)


def _score(configs: Sequence[RunConfig], runs: Path, done: Sweep) -> float | None:
    """Return the mean over the seeds; None where one of them has no score: means over fewer can't be compared."""
    scores = []
    for config in configs:
        score = None if config.run_id in done.failed else validation_of(load_record(runs / config.run_id))
        if score is None:
            return None
        scores.append(score)
    return fmean(scores)


def _seed(seeds: Sequence[int], number: int) -> int:
    """Return the seed of a proposal. It is the same for all arms: while draws are random, they try the same."""
    return int.from_bytes(hashlib.sha256(f"{list(seeds)}:{number}".encode()).digest()[:4], "big")
