"""Mean and confidence interval over seeds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats


@dataclass(frozen=True)
class Interval:
    """A mean with the ends of an interval around it, which are NaN with fewer than two values."""

    mean: float
    low: float
    high: float
    count: int


def confidence_interval(
    values: ArrayLike, *, level: float = 0.95, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> Interval:
    """Return mean and Student-t confidence interval of the mean.

    Args:
        values: One value per seed; NaN values are left out.
        level: Confidence level.
        bounds: Possible values; with few seeds Student's t reaches beyond and is cut there.

    Returns:
        The interval; low and high are NaN with fewer than two values, the mean too with none.
    """
    array = np.asarray(values, dtype=float)
    array = array[~np.isnan(array)]
    if len(array) == 0:
        return Interval(np.nan, np.nan, np.nan, 0)
    mean = float(array.mean())
    if len(array) == 1:
        return Interval(mean, np.nan, np.nan, 1)
    half = float(stats.t.ppf((1 + level) / 2, len(array) - 1) * array.std(ddof=1) / np.sqrt(len(array)))
    return Interval(mean, max(mean - half, bounds[0]), min(mean + half, bounds[1]), len(array))


def value_range(values: ArrayLike) -> Interval:
    """Return mean, smallest and largest value, without NaN: it describes these seeds, and infers nothing on others."""
    array = np.asarray(values, dtype=float)
    array = array[~np.isnan(array)]
    if len(array) < 2:
        return confidence_interval(array)
    return Interval(float(array.mean()), float(array.min()), float(array.max()), len(array))


def geometric_range(values: ArrayLike) -> Interval:
    """Return geometric mean, smallest and largest of the positive values, for values that span orders of magnitude."""
    array = np.asarray(values, dtype=float)
    spread = value_range(np.log(array[array > 0]))
    mean, low, high = np.exp([spread.mean, spread.low, spread.high]).tolist()
    return Interval(mean, low, high, spread.count)


def all_or_none(values: "pd.Series[float]") -> "pd.Series[float]":
    """Return the values, or none of them where one is NaN: a mean without diverged runs would be one of the lucky."""
    return values if values.notna().all() else values.iloc[:0]


def mean_of_all(values: "pd.Series[float]") -> float:
    """Return the mean; NaN where one value is NaN, or without values."""
    return float(all_or_none(values).mean())


def interval_table(
    table: pd.DataFrame, value: str, by: list[str], summarize: Callable[[ArrayLike], Interval] = confidence_interval
) -> pd.DataFrame:
    """Return a row per group with mean, low, high and count of the column ``value``, by ``summarize``.

    Groups are those of the columns ``by``, in the order of their first rows.
    """
    rows = [
        {**dict(zip(by, key, strict=True)), **vars(summarize(group[value]))}
        for key, group in table.groupby(by, sort=False)
    ]
    return pd.DataFrame(rows, columns=[*by, "mean", "low", "high", "count"])
