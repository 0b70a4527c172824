"""Mean and confidence interval over seeds."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval; the bounds are NaN where one value can't give any."""

    mean: float
    low: float
    high: float
    count: int


def confidence_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Return mean and Student-t confidence interval of the mean.

    Args:
        values: One value per seed; NaN values are left out.
        level: Confidence level.

    Returns:
        The interval; bounds are NaN with fewer than two values, the mean too with none.
    """
    array = np.asarray(values, dtype=float)
    array = array[~np.isnan(array)]
    if len(array) == 0:
        return Interval(np.nan, np.nan, np.nan, 0)
    mean = float(array.mean())
    if len(array) == 1:
        return Interval(mean, np.nan, np.nan, 1)
    half = float(stats.t.ppf((1 + level) / 2, len(array) - 1) * array.std(ddof=1) / np.sqrt(len(array)))
    return Interval(mean, mean - half, mean + half, len(array))


def interval_table(table: pd.DataFrame, value: str, by: list[str]) -> pd.DataFrame:
    """Return one row per group with mean, low, high and count of ``value`` over the group's rows.

    Args:
        table: One row per observation.
        value: Column to average.
        by: Columns that make a group; rows come out in their order of first appearance.
    """
    rows = []
    for key, group in table.groupby(by, sort=False):
        interval = confidence_interval(group[value])
        rows.append({**dict(zip(by, key, strict=True)), **vars(interval)})
    return pd.DataFrame(rows, columns=[*by, "mean", "low", "high", "count"])
