"""What is searched when a grid is tuned: the same for all arms that share it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cna_viz.config import RunConfig
from cna_viz.config.arms import differing, idle
from cna_viz.config.fields import flat, nested, settings
from cna_viz.config.search import Search, Space
from cna_viz.errors import UsageError
from cna_viz.experiments.grid import Grid


def default_space() -> Space:
    """Return what is searched where a grid has no space: what every arm has, whatever its slot.

    lr from 0.0001 to 0.1 and weight_decay from 0.000001 to 0.01, both in ratios, and dropout from 0 to 0.8.
    """
    return {
        "lr": Search(low=1e-4, high=1e-1, log=True),
        "weight_decay": Search(low=1e-6, high=1e-2, log=True),
        "dropout": Search(low=0.0, high=0.8),
    }


def space_of(grid: Grid, arms: Sequence[RunConfig]) -> Space:
    """Return the space of a grid; without one the default, less what the arms themselves compare.

    Settings that all arms have come first, so that arms with further ones draw the same values for these.

    Args:
        grid: The grid.
        arms: Its arms.

    Raises:
        UsageError: When the arms compare a setting of the space, it has an effect in none of them, or nothing is left.
    """
    compared = differing(arms)
    clash = [name for name in grid.space if name in compared]
    if clash:
        raise UsageError(
            f"grid {grid.name!r} compares values of {clash[0]}: it can't be searched as well; take it out of the "
            "space, or give all arms the same"
        )
    space = grid.space or {name: search for name, search in default_space().items() if name not in compared}
    if not space:
        raise UsageError(
            f"grid {grid.name!r} compares all of {', '.join(default_space())}, so there is nothing to search; give it "
            "a space"
        )
    for name in space:
        if all(name in idle(arm) for arm in arms):
            raise UsageError(f"grid {grid.name!r}: {name} of its space has no effect in any of its arms")
    return dict(sorted(space.items(), key=lambda item: any(item[0] in idle(arm) for arm in arms)))


@dataclass(frozen=True)
class SearchedArm:
    """An arm and what is searched in it.

    Attributes:
        config: The arm, with the default seeds and recording.
        space: What has an effect in it.
    """

    config: RunConfig
    space: Space

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits, the same for the same arm."""
        return self.config.run_id

    @property
    def own(self) -> dict[str, Any]:
        """The values that the arm has by itself."""
        values = flat(self.config)
        return {name: values.get(name) for name in self.space}


def space_in(arm: RunConfig, space: Space) -> Space:
    """Return the part of a space that has an effect in an arm."""
    return {name: search for name, search in space.items() if name not in idle(arm)}


def with_settings(arm: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    """Return an arm with other values of some settings.

    Raises:
        UsageError: When a value is not accepted.
    """
    return RunConfig.model_validate(nested({**flat(arm), **values}))


def extremes_of(arm: RunConfig, space: Space) -> list[RunConfig]:
    """Return the arm at the bounds, or at every value, of each setting that is searched in it.

    Raises:
        UsageError: When one of them is not accepted.
    """
    found = []
    for name, search in space_in(arm, space).items():
        for value in _extremes(name, search):
            try:
                found.append(with_settings(arm, {name: value}))
            except UsageError as error:
                raise UsageError(f"search of {name}: {error}") from None
    return found


def _extremes(name: str, search: Search) -> list[Any]:
    if search.values is not None:
        return search.values
    # Bounds are read as fractions, whole ones too.
    return [settings()[name].type(bound) for bound in search.bounds]
