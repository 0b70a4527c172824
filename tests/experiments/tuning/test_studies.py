"""Proposals: inside the space, readable, the same for the same history."""

from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState, create_trial

from cna_viz.config.tuning import Search, Space
from cna_viz.experiments.tuning.studies import parameters, propose

SPACE: Space = {
    "lr": Search(low=1e-4, high=1e-1, log=True),
    "dropout": Search(low=0.0, high=0.8),
    "clusters": Search(low=2, high=9),
    "init": Search(values=["glorot", "large"]),
}


@pytest.fixture(autouse=True)
def quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def trial(values: dict[str, Any], score: float | None) -> FrozenTrial:
    params, distributions = parameters(values, SPACE)
    state = TrialState.FAIL if score is None else TrialState.COMPLETE
    return create_trial(state=state, value=score, params=params, distributions=distributions)


def history(count: int) -> list[FrozenTrial]:
    """Return trials whose score is best at a large dropout; every fourth failed."""
    drawn = [propose([], SPACE, "maximize", seed) for seed in range(count)]
    return [trial(values, None if seed % 4 == 3 else values["dropout"]) for seed, values in enumerate(drawn)]


@pytest.mark.parametrize("seed", range(30))
def test_a_proposal_is_inside_its_space_and_readable(seed: int) -> None:
    values = propose([], SPACE, "maximize", seed)
    assert list(values) == list(SPACE)
    assert all(search.holds(values[name]) for name, search in SPACE.items())
    assert all(float(f"{values[name]:.3g}") == values[name] for name in ("lr", "dropout"))
    assert type(values["clusters"]) is int


def test_rounding_does_not_leave_the_space() -> None:
    narrow = {"lr": Search(low=0.12341, high=0.12344)}
    assert all(narrow["lr"].holds(propose([], narrow, "maximize", seed)["lr"]) for seed in range(10))


def test_the_same_history_and_seed_propose_the_same() -> None:
    past = history(20)
    assert propose(past, SPACE, "maximize", 5) == propose(list(past), SPACE, "maximize", 5)
    assert propose(past, SPACE, "maximize", 5) != propose(past, SPACE, "maximize", 6)


def test_scores_are_learned_from_in_their_direction() -> None:
    past = history(60)
    more, less = (
        [propose(past, SPACE, direction, seed)["dropout"] for seed in range(8)]  # type: ignore[arg-type]
        for direction in ("maximize", "minimize")
    )
    assert sum(more) / 8 > 0.5 > 0.3 > sum(less) / 8


def test_until_there_are_ten_scores_they_do_not_matter() -> None:
    assert propose(history(12), SPACE, "maximize", 5) == propose([], SPACE, "maximize", 5)  # three of them failed


def test_a_trial_outside_the_space_teaches_nothing() -> None:
    outside = trial({"lr": 5.0, "dropout": 0.1, "clusters": 4, "init": "glorot"}, 0.9)
    assert outside.params == {}
    past = history(20)
    assert propose([outside, *past], SPACE, "maximize", 5) == propose(past, SPACE, "maximize", 5)
    assert trial({"lr": 0.05, "dropout": 0.1, "clusters": 4, "init": "orthogonal"}, 0.9).params == {}
