"""Statistics: known answers, the same from other programs' formulas, and no verdict that the data can't carry."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cna_viz.analysis.statistics.factorial import COMPONENTS, effects
from cna_viz.analysis.statistics.paired import compare, difference, pairs_needed, seeds_needed, smallest_p
from cna_viz.errors import UsageError

RNG = np.random.default_rng(3)


def table(**shifts: float) -> pd.DataFrame:
    """Return ten pairs of accuracies: relu, and arms that are better by so much, give or take half a point."""
    base = 0.8 + 0.05 * RNG.standard_normal(10)
    arms = {name: base + shift + 0.005 * RNG.standard_normal(10) for name, shift in shifts.items()}
    return pd.DataFrame({"relu": base, **arms})


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=8, unique=True))
def test_the_sign_flip_test_is_that_over_all_signs(values: list[float]) -> None:
    x = np.array(values)
    means = [abs(np.mean(x * signs)) for signs in product([1, -1], repeat=len(x))]
    wanted = np.mean([mean >= abs(x.mean()) * (1 - 100 * np.finfo(float).eps) for mean in means])
    assert difference(x).p_flip == pytest.approx(min(1.0, float(wanted)), abs=1e-9)
    assert difference(x).p_flip >= smallest_p(len(x)) * (1 - 1e-12)


def test_intervals_and_effect_sizes_of_known_numbers() -> None:
    x = np.array([0.01, 0.02, 0.03, 0.04, 0.05, 0.03])
    found = difference(x)
    assert found.difference == pytest.approx(0.03)
    assert 0.01 < found.low < 0.03 < found.high < 0.05
    assert found.effect_size == pytest.approx(0.03 / x.std(ddof=1))
    assert found.p_wilcoxon == pytest.approx(stats.wilcoxon(x).pvalue)
    assert difference(x) == difference(x)  # the resampling is seeded


def test_equivalence_is_two_one_sided_t_tests() -> None:
    x = 0.002 * RNG.standard_normal(12)
    upper = stats.ttest_1samp(x, 0.01, alternative="less").pvalue
    lower = stats.ttest_1samp(x, -0.01, alternative="greater").pvalue
    assert difference(x, margin=0.01).p_equivalence == pytest.approx(max(upper, lower))


def test_intervals_cover_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    covered = [
        one.low <= 0.01 <= one.high for one in (difference(rng.normal(0.01, 0.02, 20), level=0.9) for _ in range(120))
    ]
    assert 0.8 <= np.mean(covered) <= 0.97


def test_verdicts_follow_from_the_numbers() -> None:
    found = compare(table(better=0.03, worse=-0.03, same=0.0), "relu")
    assert found["verdict"].to_dict() == {"better": "better", "worse": "worse", "same": "equal (±1)"}
    assert found.loc["better", "difference"] == pytest.approx(0.03, abs=0.005)
    assert (found["low"] <= found["difference"]).all()
    assert (found["difference"] <= found["high"]).all()
    assert found.attrs["baseline"] == "relu"


def test_less_of_an_error_is_better() -> None:
    rng = np.random.default_rng(0)
    base = 0.2 + 0.01 * rng.standard_normal(12)
    errors = pd.DataFrame(
        {"relu": base, "less": base - 0.1 + 0.001 * rng.standard_normal(12), "more": base + 0.1, "same": base}
    )
    errors.attrs["metric"] = "nmse"
    found = compare(errors, "relu")
    assert found["verdict"].to_dict() == {"less": "better", "more": "worse", "same": "equal (±0.01)"}


def test_five_pairs_can_not_be_significant_and_so_stay_inconclusive() -> None:
    found = compare(table(better=0.03).head(5), "relu")
    assert found.attrs["smallest_p"] == 0.0625
    assert found["verdict"].tolist() == ["inconclusive"]


@pytest.mark.parametrize(("arms", "wanted"), [(0, 6), (1, 6), (2, 7), (7, 9), (17, 10)])
def test_pairs_that_a_significant_difference_takes(arms: int, wanted: int) -> None:
    assert pairs_needed(arms, 0.05) == wanted


def test_holm_multiplies_the_smallest_p_by_the_number_of_arms() -> None:
    found = compare(table(a=0.03, b=0.02, c=0.01, d=0.004), "relu")
    smallest = found["p_flip"].min()
    assert found["p_holm"].min() == pytest.approx(min(1.0, 4 * smallest))
    assert (found["p_holm"] >= found["p_flip"]).all()


def test_no_arm_to_compare_is_an_empty_table() -> None:
    assert compare(table(), "relu").empty


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], [0.02, 0.02, 0.02]])
def test_equal_differences_have_an_interval_of_a_point(values: list[float]) -> None:
    found = difference(np.array(values))
    assert found.low == found.difference == found.high == values[0]
    assert found.p_equivalence == (0.0 if values[0] == 0 else 1.0)


def test_too_few_pairs_say_what_needs_how_many() -> None:
    with pytest.raises(UsageError, match=r"too few pairs \(1\): an interval needs two, and a sign-flip test six"):
        compare(table(a=0.1).head(1), "relu")


def test_diverged_runs_are_named() -> None:
    arms = table(a=0.1)
    arms.loc[2, "a"] = np.nan
    with pytest.raises(UsageError, match="pairs without an accuracy: 1 of 10, because a run diverged"):
        compare(arms, "relu")


def test_unknown_baselines_and_margins_out_of_range() -> None:
    with pytest.raises(UsageError, match="unknown arm 'rleu'; choices, nearest first: relu"):
        compare(table(), "rleu")
    with pytest.raises(UsageError, match="margin = 0 is out of range"):
        compare(table(a=0.0), "relu", margin=0)


@given(st.floats(0.001, 0.1), st.integers(2, 9))
@settings(max_examples=30, deadline=None)
def test_seeds_needed_are_enough_and_one_less_is_not(precision: float, count: int) -> None:
    values = np.random.default_rng(count).normal(0, 0.03, count)
    needed, spread = seeds_needed(values, precision), values.std(ddof=1)

    def half(n: int) -> float:
        return float(stats.t.ppf(0.975, n - 1) * spread / n**0.5)

    assert half(needed) <= precision
    assert needed == 2 or half(needed - 1) > precision


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


def test_an_interaction_is_shared_by_its_main_effects() -> None:
    found = effects(factorial_of(0, 0, 0, cn=0.08))["difference"]
    assert found.to_dict() == pytest.approx(
        {"C": 0.04, "N": 0.04, "A": 0, "CN": 0.04, "CA": 0, "NA": 0, "CNA": 0}, abs=1e-12
    )


def test_effects_and_the_mean_give_back_the_accuracies() -> None:
    y = pd.DataFrame(RNG.random((4, 8)), columns=list(COMPONENTS))
    found = effects(y)["difference"]
    for slot, steps in COMPONENTS.items():
        signs = {name: np.prod([1 if step in steps else -1 for step in name]) for name in found.index}
        rebuilt = y.to_numpy().mean() + sum(signs[name] * found[name] for name in found.index) / 2
        assert rebuilt == pytest.approx(y[slot].mean())


def test_a_factorial_without_a_slot_is_refused() -> None:
    with pytest.raises(UsageError, match="missing: cn"):
        effects(factorial_of(0, 0, 0).drop(columns="cn"))


def test_effects_have_verdicts_corrected_for_their_number() -> None:
    arms = pd.concat([factorial_of(0.0, 0.05, -0.02)] * 2, ignore_index=True)
    found = effects(arms)
    assert found["verdict"].tolist() == ["equal (±1)", "better", "worse", *["equal (±1)"] * 4]
    assert found.loc["N", "p_holm"] == pytest.approx(7 * found.loc["N", "p_flip"], rel=1e-6)
    assert effects(arms.head(5)).loc["N", "verdict"] == "inconclusive"
