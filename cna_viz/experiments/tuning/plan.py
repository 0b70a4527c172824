"""The plan of a tuning: the arms of a grid, the space searched in each, and the seeds and trainings of a trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cna_viz.config import RESULTS_VERSION, RunConfig
from cna_viz.config.arms import arm_of, differing, inactive
from cna_viz.config.fields import flat, nested, settings
from cna_viz.config.tuning import Search, Space
from cna_viz.errors import UsageError
from cna_viz.experiments.grid import Grid
from cna_viz.experiments.tuning.tuned_grid import in_words

DEFAULT_SPACE: Final[Space] = {
    "lr": Search(low=1e-4, high=1e-1, log=True),
    "weight_decay": Search(low=1e-6, high=1e-2, log=True),
    "dropout": Search(low=0.0, high=0.8),
}
"""Searched where a grid has no space: settings of every arm, whatever its slot."""
SEEDS: Final = 3
"""Number of seeds of a trial by default."""


@dataclass(frozen=True)
class SearchedArm:
    """An arm, with the default seeds and recording, and the part of the space that has an effect in it."""

    config: RunConfig
    space: Space

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits, the same for the same arm."""
        return self.config.run_id

    @property
    def own(self) -> dict[str, Any]:
        """The values of the arm before tuning."""
        values = flat(self.config)
        return {name: values.get(name) for name in self.space}


@dataclass(frozen=True)
class Plan:
    """The plan of a tuning.

    ``arms`` are those in which something is searched, ``fixed`` those in which no setting of the space has an effect,
    and ``runs`` the runs of every arm, by its key.
    """

    arms: list[SearchedArm]
    fixed: list[RunConfig]
    runs: dict[str, list[RunConfig]]
    space: Space
    seeds: list[int]
    trials: int

    @property
    def trainings(self) -> int:
        """Maximum number of trainings."""
        return len(self.arms) * self.trials * len(self.seeds)

    def configs(self, arm: SearchedArm, settings: Mapping[str, Any]) -> list[RunConfig]:
        """Return the trainings of a trial with these settings."""
        return trial_configs(with_settings(arm.config, settings), self.runs[arm.key], self.seeds)

    def bounds(self) -> list[RunConfig]:
        """Return the trainings of every arm at the bounds of its space."""
        return [
            config
            for arm in self.arms
            for one in [arm.config, *extremes_of(arm.config, arm.space)]
            for config in trial_configs(one, self.runs[arm.key], self.seeds)
        ]

    def identity(self) -> dict[str, Any]:
        """Return the facts, as JSON, that must stay the same for a tuning to be resumed."""
        return {
            "results_version": RESULTS_VERSION,
            "seeds": self.seeds,
            "space": {name: str(search) for name, search in self.space.items()},
            "arms": sorted(map(in_words, [arm.config for arm in self.arms] + self.fixed)),
        }


def make_plan(grid: Grid, trials: int, seeds: Sequence[int] | None = None) -> Plan:
    """Return the plan of tuning a grid; arguments and errors as in :func:`~cna_viz.experiments.tuning.tune.tune`."""
    if trials < 1:
        raise UsageError(f"trials = {trials} is out of range: it must be at least 1")
    if grid.tuning is not None:
        raise UsageError(f"grid {grid.name!r} is tuned already; tune the original grid")
    configs = grid.configs()
    arms: dict[str, RunConfig] = {}
    runs: dict[str, list[RunConfig]] = {}
    for config in configs:
        arm = arm_of(config)
        arms[arm.run_id] = arm
        runs.setdefault(arm.run_id, []).append(config)
    space = space_of(grid, list(arms.values()))
    searched = [SearchedArm(arm, space_in(arm, space)) for arm in arms.values()]
    fixed = [arm.config for arm in searched if not arm.space]
    return Plan([arm for arm in searched if arm.space], fixed, runs, space, tuning_seeds(configs, seeds), trials)


def space_of(grid: Grid, arms: Sequence[RunConfig]) -> Space:
    """Return the space of a grid; without one :data:`DEFAULT_SPACE` without the settings that the arms compare.

    Settings that all arms have come first, so that arms with further ones draw the same values for these.

    Raises:
        UsageError: When the arms compare a setting of the space, it has an effect in none of them, or nothing is left.
    """
    compared = differing(arms)
    clash = [name for name in grid.space if name in compared]
    if clash:
        raise UsageError(
            f"grid {grid.name!r} compares values of {clash[0]}: it can't be searched as well; take it out of the "
            "space, or give all arms the same"
        )
    space = grid.space or {name: search for name, search in DEFAULT_SPACE.items() if name not in compared}
    if not space:
        raise UsageError(
            f"grid {grid.name!r} compares all of {', '.join(DEFAULT_SPACE)}, so there is nothing to search; give it "
            "a space"
        )
    without_effect = {name: [name in inactive(arm) for arm in arms] for name in space}
    for name in space:
        if all(without_effect[name]):
            raise UsageError(f"grid {grid.name!r}: {name} of its space has no effect in any of its arms")
    return dict(sorted(space.items(), key=lambda item: any(without_effect[item[0]])))


def space_in(arm: RunConfig, space: Space) -> Space:
    """Return the part of a space that has an effect in an arm."""
    return {name: search for name, search in space.items() if name not in inactive(arm)}


def with_settings(arm: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    """Return an arm with other values of some settings; raises UsageError where one is not accepted."""
    return RunConfig.model_validate(nested({**flat(arm), **values}))


def extremes_of(arm: RunConfig, space: Space) -> list[RunConfig]:
    """Return the arm at the bounds, or at every value, of each setting searched in it; refuse impossible ones."""
    found = []
    for name, search in space_in(arm, space).items():
        # Bounds are read as fractions, even whole ones.
        values = search.values or [settings()[name].type(bound) for bound in search.bounds]
        try:
            found += [with_settings(arm, {name: value}) for value in values]
        except UsageError as error:
            raise UsageError(f"search of {name}: {error}") from None
    return found


def tuning_seeds(configs: Sequence[RunConfig], given: Sequence[int] | None) -> list[int]:
    """Return the seeds of every trial: those given, else the three that follow the largest of the grid.

    Raises:
        UsageError: When there are none, one is given twice, or one is a seed of the grid.
    """
    used = sorted({config.seed for config in configs})
    free = [used[-1] + 1 + number for number in range(SEEDS)]
    if given is None:
        return free
    if not given:
        raise UsageError("there are no seeds to tune with")
    if len(set(given)) < len(given):
        raise UsageError(f"tuning seeds {_listed(given)} contain a duplicate")
    shared = [seed for seed in given if seed in used]
    if shared:
        raise UsageError(
            f"tuning seeds {_listed(shared)} are seeds of the grid ({_listed(used)}), which its arms are compared on; "
            f"choose others, such as {_listed(free)}"
        )
    return list(given)


def trial_configs(arm: RunConfig, runs: Sequence[RunConfig], seeds: Sequence[int]) -> list[RunConfig]:
    """Return the trainings of a trial, one per seed; they record only loss and scores.

    Where the runs of the arm in the grid name their splits, the trainings take these in turn.
    """
    splits = list(dict.fromkeys(config.data.split_seed for config in runs))
    recording = arm.recording.replace(every=max(arm.training.epochs, 1), measures=(), snapshots="none")
    return [
        arm.replace(seed=seed, data=arm.data.replace(split_seed=splits[number % len(splits)]), recording=recording)
        for number, seed in enumerate(seeds)
    ]


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))
