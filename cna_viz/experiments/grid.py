"""Families of runs: a few lines that say what differs become a list of configs."""

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any, Final, Self

from pydantic import Field, field_validator, model_validator

from cna_viz.config import Config, RunConfig
from cna_viz.config.arms import SILENT
from cna_viz.config.fields import run_config, settings
from cna_viz.config.search import Space, read_space
from cna_viz.config.tuning import Tuning
from cna_viz.errors import UsageError, plainly, unknown_name

Values = dict[str, Any]
"""Values of settings by flat name, such as ``slot`` or ``csbm_homophily``."""

MOST: Final = 20_000
"""Combinations of a grid."""


class Grid(Config):
    """A description of many runs.

    Every arm is combined with every row of every zipped table and with every combination of the axes:

        >>> Grid(fixed={"dataset": "karate"}, axes={"seed": [0, 1]}, arms=[{"slot": ["relu", "cna"]}]).configs()

    makes four runs. Names of settings are those of the options of ``cna-viz run``, with ``_`` for ``-``.
    """

    name: str = "grid"
    """What messages and tables call it."""
    about: str = ""
    """The question that it answers."""
    fixed: Values = Field(default_factory=dict)
    """Settings that all runs share."""
    axes: dict[str, list[Any]] = Field(default_factory=dict)
    """Values to combine: all with all."""
    zipped: list[dict[str, list[Any]]] = Field(default_factory=list)
    """Tables whose columns go together row by row."""
    arms: list[Values] = Field(default_factory=list)
    """Families of settings; a list is an axis of this arm alone. What an arm sets outweighs the rest."""
    exclude: list[Values] = Field(default_factory=list)
    """Combinations to leave out; a list means any of its values."""
    space: Space = Field(default_factory=dict)
    """Where ``cna-viz tune`` searches settings that the arms share: bounds or values by name."""
    tuning: Tuning | None = None
    """How its arms were tuned; written by ``cna-viz tune``."""

    @field_validator("space", mode="before")
    @classmethod
    def _settings_with_bounds_or_values(cls, value: Any) -> Any:
        return read_space(value) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _known_and_not_empty(self) -> Self:
        tables = [self.fixed, self.axes, *self.zipped, *self.arms, *self.exclude]
        for name in (name for table in tables for name in table):
            if name not in settings():
                raise unknown_name(f"setting of grid {self.name!r}", name, settings())
        for name, values in (item for table in (self.axes, *self.zipped, *self.arms) for item in table.items()):
            if values == []:
                raise UsageError(f"grid {self.name!r}: {name} has no values, so there is nothing to run")
        for table in self.zipped:
            lengths = {name: len(values) for name, values in table.items()}
            if len(set(lengths.values())) > 1:
                raise UsageError(
                    f"grid {self.name!r}: zipped settings go together row by row and need equally many values, not "
                    + ", ".join(f"{count} of {name}" for name, count in lengths.items())
                )
        return self

    def configs(self) -> list[RunConfig]:
        """Return the runs, arms one after the other.

        Raises:
            UsageError: When a value is not accepted, there are too many combinations, nothing is left, two combinations
                are the same run, or a seed is one that the grid was tuned with.
        """
        self._check_number()
        kept = [values for values in self._combinations() if not any(_matches(values, out) for out in self.exclude)]
        if not kept:
            raise UsageError(f"grid {self.name!r}: all combinations are excluded, so there is nothing to run")
        found: dict[str, Values] = {}
        configs = []
        for values in kept:
            config = self._config(values)
            self._check_fresh(config.seed)
            if config.run_id in found:
                raise UsageError(self._same(found[config.run_id], values))
            found[config.run_id] = values
            configs.append(config)
        return configs

    def having(self, changes: Mapping[str, list[Any]]) -> "Grid":
        """Return the grid with other values of some settings; several of a setting are an axis.

        Raises:
            UsageError: When a setting is unknown, or is what the arms or a zipped table of this grid differ in, or the
                grid was tuned and its arms would be others.
        """
        for name in changes:
            if self.tuning is not None and name not in SILENT:
                raise UsageError(
                    f"grid {self.name!r} was tuned with a {name} of its own, and its arms would not be tuned for "
                    "another: leave it out, or tune the grid that it came from with it"
                )
            if any(name in table for table in (*self.arms, *self.zipped)):
                raise UsageError(f"grid {self.name!r} compares values of {name}: it can't be set for all of its runs")
        fixed = {name: value for name, value in self.fixed.items() if name not in changes}
        axes = {name: values for name, values in self.axes.items() if name not in changes}
        fixed |= {name: values[0] for name, values in changes.items() if len(values) == 1}
        axes |= {name: values for name, values in changes.items() if len(values) != 1}
        return self.replace(fixed=fixed, axes=axes)

    def _check_number(self) -> None:
        lists = ([value for value in arm.values() if isinstance(value, list)] for arm in self.arms or [{}])
        count = sum(prod(map(len, own)) for own in lists)
        count *= prod(len(next(iter(table.values()))) for table in self.zipped if table)
        count *= prod(map(len, self.axes.values()))
        if count > MOST:
            raise UsageError(f"grid {self.name!r} has {count:,} combinations, too many for a grid: at most {MOST:,}")

    def _combinations(self) -> Iterator[Values]:
        rows = [
            [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)] for table in self.zipped
        ]
        for arm in self.arms or [{}]:
            lists = {name: value if isinstance(value, list) else [value] for name, value in arm.items()}
            for parts in product(_product(lists), *rows, _product(self.axes)):
                own, *others = parts
                values = dict(self.fixed)
                for part in (*others, own):
                    values |= part
                yield values

    def _config(self, values: Values) -> RunConfig:
        try:
            return run_config(values)
        except UsageError as error:
            raise UsageError(f"grid {self.name!r}: {error} (in {_shown(values)})") from None

    def _check_fresh(self, seed: int) -> None:
        if self.tuning is not None and seed in self.tuning.seeds:
            raise UsageError(
                f"grid {self.name!r}: seed {seed} is one of those that it was tuned with "
                f"({', '.join(map(str, self.tuning.seeds))}); a comparison needs fresh ones"
            )

    def _same(self, one: Values, other: Values) -> str:
        differ = [name for name in other if one.get(name) != other[name]]
        why = f"{', '.join(differ)} has no effect there" if differ else "the arms overlap"
        both = f"{_shown(one)} and {_shown(other)}"
        return f"grid {self.name!r} makes the same run twice: {both} ({why}); exclude one of them"


def _product(axes: Mapping[str, list[Any]]) -> list[Values]:
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def _matches(values: Values, pattern: Values) -> bool:
    return all(
        name in values and (values[name] in wanted if isinstance(wanted, list) else values[name] == wanted)
        for name, wanted in pattern.items()
    )


def _shown(values: Values) -> str:
    return ", ".join(f"{name} {plainly(value)}" for name, value in values.items())
