"""The rules: which quantities meet a claim, what an interval says of it, and what two protocols say together."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.claims import table
from cna_viz.analysis.claims.rules import Region, interval_of, outcome, region, verdict
from cna_viz.analysis.statistics.intervals import Interval, confidence_interval
from cna_viz.analysis.statistics.welch import welch_interval

Make = Callable[..., Any]


def test_regions(make_claim: Make) -> None:
    assert region(make_claim("level")) == Region(89, math.inf)
    assert region(make_claim("level", bound="about", tolerance=2.0)) == Region(88, 92)
    assert region(make_claim("slope", bound="at most")) == Region(-math.inf, -19)
    assert region(make_claim("trend")) == Region(pytest.approx(0.5 / 3), math.inf)
    assert region(make_claim("trend", bound="at most", tolerance=2.0)) == Region(0, 1)


@pytest.mark.parametrize(
    ("kind", "changes", "ends", "wanted"),
    [
        # published 90, tolerance 1
        ("level", {}, (89.0, 89.5), "holds"),  # all of it in the region, ends included
        ("level", {}, (60.0, 100.0), "undecided"),
        ("level", {}, (88.9, 99.0), "undecided"),  # almost all of it
        ("level", {}, (80.0, 89.0), "undecided"),  # touches it
        ("level", {}, (40.0, 88.9), "fails"),
        ("level", {"bound": "about"}, (91.5, 99.0), "fails"),  # too good
        ("level", {"bound": "about"}, (89.0, 91.0), "holds"),
        ("level", {"bound": "about"}, (90.5, 94.0), "undecided"),
        # published 90 - 80 = +10
        ("difference", {}, (9.0, 40.0), "holds"),
        ("difference", {}, (4.0, 9.5), "undecided"),
        ("difference", {}, (2.0, 8.9), "fails"),
        # published 60 - 80 = -20
        ("slope", {"bound": "at most"}, (-60.0, -19.0), "holds"),
        ("slope", {"bound": "at most"}, (-18.0, 1.0), "fails"),
        ("slope", {"bound": "at most"}, (-20.0, 0.0), "undecided"),
        ("slope", {}, (-18.0, 1.0), "holds"),  # loses no more than that
        ("slope", {}, (-40.0, -21.1), "fails"),
        # published 1 / 2, within a factor of 3
        ("trend", {"bound": "about"}, (0.2, 1.4), "holds"),
        ("trend", {"bound": "about"}, (1.6, 100.0), "fails"),
        ("trend", {"bound": "about"}, (0.001, 0.1), "fails"),
        ("trend", {"bound": "about"}, (0.1, 1.0), "undecided"),
        ("trend", {"bound": "at most", "tolerance": 1.5}, (0.01, 0.7), "holds"),
        ("trend", {"bound": "at most", "tolerance": 1.5}, (0.3, 1.2), "undecided"),
    ],
)
def test_outcomes(make_claim: Make, kind: str, changes: dict[str, Any], ends: tuple[float, float], wanted: str) -> None:
    low, high = ends
    middle = math.sqrt(low * high) if kind == "trend" else (low + high) / 2
    found, why = outcome(make_claim(kind, **changes), Interval(middle, low, high, 5))
    assert found == wanted, why
    assert "interval" in why


@pytest.mark.parametrize("seeds", [0, 1, 4])
def test_fewer_than_five_seeds_decide_nothing(make_claim: Make, seeds: int) -> None:
    interval = Interval(95.0, 94.0, 96.0, seeds)
    assert outcome(make_claim("level"), interval) == ("undecided", f"undecided: {seeds} of 5 seeds")


@pytest.mark.parametrize("seeds", [5, 10])
def test_a_claim_below_its_bound_seldom_holds(seeds: int) -> None:
    rates = table(seeds=(seeds,), samples=1000)
    below = rates[rates["true value"] <= 0]
    assert below["holds"].max() < 0.05
    assert rates[rates["true value"] >= 0]["fails"].max() < 0.05


def test_reasons_say_what_is_needed(make_claim: Make) -> None:
    said = outcome(make_claim("level"), Interval(80, 79, 81, 5))[1]
    assert said == "the interval ends at 81.0, but the claim needs at least 89 %"
    said = outcome(make_claim("slope", bound="at most"), Interval(-3, -5, -1, 5))[1]
    assert said == "the interval begins at −5.0, but the claim needs at most −19 points"
    said = outcome(make_claim("trend", bound="about"), Interval(4, 3, 5, 5))[1]
    assert said == "the interval begins at 3, but the claim needs from 0.17 to 1.5 times"
    said = outcome(make_claim("level"), Interval(90, 88, 92, 5))[1]
    assert said == "only a part of the interval is at least 89 %"


@pytest.mark.parametrize(
    ("fair", "own", "wanted"),
    [
        ("holds", None, "reproduced"),
        ("holds", "fails", "reproduced"),
        ("holds", "undecided", "reproduced"),
        ("fails", "holds", "only under its own split"),
        ("fails", "fails", "not reproduced"),
        ("fails", None, "not reproduced"),
        ("fails", "undecided", "undecided"),
        ("fails", "untestable", "cannot be tested here"),
        ("undecided", "holds", "undecided"),
        ("undecided", "fails", "undecided"),
        ("undecided", None, "undecided"),
        ("untestable", "holds", "cannot be tested here"),
        ("untestable", None, "cannot be tested here"),
    ],
)
def test_verdicts(fair: Any, own: Any, wanted: str) -> None:
    assert verdict(fair, own) == wanted


def test_intervals_of_accuracies_end_at_what_is_possible(make_claim: Make) -> None:
    found = interval_of(make_claim("level"), [[90.0, 99.0]])
    assert (found.low < 90, found.high, found.count) == (True, 100, 2)


def test_intervals_are_those_of_pairs_or_of_welch(make_claim: Make) -> None:
    arms = ([91.0, 92.0, 94.0], [80.0, 70.0, 90.0])
    assert interval_of(make_claim("difference"), arms) == confidence_interval([11, 22, 4])
    assert interval_of(make_claim("difference"), arms, paired=False) == welch_interval(*arms)


@pytest.mark.parametrize("paired", [True, False])
def test_intervals_of_ratios_are_those_of_their_logarithms(make_claim: Make, paired: bool) -> None:
    arms = ([1.0, 2.0, 4.0], [1.0, 1.0, 1.0])
    found = interval_of(make_claim("trend"), arms, paired=paired)
    logs = confidence_interval(np.log(arms[0]))
    assert [found.mean, found.low, found.high] == pytest.approx(np.exp([logs.mean, logs.low, logs.high]))


def test_equal_values_of_all_seeds_are_an_interval(make_claim: Make) -> None:
    claim = make_claim("difference", bound="about", baseline={"published": 90.0, "runs": {"slot": "relu"}})
    assert outcome(claim, interval_of(claim, [[70.0] * 5, [70.0] * 5]))[0] == "holds"
