"""Statistics: known answers, the same from other programs' formulas, and no verdict that the data can't carry."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cna_viz.analysis.statistics.factorial import COMPONENTS, effects, simple_effects
from cna_viz.analysis.statistics.paired import compare, difference, seeds_needed, verdict_table
from cna_viz.errors import UsageError

RNG = np.random.default_rng(3)


def table(**shifts: float) -> pd.DataFrame:
    """Return ten pairs of accuracies: relu, and arms that are better by so much, give or take half a point."""
    base = 0.8 + 0.05 * RNG.standard_normal(10)
    arms = {name: base + shift + 0.005 * RNG.standard_normal(10) for name, shift in shifts.items()}
    return pd.DataFrame({"relu": base, **arms})


def test_intervals_and_tests_are_those_of_student() -> None:
    x = np.array([0.01, 0.02, 0.03, 0.04, 0.05, 0.03])
    found, wanted = difference(x), stats.ttest_1samp(x, 0)
    low, high = wanted.confidence_interval()
    assert vars(found) == pytest.approx(
        {
            "pairs": 6,
            "difference": 0.03,
            "low": low,
            "high": high,
            "p": wanted.pvalue,
            "effect_size": 0.03 / x.std(ddof=1),
        }
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=8), st.integers(1, 20), st.sampled_from([0.0, 0.003]))
def test_interval_and_p_value_and_verdict_never_contradict_each_other(
    values: list[float], family: int, floor: float
) -> None:
    x = np.array(values)
    found = difference(x, family=family, floor=floor)
    excludes = found.low > 0 or found.high < 0
    if abs(found.p - 0.05) > 1e-6:
        assert (found.p < 0.05) == excludes
    attrs = {"items": 1 / floor if floor else None}
    samples = dict.fromkeys(range(family), x)
    verdicts = set(verdict_table(samples, attrs)["verdict"])
    assert len(verdicts) == 1
    assert (verdicts <= {"better", "worse"}) == excludes


def test_several_arms_have_the_intervals_of_bonferroni() -> None:
    arms = table(a=0.03, b=0.02, c=0.01, d=0.004)
    found, alone = compare(arms, "relu"), compare(arms[["relu", "a"]], "relu")
    wanted = stats.ttest_1samp(arms["a"] - arms["relu"], 0).confidence_interval(1 - 0.05 / 4)
    assert (found.loc["a", "low"], found.loc["a", "high"]) == pytest.approx(tuple(wanted))
    assert found.loc["a", "p"] == pytest.approx(min(1, 4 * alone.loc["a", "p"]))


def test_verdicts_follow_from_the_numbers() -> None:
    found = compare(table(better=0.03, worse=-0.03, same=0.0), "relu")
    assert found["verdict"].to_dict() == {"better": "better", "worse": "worse", "same": "equal (±1)"}
    assert found.loc["better", "difference"] == pytest.approx(0.03, abs=0.005)
    assert found.attrs["baseline"] == "relu"


SAME = [0.001, -0.001, 0.0005, -0.0005, 0.002, -0.002]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([0.0] * 6, "identical"),
        ([0.0] * 2, "identical"),
        (SAME, "equal (±1)"),
        (SAME[:5], "inconclusive: too few pairs (5 of 6)"),
        ([0.001, -0.001], "inconclusive: too few pairs (2 of 6)"),
        ([0.005] * 6, "better"),
        ([*SAME, -0.5], "inconclusive: uneven pairs (1 of 7)"),
        ([*SAME, *SAME] * 100 + [-0.5, -0.051], "inconclusive: uneven pairs (2 of 1202)"),
        ([0.3, -0.3] * 3, "inconclusive"),
        ([0.0, 0.02] * 3, "inconclusive"),
    ],
)
def test_equal_is_said_of_enough_even_pairs_only(values: list[float], wanted: str) -> None:
    assert verdict_table({"arm": np.array(values)}, {"items": 1000})["verdict"].tolist() == [wanted]


def test_a_few_equal_differences_are_known_no_better_than_the_score() -> None:
    found = difference(np.full(3, 0.02), floor=0.01)
    half = stats.t.ppf(0.975, 2) * 0.01 / 3**0.5
    assert (found.low, found.high) == pytest.approx((0.02 - half, 0.02 + half))
    assert found.p > 0.05
    assert found.effect_size == np.inf
    rows = verdict_table({"arm": np.array([0.01, 0.01])}, {"items": 50})
    assert rows["verdict"].tolist() == ["inconclusive: too few pairs (2 of 6)"]


def test_less_of_an_error_is_better() -> None:
    rng = np.random.default_rng(0)
    base = 0.2 + 0.01 * rng.standard_normal(12)
    errors = pd.DataFrame(
        {"relu": base, "less": base - 0.1 + 0.001 * rng.standard_normal(12), "more": base + 0.1, "same": base}
    )
    errors.attrs["metric"] = "nmse"
    found = compare(errors, "relu")
    assert found["verdict"].to_dict() == {"less": "better", "more": "worse", "same": "identical"}


def test_no_arm_to_compare_is_an_empty_table() -> None:
    assert compare(table(), "relu").empty


def test_too_few_pairs_say_what_needs_how_many() -> None:
    with pytest.raises(UsageError, match=r"too few pairs \(1\): an interval needs two, and the verdict that arms are"):
        compare(table(a=0.1).head(1), "relu")


def test_diverged_runs_are_named() -> None:
    arms = table(a=0.1)
    arms.loc[2, "a"] = np.nan
    with pytest.raises(UsageError, match="pairs without a score: 1 of 10, because a run diverged"):
        compare(arms, "relu")


def test_unknown_baselines_and_margins_out_of_range() -> None:
    with pytest.raises(UsageError, match="unknown arm 'rleu'; choices, nearest first: relu"):
        compare(table(), "rleu")
    with pytest.raises(UsageError, match="margin = 0 is out of range"):
        compare(table(a=0.0), "relu", margin=0)


@given(st.floats(0.001, 0.1), st.integers(2, 9))
@settings(max_examples=20, deadline=None)
def test_seeds_needed_are_enough_and_one_less_is_not(precision: float, count: int) -> None:
    values = np.random.default_rng(count).normal(0, 0.03, count)
    needed = seeds_needed(values, precision)

    def half(n: int) -> float:
        larger = stats.f.ppf(0.8, n - 1, count - 1) ** 0.5
        return float(stats.t.ppf(0.975, n - 1) * larger * values.std(ddof=1) / n**0.5)

    assert half(needed) <= precision
    assert needed == 2 or half(needed - 1) > precision


def test_seeds_needed_keep_what_they_say() -> None:
    rng = np.random.default_rng(0)
    enough = []
    for _ in range(400):
        needed = seeds_needed(rng.normal(0, 0.02, 5), 0.01)
        found = difference(rng.normal(0, 0.02, needed))
        enough.append((found.high - found.low) / 2 <= 0.01)
    assert 0.78 <= np.mean(enough) <= 0.9


# The factorial


def factorial_of(c: float, n: float, a: float, cn: float = 0.0) -> pd.DataFrame:
    base = RNG.normal(0.7, 0.05, 6)
    effect = {"C": c, "N": n, "A": a}
    return pd.DataFrame(
        {
            slot: base + sum(effect[step] for step in steps) + (cn if {"C", "N"} <= set(steps) else 0.0)
            for slot, steps in COMPONENTS.items()
        }
    )


def test_effects_are_those_that_were_put_in() -> None:
    found = effects(factorial_of(0.01, 0.05, -0.02))["difference"]
    wanted = {"C": 0.01, "N": 0.05, "A": -0.02, "CN": 0, "CA": 0, "NA": 0, "CNA": 0}
    assert found.to_dict() == pytest.approx(wanted, abs=1e-12)


def test_an_interaction_is_the_change_of_an_effect() -> None:
    found = effects(factorial_of(0, 0, 0, cn=0.08))["difference"]
    assert found.to_dict() == pytest.approx(
        {"C": 0.04, "N": 0.04, "A": 0, "CN": 0.08, "CA": 0, "NA": 0, "CNA": 0}, abs=1e-12
    )


def test_simple_effects_are_differences_of_two_slots() -> None:
    y = pd.DataFrame(RNG.random((4, 8)), columns=list(COMPONENTS))
    found, mean = simple_effects(y), y.mean()
    assert len(found) == 12
    assert found.loc[("N", ""), "difference"] == pytest.approx(mean["n"] - mean["relu"])
    assert found.loc[("C", "NA"), "difference"] == pytest.approx(mean["cna"] - mean["na"])
    assert found.loc[("A", "C"), "difference"] == pytest.approx(mean["ca"] - mean["c"])
    every = effects(y)["difference"]
    for step in "CNA":
        assert every[step] == pytest.approx(found.loc[step]["difference"].mean())
    assert every["CN"] == pytest.approx(
        found.loc[("C", ["N", "NA"]), "difference"].mean() - found.loc[("C", ["", "A"]), "difference"].mean()
    )
    assert every["CNA"] == pytest.approx(
        mean["cna"] - mean["na"] - mean["ca"] - mean["cn"] + mean["c"] + mean["n"] + mean["a"] - mean["relu"]
    )


def test_a_factorial_without_a_slot_is_refused() -> None:
    with pytest.raises(UsageError, match="missing: cn"):
        effects(factorial_of(0, 0, 0).drop(columns="cn"))


def test_effects_have_verdicts_for_all_seven_together() -> None:
    arms = pd.concat([factorial_of(0.0, 0.05, -0.02)] * 2, ignore_index=True) + 1e-5 * RNG.random((12, 8))
    found = effects(arms)
    assert found["verdict"].tolist() == ["equal (±1)", "better", "worse", *["equal (±1)"] * 4]
    contrast = arms[["n", "cn", "na", "cna"]].mean(axis=1) - arms[["relu", "c", "a", "ca"]].mean(axis=1)
    assert found.loc["N", "low"] == pytest.approx(stats.ttest_1samp(contrast, 0).confidence_interval(1 - 0.05 / 7)[0])
