"""Search spaces, and how the arms of a grid were tuned, as its file stores both."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from annotated_types import Ge
from pydantic import Field, field_validator, model_serializer, model_validator

from cna_viz.config import vocabulary
from cna_viz.config.arms import arm_of
from cna_viz.config.fields import flat, nested, settings
from cna_viz.config.run import Config, RunConfig, Seed
from cna_viz.errors import UsageError, shown, unknown_name

_COMPARED: Final = frozenset({"backbone", "slot", *vocabulary.FACTORS})
"""Settings of the model that define an arm."""


class Search(Config):
    """Bounds, ``low`` and ``high``, or ``values``."""

    low: float | None = None
    """Least value."""
    high: float | None = None
    """Largest value."""
    log: bool = False
    """Whether the scale is logarithmic."""
    values: list[Any] | None = None
    """The values themselves, without an order."""

    @model_validator(mode="after")
    def _bounds_or_values(self) -> Self:
        if self.values is not None:
            if (self.low, self.high, self.log) != (None, None, False):
                raise UsageError("give low and high, or values, not both")
            if not self.values:
                raise UsageError("values are empty, so there is nothing to search")
            strange = [value for value in self.values if not isinstance(value, bool | int | float | str)]
            if strange:
                raise UsageError(f"{shown(strange[0])} is no value: it must be a number, a word, true or false")
            if len({str(value) for value in self.values}) < len(self.values):
                raise UsageError(f"values = {shown(self.values)} contain a duplicate")
        elif self.low is None or self.high is None:
            raise UsageError("give both low and high, or values")
        elif self.low >= self.high:
            raise UsageError(f"low = {self.low:g} must be less than high = {self.high:g}")
        elif self.log and self.low <= 0:
            raise UsageError(f"low = {self.low:g} must be greater than 0 where log is true")
        return self

    @model_serializer
    def _as_in_a_grid(self) -> dict[str, Any]:
        if self.values is not None:
            return {"values": self.values}
        bounds = [int(bound) if bound.is_integer() else bound for bound in self.bounds]
        return dict(zip(("low", "high"), bounds, strict=True)) | ({"log": True} if self.log else {})

    @property
    def bounds(self) -> tuple[float, float]:
        """The bounds; only of a search that has no values."""
        if self.low is None or self.high is None:
            raise ValueError("a search among values has no bounds")
        return self.low, self.high

    def holds(self, value: Any) -> bool:
        """Whether the search can propose a value."""
        if self.values is not None:
            return value in self.values
        low, high = self.bounds
        return value is not None and bool(low <= value <= high)

    def __str__(self) -> str:
        if self.values is not None:
            return " or ".join(map(str, self.values))
        low, high = self.bounds
        return f"{low:.12g} to {high:.12g}{' (log)' if self.log else ''}"


Space = dict[str, Search]
"""A search per setting, by flat name."""


def searchable() -> list[str]:
    """Return the settings that can be searched: those of model and training, except those that define an arm."""
    return [
        name
        for name, setting in settings().items()
        if setting.path[0] in {"model", "training"} and name not in _COMPARED
    ]


def read_space(data: Mapping[str, Any]) -> Space:
    """Read and check a space as grids have it, ``{"lr": {"low": 0.001, "high": 0.1, "log": True}}``."""
    space = {}
    for name, given in data.items():
        if name not in settings():
            raise unknown_name("setting to search", name, searchable())
        if name not in searchable():
            raise UsageError(
                f"{name} can't be searched: it defines what is compared, on what, or what is recorded; choices: "
                f"{', '.join(searchable())}"
            )
        try:
            search = given if isinstance(given, Search) else Search.model_validate(given)
        except UsageError as error:
            raise UsageError(f"search of {name}: {error}") from None
        kind = settings()[name].type
        if search.values is None and kind not in (int, float):
            raise UsageError(f"search of {name}: it is no number and has no bounds; give values")
        if search.values is None and kind is int and not all(bound.is_integer() for bound in search.bounds):
            raise UsageError(f"search of {name}: it is a whole number, and so must be low and high, not {search}")
        space[name] = search
    return space


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
