"""Welch's interval against scipy's, and without spread."""

import pytest
from scipy import stats

from cna_viz.analysis.statistics.intervals import Interval
from cna_viz.analysis.statistics.welch import welch_interval


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_interval_is_that_of_scipy(level: float) -> None:
    one, other = [3.0, 5.0, 4.0, 9.0, 1.0], [1.0, 1.5, 1.2]
    found = welch_interval(one, other, level=level)
    wanted = stats.ttest_ind(one, other, equal_var=False).confidence_interval(level)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))
    assert (found.mean, found.count) == (pytest.approx(4.4 - 3.7 / 3), 3)


def test_without_spread_it_is_a_point() -> None:
    assert welch_interval([2.0, 2.0], [1.0, 1.0]) == Interval(1, 1, 1, 2)
    half_spread = welch_interval([2.0, 2.0], [1.0, 2.0])
    assert half_spread.low < 0.5 < half_spread.high
