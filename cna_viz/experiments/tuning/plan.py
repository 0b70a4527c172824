"""What tuning a grid takes: its arms, what is searched in each, and the trainings of a trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cna_viz.config import RESULTS_VERSION, RunConfig
from cna_viz.config.arms import arm_of
from cna_viz.config.search import Space
from cna_viz.errors import UsageError
from cna_viz.experiments.grid import Grid
from cna_viz.experiments.tuning.seeds import trial_configs, tuning_seeds
from cna_viz.experiments.tuning.space import SearchedArm, space_in, space_of, with_settings
from cna_viz.experiments.tuning.tuned_grid import in_words


@dataclass(frozen=True)
class Plan:
    """What is tuned, and how.

    Attributes:
        arms: Arms of the grid in which something is searched.
        fixed: Arms in which nothing of the space has an effect.
        runs: The runs of every arm, by its key.
        space: What is searched in some arm.
        seeds: Seeds of every trial.
        trials: Trials of every arm.
    """

    arms: list[SearchedArm]
    fixed: list[RunConfig]
    runs: dict[str, list[RunConfig]]
    space: Space
    seeds: list[int]
    trials: int

    @property
    def trainings(self) -> int:
        """Number of trainings that it takes at most."""
        return len(self.arms) * self.trials * len(self.seeds)

    def configs(self, arm: SearchedArm, settings: Mapping[str, Any]) -> list[RunConfig]:
        """Return the trainings of a trial with these settings."""
        return trial_configs(with_settings(arm.config, settings), self.runs[arm.key], self.seeds)

    def identity(self) -> dict[str, Any]:
        """Return what must be the same so that a tuning can go on, as JSON has it."""
        return {
            "results_version": RESULTS_VERSION,
            "seeds": self.seeds,
            "space": {name: str(search) for name, search in self.space.items()},
            "arms": sorted(map(in_words, [arm.config for arm in self.arms] + self.fixed)),
        }


def make_plan(grid: Grid, trials: int, seeds: Sequence[int] | None = None) -> Plan:
    """Return what tuning a grid takes; arguments and errors as in :func:`~cna_viz.experiments.tuning.tune.tune`."""
    if trials < 1:
        raise UsageError(f"trials = {trials} is out of range: it must be at least 1")
    if grid.tuning is not None:
        raise UsageError(f"grid {grid.name!r} was tuned already; tune the grid that it came from")
    configs = grid.configs()
    arms: dict[str, RunConfig] = {}
    runs: dict[str, list[RunConfig]] = {}
    for config in configs:
        arm = arm_of(config)
        arms[arm.run_id] = arm
        runs.setdefault(arm.run_id, []).append(config)
    space = space_of(grid, list(arms.values()))
    searched = [SearchedArm(arm, space_in(arm, space)) for arm in arms.values()]
    return Plan(
        [arm for arm in searched if arm.space],
        [arm.config for arm in searched if not arm.space],
        runs,
        space,
        tuning_seeds(configs, seeds),
        trials,
    )
