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


def confidence_interval(values: ArrayLike, *, level: float = 0.95, bounds: tuple[float, float] = (-np.inf, np.inf)) -> Interval:
    """Return mean and Student-t confidence interval of the mean.

    Args:
        values: One value per seed; NaN values are left out.
        level: Confidence level.
        bounds: What is possible at all; with few seeds Student's t reaches beyond and is cut there.

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


def geometric_interval(values: ArrayLike) -> Interval:
    """Return geometric mean and interval: those of the logarithms, for values that range over orders of magnitude.

    Values that are not positive are left out.
    """
    array = np.asarray(values, dtype=float)
    interval = confidence_interval(np.log(array[array > 0]))
    return Interval(*np.exp([interval.mean, interval.low, interval.high]).tolist(), interval.count)


def interval_table(
    table: pd.DataFrame, value: str, by: list[str], *, geometric: bool = False, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> pd.DataFrame:
    """Return one row per group with mean, low, high and count of ``value`` over the group's rows.

    Args:
        table: One row per observation.
        value: Column to average.
        by: Columns that make a group; rows come out in their order of first appearance.
        geometric: Average logarithms.
        bounds: What is possible at all; intervals are cut there.
    """
    rows = []
    for key, group in table.groupby(by, sort=False):
        values = group[value]
        interval = geometric_interval(values) if geometric else confidence_interval(values, bounds=bounds)
        rows.append({**dict(zip(by, key, strict=True)), **vars(interval)})
    return pd.DataFrame(rows, columns=[*by, "mean", "low", "high", "count"])
