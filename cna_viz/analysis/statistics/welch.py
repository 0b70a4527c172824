"""The interval of a difference of two means that are not paired."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cna_viz.analysis.statistics.intervals import Interval


def welch_interval(one: ArrayLike, other: ArrayLike, *, level: float = 0.95, floor: float = 0.0) -> Interval:
    r"""Return the mean of ``one`` minus that of ``other`` with Welch's interval, for samples of unequal spread.

    .. math:: \bar x - \bar y \pm t_\nu \sqrt{u + v}, \quad u = s_x^2 / n, \; v = s_y^2 / m,
        \quad \nu = (u + v)^2 / \left(\tfrac{u^2}{n - 1} + \tfrac{v^2}{m - 1}\right)

    Args:
        one: At least two values.
        other: At least two values.
        level: Confidence level.
        floor: Smallest standard deviation of each, as in :func:`.paired.difference`.

    Returns:
        The interval, with the size of the smaller sample as its count.
    """
    x, y = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    difference = float(x.mean() - y.mean())
    u, v = (max(float(values.std(ddof=1)), floor) ** 2 / len(values) for values in (x, y))
    if u + v == 0:
        return Interval(difference, difference, difference, min(len(x), len(y)))
    freedom = (u + v) ** 2 / (u**2 / (len(x) - 1) + v**2 / (len(y) - 1))
    half = float(stats.t.ppf((1 + level) / 2, freedom) * np.sqrt(u + v))
    return Interval(difference, difference - half, difference + half, min(len(x), len(y)))
