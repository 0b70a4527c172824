"""Grids: a short description of the differences becomes a list of configs."""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import product
from math import prod
from operator import or_
from typing import Any, Final, Self

from pydantic import Field, field_validator, model_validator

from cna_viz.config import Config, DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.config.arms import SILENT
from cna_viz.config.fields import run_config, settings
from cna_viz.config.tuning import Space, Tuning, read_space
from cna_viz.errors import UsageError, plainly, unknown_name

Values = dict[str, Any]
"""Values of settings by flat name, such as ``slot`` or ``csbm_homophily``."""

MOST: Final = 20_000
"""Maximum number of combinations of a grid."""


class Grid(Config):
    """A description of many runs.

    Every arm is combined with every row of every zipped table and with every combination of the axes:

        >>> Grid(fixed={"dataset": "karate"}, axes={"seed": [0, 1]}, arms=[{"slot": ["relu", "cna"]}]).configs()

    makes four runs. Names of settings are those of the options of ``cna-viz run``, with ``_`` for ``-``.
    """

    name: str = "grid"
    """Name in messages and tables."""
    about: str = ""
    """The question that it answers."""
    fixed: Values = Field(default_factory=dict)
    """Settings that all runs share."""
    axes: dict[str, list[Any]] = Field(default_factory=dict)
    """Values to combine: all with all."""
    zipped: list[dict[str, list[Any]]] = Field(default_factory=list)
    """Tables whose columns go together row by row."""
    arms: list[Values] = Field(default_factory=list)
    """Settings by arm; a list is an axis of this arm alone. Values of an arm override all others."""
    exclude: list[Values] = Field(default_factory=list)
    """Combinations to leave out; a list means any of its values."""
    space: Space = Field(default_factory=dict)
    """Search space of ``cna-viz tune`` for settings that the arms share: bounds or values by name."""
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
            try:
                config = run_config(values)
            except UsageError as error:
                raise UsageError(f"grid {self.name!r}: {error} (in {_shown(values)})") from None
            if self.tuning is not None and config.seed in self.tuning.seeds:
                raise UsageError(
                    f"grid {self.name!r}: seed {config.seed} is one of those that it was tuned with "
                    f"({', '.join(map(str, self.tuning.seeds))}); a comparison needs fresh ones"
                )
            if config.run_id in found:
                raise UsageError(self._same(found[config.run_id], values))
            found[config.run_id] = values
            configs.append(config)
        return configs

    def having(self, changes: Mapping[str, list[Any]]) -> "Grid":
        """Return the grid with other values of some settings; several values are an axis.

        Raises:
            UsageError: When a setting is unknown, the arms or a zipped table set it, or it would change the arms of a
                tuned grid.
        """
        for name in changes:
            if self.tuning is not None and name not in SILENT:
                raise UsageError(
                    f"grid {self.name!r} was tuned with its own {name}, and its arms would not be tuned for another: "
                    "leave it out, or tune the original grid with it"
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
                yield reduce(or_, (*others, own), self.fixed)

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


def depth_grid(
    *,
    dataset: str = "digits",
    split: str = "random-60-20-20",
    depths: Sequence[int] = (2, 4, 8, 16, 32),
    slots: Sequence[str] = ("relu", "cna"),
    seeds: Sequence[int] = (0, 1, 2),
    hidden: int = 64,
    clusters: int = 8,
    epochs: int = 200,
) -> list[RunConfig]:
    """Return the runs of the notebook on oversmoothing, one per depth, slot and seed; all arms share everything else.

    None is stopped early: deep networks start slowly.

    Only the deepest networks of the first seed are measured every epoch and keep embeddings; the others are measured at
    the first, the last and the best epoch.

    Raises:
        UsageError: When a name is unknown or a number out of range.
    """
    configs = []
    for depth, slot, seed in product(depths, slots, seeds):
        shown = depth == max(depths) and seed == seeds[0]
        configs.append(
            RunConfig(
                data=DataConfig(dataset=dataset, split=split),
                model=ModelConfig(slot=slot, layers=depth, hidden=hidden, clusters=clusters),
                training=TrainingConfig(epochs=epochs, patience=None),
                recording=RecordingConfig(every=1 if shown else max(epochs, 1), snapshots="ends" if shown else "none"),
                seed=seed,
            )
        )
    return configs
