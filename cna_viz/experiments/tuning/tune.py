"""Tune all arms of a grid alike: the same space, the same number of trials, and no look at a test node."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cna_viz.config.tuning import TunedArm, Tuning
from cna_viz.errors import CnaVizError
from cna_viz.experiments.grid import Grid
from cna_viz.experiments.tuning.journal import Trial, check_plan
from cna_viz.experiments.tuning.plan import Plan, make_plan
from cna_viz.experiments.tuning.rounds import Rounds
from cna_viz.experiments.tuning.space import SearchedArm
from cna_viz.experiments.tuning.tuned_grid import described, file_of, in_words, tuned_grid, write_grid
from cna_viz.experiments.tuning.validation import direction_of


@dataclass
class Tuned:
    """What a tuning found.

    Attributes:
        grid: The grid with the chosen settings.
        path: Its file.
        trials: The trials of every arm that was tuned, in the order of ``grid.tuning.arms``.
        failed: Why trainings of trials failed, by run id.
    """

    grid: Grid
    path: Path
    trials: list[list[Trial]]
    failed: dict[str, str] = field(default_factory=dict)


def prepare(grid: Grid, trials: int, seeds: Sequence[int] | None, out: Path | str) -> tuple[Plan, Path]:
    """Return what a tuning takes and the file of its result; arguments and errors as in :func:`tune`."""
    planned, path = make_plan(grid, trials, seeds), file_of(grid.name, Path(out))
    check_plan(path.with_suffix(""), planned.identity())
    return planned, path


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

    Configs of the grid that differ in seeds and recording only are one arm. Every arm has the same space, less what
    has no effect in it, and the same number of trials. Trial 0 is the arm as the grid has it, so what is chosen is
    never worse on the validation nodes than that; of equals the first is chosen. Trials go in rounds, in which every
    arm has one, all of them trained in parallel.

    A tuning that was interrupted goes on when it is started again, and proposes what it would have proposed. Several
    processes with the same folder share the work. With more ``trials`` a finished tuning goes on from there. In a
    script of your own call it below ``if __name__ == "__main__":``, as everything that starts tasks.

    Args:
        grid: The grid; its ``space`` says what is searched, without one
            :func:`~cna_viz.experiments.tuning.space.default_space` does.
        trials: Trials of every arm.
        seeds: Seeds of every trial; the three that follow the largest of the grid when left out.
        out: Folder of the result, ``<name>.yaml``, and of a folder ``<name>`` with the trials and their records.
        data: Data root, as in :func:`~cna_viz.experiments.sweep.sweep`.
        workers: Trainings at the same time, likewise.
        threads: Threads of a training, likewise.
        progress: Show a bar on stderr.

    Returns:
        The grid, its file, the trials, and why trainings failed. A trial of which a training failed, or diverged before
        it had a score, has none and can't be chosen, but counts.

    Raises:
        UsageError: When the grid was tuned already or its space makes no sense, seeds are those of the grid, a number
            is out of range, or the folder holds another tuning.
        DataError: When a dataset can't be had, or the file of the trials is damaged.
        CnaVizError: When no training of a round could be done, or no trial of an arm has a score.
    """
    planned, path = prepare(grid, trials, seeds, out)
    tuning = Rounds(planned, path.with_suffix(""), {"data": data, "workers": workers, "threads": threads})
    tuning.work(progress)
    # Another process may have been asked for more.
    found = [(arm, trials_of[: planned.trials]) for arm, trials_of in tuning.found()]
    chosen = [_chosen(arm, trials_of) for arm, trials_of in found]
    result = tuned_grid(
        grid,
        planned.runs,
        Tuning(trials=planned.trials, seeds=planned.seeds, space=planned.space, arms=chosen),
    )
    write_grid(result, path)
    return Tuned(result, path, [trials_of for _, trials_of in found], tuning.failed)


def _chosen(arm: SearchedArm, trials: Sequence[Trial]) -> TunedArm:
    metric = arm.config.metric
    scores = {trial.number: trial.score for trial in trials if trial.score is not None}
    if not scores:
        raise CnaVizError(
            f"none of {len(trials)} trials of the arm {in_words(arm.config)} has a score on the validation "
            "nodes: all diverged or failed before their first epoch was over; no grid is written"
        )
    sign = 1 if direction_of(metric) == "maximize" else -1
    best = max(scores, key=lambda number: (sign * scores[number], -number))
    return TunedArm(
        arm=described(arm.config),
        chosen=trials[best].settings,
        metric=metric,
        trial=best,
        failed=len(trials) - len(scores),
        untuned=scores.get(0),
        tuned=scores[best],
    )
