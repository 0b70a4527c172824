"""The values of a setting as numbers, where a score is read against them."""

from collections.abc import Sequence

from cna_viz.config import RunConfig
from cna_viz.config.arms import active_settings
from cna_viz.config.fields import settings
from cna_viz.errors import UsageError, unknown_name


def setting_values(configs: Sequence[RunConfig], name: str) -> list[float]:
    """Return the value of a setting in every run; NaN where it has no effect.

    Args:
        configs: The runs.
        name: Name of a setting, as grids use it.

    Raises:
        UsageError: When there is no such setting, or one of its values is no number.
    """
    if name not in settings():
        raise unknown_name("setting", name, settings())
    return [_number(name, active_settings(config).get(name)) for config in configs]


def _number(name: str, value: object) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{name} = {value!r} is not a number: the score can't be drawn against it")
    return float(value)
