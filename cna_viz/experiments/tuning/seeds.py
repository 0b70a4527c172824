"""The seeds of trials: never those of the comparison that follows."""

from collections.abc import Sequence
from typing import Final

from cna_viz.config import RunConfig
from cna_viz.errors import UsageError

USUAL: Final = 3
"""Number of seeds of a trial where nobody says which."""


def tuning_seeds(configs: Sequence[RunConfig], given: Sequence[int] | None) -> list[int]:
    """Return the seeds of every trial: those given, else the three that follow the largest of the grid.

    Args:
        configs: The runs of the grid.
        given: Seeds that somebody chose.

    Raises:
        UsageError: When there are none, one stands there twice, or one is a seed of the grid.
    """
    used = sorted({config.seed for config in configs})
    free = [used[-1] + 1 + number for number in range(USUAL)]
    if given is None:
        return free
    if not given:
        raise UsageError("there are no seeds to tune with")
    if len(set(given)) < len(given):
        raise UsageError(f"tuning seeds {_listed(given)} name one twice")
    shared = [seed for seed in given if seed in used]
    if shared:
        raise UsageError(
            f"tuning seeds {_listed(shared)} are seeds of the grid ({_listed(used)}), which its arms are compared on; "
            f"choose others, such as {_listed(free)}"
        )
    return list(given)


def trial_configs(arm: RunConfig, runs: Sequence[RunConfig], seeds: Sequence[int]) -> list[RunConfig]:
    """Return the trainings of a trial, one per seed, of which nothing is recorded but loss and scores.

    Args:
        arm: The arm with the values of the trial.
        runs: Its runs in the grid. Where these name their splits, the trainings take them in turn.
        seeds: The seeds.
    """
    splits = list(dict.fromkeys(config.data.split_seed for config in runs))
    recording = arm.recording.replace(every=max(arm.training.epochs, 1), measures=(), snapshots="none")
    return [
        arm.replace(seed=seed, data=arm.data.replace(split_seed=splits[number % len(splits)]), recording=recording)
        for number, seed in enumerate(seeds)
    ]


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))
