"""What a grid says of its tuning: of which run it says so."""

import pytest

from cna_viz.config import ModelConfig, RunConfig, TrainingConfig
from cna_viz.config.tuning import TunedArm, Tuning
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
