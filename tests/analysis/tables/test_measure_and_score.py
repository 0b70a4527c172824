"""Rank correlations against scipy's and against cases whose answer is known."""

import numpy as np
import pytest
from scipy import stats

from cna_viz.analysis.tables.measure_and_score import (
    FEWEST,
    RankCorrelation,
    correlation_words,
    measured_scores,
    rank_correlation,
)
from tests.analysis.conftest import Make


def test_the_correlation_is_spearmans_with_ties() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 6, 30), rng.standard_normal(30)
    found = rank_correlation(x, y)
    assert found.rho == pytest.approx(stats.spearmanr(x, y).statistic)
    assert found.low < found.rho < found.high
    assert found.count == 30


def test_only_order_counts() -> None:
    x = np.arange(1, 9)
    found = rank_correlation(x, -np.exp(x))
    assert (found.rho, found.low) == (pytest.approx(-1), pytest.approx(-1))
    assert correlation_words(found) == "ρ = −1.00 [−1.00, −0.82], 8 runs"


def test_the_interval_holds_a_correlation_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    for count, least in ((5, 0.95), (10, 0.93), (30, 0.93)):
        draws = [rank_correlation(*rng.standard_normal((2, count))) for _ in range(600)]
        assert np.mean([found.low <= 0 <= found.high for found in draws]) >= least


def test_a_few_runs_in_perfect_order_do_not_prove_one() -> None:
    found = rank_correlation(range(FEWEST), range(FEWEST))
    assert found.rho == pytest.approx(1)
    assert found.low < 0


def test_pairs_with_a_missing_value_are_left_out() -> None:
    x = [1, 2, np.nan, 3, 4, 5, 6]
    y = [1, 2, 9, 3, np.nan, 5, 6]
    found = rank_correlation(x, y)
    assert (found.count, found.rho) == (5, pytest.approx(1))


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_few_runs_have_none(count: int) -> None:
    found = rank_correlation(range(count), range(count))
    assert np.isnan([found.rho, found.low, found.high]).all()
    assert correlation_words(found) == f"none ({count} run{'' if count == 1 else 's'}, too few)"


def test_a_constant_has_none() -> None:
    found = rank_correlation([1.0] * 6, range(6))
    assert np.isnan(found.rho)
    assert correlation_words(found) == "none (one of the two has the same value in all runs)"


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((0.314, -0.02, 0.58), "ρ = +0.31 [−0.02, +0.58], 5 runs"),
        ((-0.001, -0.6, 0.6), "ρ = +0.00 [−0.60, +0.60], 5 runs"),
        ((1.0, 1.0, 1.0), "ρ = +1.00 [+1.00, +1.00], 5 runs"),
    ],
)
def test_correlations_in_words(ends: tuple[float, float, float], words: str) -> None:
    assert correlation_words(RankCorrelation(*ends, FEWEST)) == words


def test_a_single_run_that_differs_has_an_interval() -> None:
    found = rank_correlation([0, 0, 0, 0, 1], [0, 0, 0, 0, 1])
    assert np.isfinite([found.rho, found.low, found.high]).all()


@pytest.mark.parametrize("layers", [1, 2, 96])
def test_the_measure_is_that_of_the_last_hidden_layer_of_the_selected_model(make: Make, layers: int) -> None:
    record = make("relu", layers)
    table = measured_scores([record], "mad")
    wanted = record.metrics["mad"].sel(epoch=record.best_epoch, layer=max(1, layers - 1), stage="conv")
    assert table["value"].tolist() == [float(wanted)]
    assert table["score"].tolist() == [record.score("test")]


def test_what_was_not_measured_or_has_no_score_is_nan(make: Make) -> None:
    gone = make("relu", seed=1, measures="mad", accuracy={}, status="diverged")
    table = measured_scores([make("relu", measures="mad"), gone])
    assert table["value"].isna().all()
    assert table["score"].isna().tolist() == [False, True]


def test_a_run_that_was_recorded_in_two_ways_counts_once_with_its_measure(make: Make) -> None:
    full = [make("relu", seed=s) for s in range(3)]
    bare = [make("relu", seed=s, measures="mad") for s in range(3)]
    table = measured_scores([*bare, *full], "rayleigh")
    assert table["seed"].tolist() == [0, 1, 2]
    assert table["value"].tolist() == measured_scores(full, "rayleigh")["value"].tolist()
