"""How the arms of a grid were tuned, as its file stores it."""

from typing import Annotated, Any

from annotated_types import Ge
from pydantic import Field, field_validator

from cna_viz.config.arms import arm_of
from cna_viz.config.fields import flat, nested
from cna_viz.config.run import Config, RunConfig, Seed
from cna_viz.config.search import Space, read_space


class TunedArm(Config):
    """An arm before tuning, and its chosen settings."""

    arm: dict[str, Any]
    """Its settings before tuning, by flat name; those left out have their defaults."""
    chosen: dict[str, Any]
    """Chosen values of the settings that were searched in it."""
    metric: str
    """Score on the validation nodes that chose them."""
    trial: Annotated[int, Ge(0)]
    """Number of the chosen trial; 0 is the arm before tuning."""
    failed: Annotated[int, Ge(0)] = 0
    """Number of trials without a score."""
    untuned: float | None = None
    """Mean score of trial 0."""
    tuned: float
    """Mean score of the chosen trial: the best of many, so optimistic."""

    def before(self) -> RunConfig:
        """Return the arm before tuning."""
        return arm_of(RunConfig.model_validate(nested(self.arm)))

    def after(self) -> RunConfig:
        """Return the arm with its chosen settings."""
        return arm_of(RunConfig.model_validate(nested({**flat(self.before()), **self.chosen})))


class Tuning(Config):
    """How the arms of a grid were tuned: all with the same trials, seeds and space."""

    trials: Annotated[int, Ge(1)]
    """Trials of every arm."""
    seeds: list[Seed]
    """Seeds of every trial; no comparison uses them."""
    space: Space
    """The search space."""
    arms: list[TunedArm] = Field(default_factory=list)
    """The arms that were tuned."""

    @field_validator("space", mode="before")
    @classmethod
    def _with_names(cls, value: Any) -> Any:
        return read_space(value) if isinstance(value, dict) else value

    def of(self, config: RunConfig) -> TunedArm | None:
        """Return how the arm of this run was tuned; None where its settings are not the chosen ones."""
        arm = arm_of(config)
        return next((tuned for tuned in self.arms if tuned.after() == arm), None)
