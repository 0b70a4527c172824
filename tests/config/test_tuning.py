"""Search spaces, and what a grid says of its tuning and of which runs."""

from typing import Any

import pytest

from cna_viz.config import ModelConfig, RunConfig, TrainingConfig
from cna_viz.config.tuning import Search, TunedArm, Tuning, read_space, searchable
from cna_viz.errors import UsageError

ARM = TunedArm(arm={"slot": "cna", "layers": 4}, chosen={"lr": 0.1}, metric="accuracy", trial=2, tuned=0.5)
TUNING = Tuning.model_validate(
    {"trials": 3, "seeds": [7], "space": {"lr": {"low": 0.001, "high": 1.0}}, "arms": [ARM.model_dump()]}
)


def run(lr: float = 0.1, seed: int = 0, **model: object) -> RunConfig:
    return RunConfig(
        model=ModelConfig.model_validate({"slot": "cna", "layers": 4, **model}),
        training=TrainingConfig(lr=lr),
        seed=seed,
    )


def test_before_and_after() -> None:
    assert ARM.before() == run(lr=0.01)
    assert ARM.after() == run(lr=0.1)


def test_runs_of_a_tuned_arm_are_found_whatever_their_seed() -> None:
    assert TUNING.of(run()) == ARM
    assert TUNING.of(run(seed=5)) == ARM


@pytest.mark.parametrize("other", [run(lr=0.01), run(lr=0.2), run(layers=5), run(slot="relu")])
def test_what_is_not_as_it_was_chosen_was_not_tuned(other: RunConfig) -> None:
    assert TUNING.of(other) is None


def test_a_space_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="search of lr: low = 2 must be less"):
        Tuning.model_validate({"trials": 3, "seeds": [7], "space": {"lr": {"low": 2.0, "high": 1.0}}})


def test_bounds_and_values() -> None:
    space = read_space(
        {"lr": {"low": 1e-4, "high": 1, "log": True}, "clusters": {"low": 2, "high": 8}, "init": {"values": ["large"]}}
    )
    assert {name: str(search) for name, search in space.items()} == {
        "lr": "0.0001 to 1 (log)",
        "clusters": "2 to 8",
        "init": "large",
    }
    assert read_space(space) == space


@pytest.mark.parametrize(
    "given", [{"low": 2, "high": 8}, {"low": 0.5, "high": 8, "log": True}, {"values": [True, "cat", 1, 0.5]}]
)
def test_a_search_is_written_as_it_was_given(given: dict[str, Any]) -> None:
    written = Search.model_validate(given).model_dump(mode="json")
    assert written == given
    assert [type(value) for value in written.values()] == [type(value) for value in given.values()]


def test_what_a_search_can_find() -> None:
    bounds, values = Search(low=0.1, high=0.5), Search(values=[0, 0.5])
    assert [bounds.holds(value) for value in (0.0999, 0.1, 0.3, 0.5, 0.51)] == [False, True, True, True, False]
    assert [values.holds(value) for value in (0, 0.25, 0.5)] == [True, False, True]
    assert bounds.bounds == (0.1, 0.5)
    with pytest.raises(ValueError, match="has no bounds"):
        values.bounds  # noqa: B018


def test_what_is_compared_can_not_be_searched() -> None:
    names = searchable()
    assert {"lr", "weight_decay", "dropout", "clusters", "lr_activation", "hidden", "residual"} <= set(names)
    assert not {"slot", "backbone", "normalization", "dataset", "split", "seed", "snapshots"} & set(names)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"lrr": {"low": 0, "high": 1}}, "unknown setting to search 'lrr'; choices, nearest first: lr"),
        ({"seed": {"low": 0, "high": 1}}, "seed can't be searched"),
        ({"slot": {"values": ["relu"]}}, "slot can't be searched"),
        ({"split": {"values": ["public"]}}, "split can't be searched"),
        ({"lr": {"low": 1, "high": 1}}, "search of lr: low = 1 must be less than high = 1"),
        ({"lr": {"low": 2, "high": 1}}, "search of lr: low = 2 must be less than high = 1"),
        ({"lr": {"low": 0, "high": 1, "log": True}}, "search of lr: low = 0 must be greater than 0 where log is true"),
        ({"lr": {"low": 1}}, "search of lr: give both low and high, or values"),
        ({"lr": {}}, "search of lr: give both low and high, or values"),
        ({"lr": {"values": []}}, "search of lr: values are empty"),
        ({"lr": {"values": [1, 1]}}, "search of lr: values = .* contain a duplicate"),
        ({"lr": {"values": [1], "low": 0, "high": 2}}, "search of lr: give low and high, or values, not both"),
        ({"lr": {"low": 0, "hihg": 2}}, "search of lr: unknown field of Search 'hihg'; choices, nearest first: high"),
        (
            {"lr": {"low": 0, "high": float("inf")}},
            "search of lr: high = inf is out of range: it must be a finite number",
        ),
        ({"lr": {"low": "a", "high": 1}}, "search of lr: low = 'a' is not accepted: input should be a valid number"),
        ({"init": {"values": ["large", None]}}, "search of init: None is no value: it must be a number, a word, true"),
        ({"lr": [0.1, 0.2]}, r"search of lr: .*is not accepted"),
        ({"lr": 0.1}, r"search of lr: .*is not accepted"),
        ({"residual": {"low": 0, "high": 1}}, "search of residual: it is no number and has no bounds; give values"),
        (
            {"clusters": {"low": 1.5, "high": 4}},
            "search of clusters: it is a whole number, and so must be low and high",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(space: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_space(space)
