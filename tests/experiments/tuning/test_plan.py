"""What is searched in which arm, seeds that no comparison uses, and plans that make no sense."""

from typing import Any

import pytest

from cna_viz.config import DataConfig, RunConfig, TrainingConfig
from cna_viz.config.arms import arm_of
from cna_viz.config.tuning import Search
from cna_viz.errors import UsageError
from cna_viz.experiments.grid import Grid
from cna_viz.experiments.tuning.plan import (
    DEFAULT_SPACE,
    SearchedArm,
    extremes_of,
    space_in,
    space_of,
    trial_configs,
    tuning_seeds,
)


def grid(space: dict[str, Any] | None = None, **axes: list[Any]) -> Grid:
    return Grid.model_validate(
        {"fixed": {"dataset": "karate", "layers": 3}, "axes": {"slot": ["relu", "cna"], **axes}, "space": space or {}}
    )


def arms(grid: Grid) -> list[RunConfig]:
    return [arm_of(config) for config in grid.configs()]


def test_a_grid_without_a_space_gets_the_default_less_what_it_compares() -> None:
    for axes, expected in (({}, {"lr", "weight_decay", "dropout"}), ({"lr": [0.1, 0.2]}, {"weight_decay", "dropout"})):
        one = grid(**axes)
        assert set(space_of(one, arms(one))) == expected


def test_what_only_some_arms_have_comes_last_and_is_searched_in_these() -> None:
    one = grid({"clusters": {"low": 2, "high": 4}, "lr": {"low": 0.1, "high": 1}})
    space = space_of(one, arms(one))
    assert list(space) == ["lr", "clusters"]
    assert [list(space_in(arm, space)) for arm in arms(one)] == [["lr"], ["lr", "clusters"]]


def test_a_setting_with_one_value_where_it_has_an_effect_is_not_compared() -> None:
    one = Grid.model_validate(
        {"arms": [{"slot": "relu"}, {"slot": "cna", "clusters": 4}], "space": {"clusters": {"low": 2, "high": 6}}}
    )
    assert set(space_of(one, arms(one))) == {"clusters"}


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (
            grid({"lr": {"low": 0.1, "high": 1}}, lr=[0.1, 0.2]),
            "grid 'grid' compares values of lr: it can't be searched",
        ),
        (grid({"batch_size": {"low": 4, "high": 8}}, batch_size=[None, 4]), "compares values of batch_size"),
        (grid({"neighbors": {"low": 1, "high": 4}}), "neighbors of its space has no effect in any of its arms"),
        (grid(lr=[0.1, 0.2], weight_decay=[0, 0.1], dropout=[0, 0.1]), "compares all of lr, weight_decay, dropout"),
    ],
)
def test_spaces_that_do_not_go_with_their_grid(one: Grid, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        space_of(one, arms(one))


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            {"dropout": Search(low=0, high=1)},
            "search of dropout: dropout = 1.0 is out of range: it must be .* less than 1",
        ),
        ({"lr": Search(low=0, high=1)}, "search of lr: lr = 0.0 is out of range: it must be greater than 0"),
        ({"hidden": Search(values=[4, 2.5])}, "search of hidden: hidden = 2.5 is not accepted"),
        ({"residual": Search(values=["yes"])}, "search of residual: residual = 'yes' is not accepted"),
        ({"init": Search(values=["huge"])}, "search of init: unknown init 'huge'"),
    ],
)
def test_bounds_and_values_that_no_run_can_have(space: dict[str, Search], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        extremes_of(RunConfig(), space)


def test_extremes_are_runs() -> None:
    found = extremes_of(RunConfig(), DEFAULT_SPACE)
    assert {config.model.dropout for config in found} == {0.0, 0.8}
    assert {config.training.lr for config in found} == {1e-4, 1e-1, RunConfig().training.lr}


def test_bounds_of_whole_numbers_are_whole() -> None:
    assert [config.model.hidden for config in extremes_of(RunConfig(), {"hidden": Search(low=2, high=9)})] == [2, 9]


def test_a_setting_that_is_not_set_can_be_searched() -> None:
    one = grid({"batch_size": {"low": 4, "high": 8}})
    assert list(space_of(one, arms(one))) == ["batch_size"]
    assert SearchedArm(arms(one)[0], one.space).own == {"batch_size": None}
    assert not one.space["batch_size"].holds(None)


def test_an_arm_is_known_by_what_it_is() -> None:
    one, other = (SearchedArm(RunConfig(), {"lr": Search(low=0.1, high=high)}) for high in (0.2, 0.3))
    assert one.key == other.key != SearchedArm(RunConfig(seed=1), one.space).key
    assert one.own == {"lr": 0.01}


def runs(*seeds: int, split_seed: int | None = None) -> list[RunConfig]:
    return [RunConfig(data=DataConfig(split_seed=split_seed), seed=seed) for seed in seeds]


def test_seeds_follow_those_of_the_grid_or_are_given() -> None:
    assert tuning_seeds(runs(0, 1, 9), None) == [10, 11, 12]
    assert tuning_seeds(runs(0, 1, 9), [5, 2]) == [5, 2]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([0, 5, 9], r"tuning seeds 0, 9 are seeds of the grid \(0, 1, 9\), .* choose others, such as 10, 11, 12"),
        ([5, 5], "tuning seeds 5, 5 contain a duplicate"),
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
