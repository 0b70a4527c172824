"""Sentences on arms and effects, against tables whose numbers make them true."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cna_viz.analysis.sentences.ablation_findings import (
    ablation_findings,
    control_findings,
    diverged,
    effect_findings,
    effect_sentence,
    headline_findings,
    interaction_sentence,
    split_findings,
)
from cna_viz.analysis.statistics.factorial import COMPONENTS
from cna_viz.analysis.tables.groups import headline, split_effect, split_means, split_tables
from cna_viz.analysis.words import JudgedDifference, listed, points, signed, size
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

NOISE = np.random.default_rng(5).normal(0, 0.003, (30, 10))


def table(pairs: int = 10, **shifts: float) -> pd.DataFrame:
    """Return pairs of arms that are better than relu by so much, give or take little."""
    base = 0.7 + 0.02 * np.arange(pairs)
    arms = {name.replace("_", "-"): base + shift + NOISE[i, :pairs] for i, (name, shift) in enumerate(shifts.items())}
    return pd.DataFrame({"relu": base, **arms})


def test_differences_are_written_with_sign_and_interval() -> None:
    found = JudgedDifference(-0.0214, -0.0325, -0.0004, "worse")
    assert points(found) == "−2.1 points [−3.2, +0.0]"
    assert size(found) == "2.1 points [0.0, 3.2]"
    assert size(JudgedDifference(0.021, -0.009, 0.032, "inconclusive")) == "2.1 points [−0.9, 3.2]"
    assert (signed(-0.01), signed(0.0), signed(-1.25), signed(2, 2)) == ("+0.0", "+0.0", "−1.2", "+2.00")
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "a", "a, b and c")


def test_every_verdict_has_its_sentence() -> None:
    wide = table(up=0.05, down=-0.05, same=0.0)
    wide["wide"] = wide["relu"] + 0.02 * np.array([1, -1] * 4 + [1, 1])
    better, worse, equal, inconclusive, needed = ablation_findings(wide, "relu")
    assert better.startswith("better than **relu**: up (+5.")
    assert worse.startswith("worse than **relu**: down (−")
    assert equal.startswith("equal to **relu** within 1 point: same (")
    assert inconclusive.startswith("inconclusive: wide (+0.4 points")
    assert needed.startswith("measuring an inconclusive difference to ±1 point takes ")
    assert needed.endswith(
        " (wide) pairs, going by the spread of these 10: so many are enough with a probability of 80 %"
    )


def test_arms_come_from_the_best_to_the_worst() -> None:
    (sentence,) = ablation_findings(table(some=0.03, more=0.06), "relu")
    assert sentence.index("more") < sentence.index("some")


def test_few_pairs_are_never_equal_and_that_is_said() -> None:
    (found, _) = ablation_findings(table(5, same=0.0), "relu")
    assert found.startswith("inconclusive, too few pairs (5 of 6): same (")


def test_identical_arms_are_called_identical() -> None:
    arms = table(6)
    arms["c"] = arms["relu"]
    assert ablation_findings(arms, "relu") == ["identical to **relu** in every pair: c (+0.0 points [+0.0, +0.0])"]


def test_the_margin_is_in_the_words() -> None:
    assert "within 0.5 points: same" in ablation_findings(table(same=0.0), "relu", margin=0.005)[0]


def test_one_arm_alone_and_arms_that_diverged() -> None:
    assert ablation_findings(table(), "relu") == ["no arm to compare with **relu**"]
    arms = table(same=0.0)
    arms.attrs["left_out"] = {"c": 2, "a": 1}
    assert ablation_findings(arms, "relu")[-2:] == [
        "left out: c (2 runs diverged)",
        "left out: a (1 run diverged)",
    ]
    assert diverged(table()) == []


def factorial(pairs: int = 10, **effect: float) -> pd.DataFrame:
    """Return the eight slots; effects are those of a step, ``CN`` what two steps add only together."""
    base = 0.7 + 0.01 * np.arange(pairs)
    return pd.DataFrame(
        {
            slot: base
            + sum(value for name, value in effect.items() if set(name) <= set(steps))
            + 0.3 * NOISE[number, :pairs]
            for number, (slot, steps) in enumerate(COMPONENTS.items())
        }
    )


def test_a_step_gains_costs_or_does_nothing() -> None:
    sentences = effect_findings(factorial(C=-0.021, N=0.06, A=0.0))
    assert sentences[0].startswith("**C** (clusters) costs 2.")
    assert sentences[0].endswith("] on average over the other steps")
    assert sentences[1].startswith("**N** (normalization) gains 6.0 points [")
    assert sentences[2].startswith("**A** (rationals) has no effect larger than 1 point on average over the other")
    assert sentences[3].startswith("no interaction larger than 1 point: CN, CA, NA and CNA")


def test_an_interaction_says_what_one_step_adds_beside_the_other() -> None:
    sentences = effect_findings(factorial(CN=0.08))
    assert any(text.startswith("**C** adds 7.9 points more with N than without (CN)") for text in sentences)
    sentences = effect_findings(factorial(CN=-0.08))
    assert any("points less with N than without (CN)" in text for text in sentences)


def simple(sentence: str) -> dict[str, float]:
    """Return what a step changes beside which others, from the sentence that says so."""
    _, _, parts = sentence.partition(" depends on the other steps: ")
    found = re.findall(r"([+−]\d+\.\d) points \[[^]]*\] (alone|with [CNA](?: and [CNA])?)", parts)
    return {beside.removeprefix("with "): float(value.replace("−", "-")) for value, beside in found}


def test_a_gain_only_beside_another_step_is_not_said_of_the_step_alone() -> None:
    clusters, normalization, rationals, *_ = effect_findings(factorial(CA=0.018))
    assert simple(rationals) == pytest.approx({"alone": 0.0, "C": 1.8, "N": 0.0, "C and N": 1.8}, abs=0.15)
    assert simple(clusters) == pytest.approx({"alone": 0.0, "N": 0.0, "A": 1.8, "N and A": 1.8}, abs=0.15)
    assert normalization.startswith("**N** (normalization) has no effect larger than 1 point")


def test_what_only_all_three_do_together_is_credited_to_none() -> None:
    sentences = effect_findings(factorial(CNA=0.08))
    for step, others in (("C", "N and A"), ("N", "C and A"), ("A", "C and N")):
        found = simple(next(text for text in sentences if text.startswith(f"what **{step}**")))
        assert found.pop(others) == pytest.approx(8.0, abs=0.15)
        assert len(found) == 3
        assert list(found.values()) == pytest.approx([0, 0, 0], abs=0.15)
    assert any(re.match(r"the interaction of C and N is [78].\d points larger with A", text) for text in sentences)


def test_normalization_has_no_credit_for_gains_that_take_clusters_too() -> None:
    arms = factorial(CN=0.08, CA=0.08, CNA=-0.08)  # cn, ca and cna gain 8 points each
    _, normalization, *_ = effect_findings(arms)
    assert simple(normalization) == pytest.approx({"alone": 0.0, "C": 8.0, "A": 0.0, "C and A": 0.0}, abs=0.15)


def test_the_interaction_of_three() -> None:
    assert interaction_sentence("CNA", JudgedDifference(-0.02, -0.03, -0.01, "worse")) == (
        "the interaction of C and N is 2.0 points smaller with A than without"
    )


def test_effects_of_few_pairs_are_open() -> None:
    sentences = effect_findings(factorial(2, N=0.01))
    assert sentences[1].startswith(
        "the effect of **N** (normalization) on average over the other steps is inconclusive, too few pairs (2 of 6): "
    )
    assert sentences[-1] == "inconclusive, so that an effect may depend on the other steps: CN, CA, NA and CNA"


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ((0.02, 0.01, 0.03, "better"), "**N** (normalization) gains 2.0 points [1.0, 3.0]"),
        ((-0.02, -0.03, -0.01, "worse"), "**N** (normalization) costs 2.0 points [1.0, 3.0]"),
        (
            (0.0, -0.001, 0.001, "equal"),
            "**N** (normalization) has no effect larger than 1 point on average over the other steps: +0.0 points",
        ),
        (
            (0.0, 0.0, 0.0, "identical"),
            "**N** (normalization) has no effect larger than 1 point on average over the other steps: +0.0 points",
        ),
        (
            (-0.01, -0.02, 0.005, "inconclusive", "accuracy", "too few pairs (3 of 6)"),
            "the effect of **N** (normalization) on average over the other steps is inconclusive, too few pairs "
            "(3 of 6): −1.0 points [−2.0, +0.5]",
        ),
        ((-0.02, -0.03, -0.01, "better", "nmse"), "**N** (normalization) takes off 0.0200 NMSE [0.0100, 0.0300]"),
        ((0.02, 0.01, 0.03, "worse", "nmse"), "**N** (normalization) adds 0.0200 NMSE [0.0100, 0.0300]"),
    ],
)
def test_the_words_of_an_effect(row: tuple[Any, ...], sentence: str) -> None:
    assert effect_sentence("N", JudgedDifference(*row), 0.01).startswith(sentence)


@pytest.mark.parametrize(
    ("random", "none", "end"),
    [
        (0.0, 0.03, "so nothing here needs the clusters of **cna**: cna-random and na do at least as well"),
        (
            -0.05,
            -0.05,
            "so the clusters of **cna** matter here: cna-random and na do worse",
        ),
        (0.0, -0.05, "so it is inconclusive whether the clusters of **cna** matter"),
    ],
)
def test_controls_decide_whether_k_means_matters(random: float, none: float, end: str) -> None:
    arms = table(cna=0.0, cna_random=random, na=none, cna_labels=0.05, other=0.3)
    sentences = control_findings(arms)
    assert sentences[-1] == end
    assert not [text for text in sentences if "other" in text]
    assert any(
        text.startswith("**cna-labels** (the classes as clusters, an oracle) is better than **cna** by 4.8 points")
        for text in sentences
    )


def test_identical_runs_decide_nothing_on_clusters() -> None:
    arms = table(cna=0.0, na=0.0)
    arms["cna-random"] = arms["cna"]
    *_, last = control_findings(arms)
    assert last == "so it stays open whether the clusters of **cna** matter: cna-random scored the same in every pair"
    assert control_findings(arms)[0].startswith("**cna-random** (random clusters) is identical to **cna** in every")


def test_too_few_pairs_decide_nothing_on_clusters() -> None:
    found = control_findings(table(3, cna=0.0, na=0.0, cna_random=0.0))
    assert found[0].endswith(", too few pairs (3 of 6)")
    assert found[-1] == "so it is inconclusive whether the clusters of **cna** matter"


def test_controls_that_are_missing() -> None:
    assert "none of cna-random, cna-communities" in control_findings(table(cna=0.0))[0]
    assert (
        "it stays open whether the clusters of **cna** matter" in control_findings(table(cna=0.0, cna_labels=0.1))[-1]
    )
    with pytest.raises(UsageError, match="unknown arm 'cna'"):
        control_findings(table(na=0.0))


Make = Callable[..., Record]
SMALL = np.random.default_rng(7).normal(0, 0.002, (8, 10))


def tables(relu: tuple[float, float], gain: tuple[float, float]) -> dict[str, pd.DataFrame]:
    """Return two splits: accuracies of relu, and what N, and with it CNA, gains on each."""
    return {
        split: pd.DataFrame(
            {
                slot: base + ("N" in steps) * more + SMALL[number]
                for number, (slot, steps) in enumerate(COMPONENTS.items())
            }
        )
        for split, base, more in zip(("public", "official-code"), relu, gain, strict=True)
    }


def test_the_parts_add_up_to_the_headline() -> None:
    found = headline(tables((0.8, 0.92), (0.0, 0.01)), "cna", "relu")
    assert found.total == pytest.approx(found.split.difference + found.arm.difference)
    assert found.total == pytest.approx(0.13, abs=0.003)
    assert found.split.low < found.split.difference < found.split.high


def test_what_a_split_is_worth_has_the_interval_of_welch() -> None:
    few, many = pd.Series([0.80, 0.82, 0.81]), pd.Series([0.90, 0.95, 0.91, np.nan])
    found = split_effect(few, many)
    interval = stats.ttest_ind([0.90, 0.95, 0.91], few, equal_var=False).confidence_interval()
    assert (found.low, found.high) == (pytest.approx(interval.low), pytest.approx(interval.high))
    same = split_effect(pd.Series([0.5, 0.5]), pd.Series([0.7, 0.7]))
    assert (same.low, same.difference, same.high) == pytest.approx((0.2, 0.2, 0.2))
    floored = split_effect(pd.Series([0.5, 0.5]), pd.Series([0.7, 0.7]), floor=0.001)
    assert floored.high - 0.2 == pytest.approx(stats.t.ppf(0.975, 2) * 0.001)
    with pytest.raises(UsageError, match="needs two seeds on each split"):
        split_effect(few, pd.Series([0.9]))


def test_the_share_of_the_split_is_said_where_it_makes_sense() -> None:
    first, split, slot = headline_findings(tables((0.8, 0.92), (0.0, 0.01)))
    assert first.startswith("**cna** on official-code compared with **relu** on public: +1")
    assert split.startswith("the split alone contributes +12.")
    assert split.endswith(" % of the total")
    assert slot.endswith("comes from cna in place of relu, both on official-code")
    more = headline_findings(tables((0.8, 0.92), (0.0, -0.05)))[1]
    assert more.endswith(" to relu, more than the total")
    against = headline_findings(tables((0.92, 0.8), (0.0, 0.3)))[1]
    assert against.endswith(" to relu")  # the split works against the headline: a share would say nothing
    assert headline_findings(tables((0.8, 0.804), (0.0, 0.0)))[1].endswith(" to relu")  # nor of a headline of nothing


def test_each_split_says_what_its_components_do() -> None:
    sentences = split_findings(tables((0.8, 0.92), (0.0, 0.05)))
    assert sentences[0].startswith("from public to official-code, the split alone changes relu by +12.")
    assert sentences[1] == "on public: none of C, N and A has an effect larger than 1 point"
    assert sentences[2].startswith("on official-code: **N** (normalization) gains 5.")


def test_no_component_that_is_decided_names_the_largest() -> None:
    pairs = {split: table.head(2) for split, table in tables((0.8, 0.92), (0.01, 0.01)).items()}
    assert "on public: no effect of C, N or A is decided; the largest is that of N, +0." in split_findings(pairs)[1]


def test_no_split_is_said_to_have_no_effect_where_steps_work_together() -> None:
    pairs = {split: factorial(CNA=0.02) for split in ("public", "official-code")}
    assert split_findings(pairs)[1].startswith("on public: what **C** (clusters) changes depends on the other steps: ")


def test_splits_without_the_factorial_have_no_sentence_on_it() -> None:
    some = {split: table[["relu", "cna"]] for split, table in tables((0.8, 0.9), (0, 0)).items()}
    assert len(split_findings(some)) == 1


def test_a_headline_needs_two_splits_and_both_arms() -> None:
    found = tables((0.8, 0.9), (0, 0))
    with pytest.raises(UsageError, match="needs two splits to be taken apart; there is one"):
        headline({"public": found["public"]}, "cna", "relu")
    with pytest.raises(UsageError, match="no runs of 'gcn' on every split; arms: relu"):
        headline(found, "gcn", "relu")


def test_tables_are_of_one_dataset_by_split(make: Make) -> None:
    record = make("relu")
    other = dataclasses.replace(
        record, config=record.config.replace(data=record.config.data.replace(split="official-code"))
    )
    found = split_tables([record, other])
    assert list(found) == ["random-60-20-20", "official-code"]
    accuracy = round(100 * record.score("test"), 1)
    pd.testing.assert_frame_equal(
        split_means(found),
        pd.DataFrame({split: [accuracy] for split in found}, index=pd.Index(["relu"], name="arm")).rename_axis(
            columns="arm"
        ),
        check_names=False,
    )
    karate = dataclasses.replace(
        record, config=record.config.replace(data=record.config.data.replace(dataset="karate"))
    )
    with pytest.raises(UsageError, match="splits of one dataset are compared, not of digits, karate"):
        split_tables([record, karate])
