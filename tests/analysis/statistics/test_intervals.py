"""Intervals against scipy and by hand, and what is said where there is too little to say."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cna_viz.analysis.statistics.intervals import (
    Interval,
    all_or_none,
    confidence_interval,
    geometric_range,
    interval_table,
    mean_of_all,
    value_range,
)

NAN = math.nan


def same(interval: Interval, mean: float, low: float, high: float, count: int) -> None:
    assert (interval.mean, interval.low, interval.high) == pytest.approx((mean, low, high), rel=1e-9, nan_ok=True)
    assert interval.count == count


@pytest.mark.parametrize("count", [2, 3, 10, 100])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_the_interval_is_that_of_scipy(count: int, level: float) -> None:
    values = np.random.default_rng(count).normal(3, 2, count)
    low, high = stats.t.interval(level, count - 1, loc=values.mean(), scale=stats.sem(values))
    same(confidence_interval(values, level=level), values.mean(), low, high, count)


def test_the_interval_by_hand() -> None:
    # with two degrees of freedom t(p) = (2p - 1) / √(2p (1 - p)); the standard deviation is 1
    half = 0.95 / math.sqrt(2 * 0.975 * 0.025) / math.sqrt(3)
    same(confidence_interval([1, 2, 3]), 2, 2 - half, 2 + half, 3)
    # with one degree of freedom t(p) = tan(π (p - ½)); the standard error of two values is half their distance
    half = math.tan(math.pi * 0.475) / 2
    same(confidence_interval([0, 1]), 0.5, 0.5 - half, 0.5 + half, 2)


def test_equal_values_have_an_interval_of_no_width() -> None:
    same(confidence_interval([0.25] * 4), 0.25, 0.25, 0.25, 4)


@pytest.mark.parametrize("summarize", [confidence_interval, value_range, geometric_range])
def test_no_value_and_one_value_have_no_interval(summarize: object) -> None:
    assert callable(summarize)
    same(summarize([]), NAN, NAN, NAN, 0)
    same(summarize([NAN, NAN]), NAN, NAN, NAN, 0)
    same(summarize([4.0]), 4, NAN, NAN, 1)
    same(summarize([NAN, 4.0]), 4, NAN, NAN, 1)


def test_nan_values_are_left_out() -> None:
    assert confidence_interval([NAN, 1, 2, NAN, 3]) == confidence_interval([1, 2, 3])
    assert value_range([NAN, 3, 1]) == value_range([3, 1])
    assert confidence_interval(pd.Series([1.0, None, 3.0])) == confidence_interval([1, 3])


def test_bounds_cut_the_interval_and_not_the_mean() -> None:
    interval = confidence_interval([0.1, 0.9], bounds=(0, 1))
    assert (interval.mean, interval.low, interval.high) == (0.5, 0, 1)
    wide = confidence_interval([0.4, 0.41, 0.42], bounds=(0, 1))
    assert wide == confidence_interval([0.4, 0.41, 0.42])
    assert math.isnan(confidence_interval([0.5], bounds=(0, 1)).low)


def test_the_range_is_mean_smallest_and_largest() -> None:
    same(value_range([3, 1, 5]), 3, 1, 5, 3)
    same(value_range([-2, -2]), -2, -2, -2, 2)


def test_the_geometric_range() -> None:
    same(geometric_range([1, 100]), 10, 1, 100, 2)
    same(geometric_range([1e-300, 1e-100]), 1e-200, 1e-300, 1e-100, 2)


def test_what_has_no_logarithm_is_left_out_of_the_geometric_range() -> None:
    same(geometric_range([0, 1, -3, NAN, 100]), 10, 1, 100, 2)
    same(geometric_range([0, 0]), NAN, NAN, NAN, 0)


def test_the_table_has_a_row_per_group_in_order_of_first_appearance() -> None:
    rows = [("relu", 8, 1.0), ("cna", 2, 5.0), ("relu", 2, 3.0), ("relu", 8, 3.0), ("relu", 2, NAN)]
    table = interval_table(pd.DataFrame(rows, columns=["slot", "layers", "value"]), "value", ["slot", "layers"])
    assert list(table.columns) == ["slot", "layers", "mean", "low", "high", "count"]
    assert list(zip(table["slot"], table["layers"], strict=True)) == [("relu", 8), ("cna", 2), ("relu", 2)]
    assert list(table["mean"]) == [2, 5, 3]
    assert list(table["count"]) == [2, 1, 1]
    expected = confidence_interval([1, 3])
    assert (table["low"][0], table["high"][0]) == (expected.low, expected.high)
    assert table["low"][1:].isna().all()


def test_the_table_uses_the_summary_it_is_given() -> None:
    rows = pd.DataFrame({"slot": ["relu", "relu"], "value": [1.0, 100.0]})
    assert interval_table(rows, "value", ["slot"], geometric_range)["mean"].tolist() == pytest.approx([10])


def test_the_table_of_no_rows_has_its_columns() -> None:
    table = interval_table(pd.DataFrame({"slot": [], "value": []}), "value", ["slot"])
    assert list(table.columns) == ["slot", "mean", "low", "high", "count"]
    assert table.empty


@pytest.mark.parametrize(("values", "mean"), [([1.0, 2.0], 1.5), ([1.0, NAN], NAN), ([NAN], NAN), ([], NAN)])
def test_a_mean_of_all_is_none_where_one_is_missing(values: list[float], mean: float) -> None:
    series = pd.Series(values, dtype=float)
    np.testing.assert_equal(mean_of_all(series), mean)
    assert len(all_or_none(series)) == (0 if np.isnan(mean) else len(values))
