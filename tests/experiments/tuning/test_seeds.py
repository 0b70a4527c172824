"""Seeds of trials are never those of the comparison."""

import pytest

from cna_viz.config import DataConfig, RunConfig, TrainingConfig
from cna_viz.errors import UsageError
from cna_viz.experiments.tuning.plan import trial_configs, tuning_seeds


def runs(*seeds: int, split_seed: int | None = None) -> list[RunConfig]:
    return [RunConfig(data=DataConfig(split_seed=split_seed), seed=seed) for seed in seeds]


def test_seeds_follow_those_of_the_grid_or_are_given() -> None:
    assert tuning_seeds(runs(0, 1, 9), None) == [10, 11, 12]
    assert tuning_seeds(runs(0, 1, 9), [5, 2]) == [5, 2]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([0, 5, 9], r"tuning seeds 0, 9 are seeds of the grid \(0, 1, 9\), .* choose others, such as 10, 11, 12"),
        ([5, 5], "tuning seeds 5, 5 name one twice"),
        ([], "there are no seeds to tune with"),
    ],
)
def test_seeds_that_make_no_sense(given: list[int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        tuning_seeds(runs(0, 1, 9), given)


def test_splits_follow_the_seeds_unless_the_grid_names_them() -> None:
    assert [config.split_seed for config in trial_configs(RunConfig(), runs(0, 1), [7, 8, 9])] == [7, 8, 9]
    named = [*runs(0, split_seed=3), *runs(0, split_seed=4), *runs(1, split_seed=3)]
    assert [config.split_seed for config in trial_configs(RunConfig(), named, [7, 8, 9])] == [3, 4, 3]


def test_a_trial_records_no_layer() -> None:
    (config,) = trial_configs(RunConfig(training=TrainingConfig(epochs=0)), runs(0), [7])
    assert (config.recording.measures, config.recording.snapshots, config.recording.every) == ((), "none", 1)
