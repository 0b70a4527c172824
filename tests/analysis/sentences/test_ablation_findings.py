"""Sentences on arms and effects, against tables whose numbers make them true."""

import numpy as np
import pandas as pd
import pytest

from cna_viz.analysis.sentences.ablation_findings import (
    ablation_findings,
    control_findings,
    diverged,
    effect_findings,
    interaction_sentence,
)
from cna_viz.analysis.statistics.factorial import COMPONENTS
from cna_viz.analysis.words import Judged, listed, points, signed, size
from cna_viz.errors import UsageError

NOISE = np.random.default_rng(5).normal(0, 0.003, (30, 10))


def table(pairs: int = 10, **shifts: float) -> pd.DataFrame:
    """Return pairs of arms that are better than relu by so much, give or take little."""
    base = 0.7 + 0.02 * np.arange(pairs)
    arms = {name.replace("_", "-"): base + shift + NOISE[i, :pairs] for i, (name, shift) in enumerate(shifts.items())}
    return pd.DataFrame({"relu": base, **arms})


def test_differences_are_written_with_sign_and_interval() -> None:
    found = Judged(-0.0214, -0.0325, -0.0004, "worse")
    assert points(found) == "−2.1 points [−3.2, +0.0]"
    assert size(found) == "2.1 points [0.0, 3.2]"
    assert size(Judged(0.021, -0.009, 0.032, "undecided")) == "2.1 points [−0.9, 3.2]"
    assert (signed(-0.01), signed(0.0), signed(-1.25), signed(2, 2)) == ("+0.0", "+0.0", "−1.2", "+2.00")
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "a", "a, b and c")


def test_every_verdict_has_its_sentence() -> None:
    wide = table(up=0.05, down=-0.05, same=0.0)
    wide["wide"] = wide["relu"] + 0.02 * np.array([1, -1] * 4 + [1, 1])
    better, worse, equal, undecided, needed = ablation_findings(wide, "relu")
    assert better.startswith("better than **relu**: up (+5.")
    assert worse.startswith("worse than **relu**: down (−")
    assert equal.startswith("equal to **relu** within 1 point: same (")
    assert undecided.startswith("neither shown to differ from **relu** nor to equal it: wide (+0.4 points")
    assert "(wide) pairs, at the spread seen here; there are 10" in needed


def test_arms_come_from_the_best_to_the_worst() -> None:
    (sentence,) = ablation_findings(table(some=0.03, more=0.06), "relu")
    assert sentence.index("more") < sentence.index("some")


def test_few_pairs_can_not_carry_a_verdict_and_that_is_said() -> None:
    arms = table(5, **{f"arm{number}": 0.05 for number in range(7)})
    sentences = ablation_findings(arms, "relu")
    assert not [text for text in sentences if text.startswith(("better", "worse"))]
    assert any(
        "with 5 pairs no p value is below 0.062, so nothing can be significant after Holm's correction for 7 arms: "
        "that takes 9 pairs" in text
        for text in sentences
    )


def test_the_margin_is_in_the_words() -> None:
    assert "within 0.5 points: same" in ablation_findings(table(same=0.0), "relu", margin=0.005)[0]


def test_one_arm_alone_and_arms_that_diverged() -> None:
    assert ablation_findings(table(), "relu") == ["there is no arm beside **relu**"]
    arms = table(same=0.0)
    arms.attrs["left_out"] = {"c": 2, "a": 1}
    assert ablation_findings(arms, "relu")[-2:] == [
        "left out: c, of which 2 runs diverged",
        "left out: a, of which 1 run diverged",
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
    assert sentences[1].startswith("**N** (normalization) gains 6.0 points [")
    assert sentences[2].startswith("**A** (rationals) is equal to nothing within 1 point: ")
    assert sentences[3].startswith("no interaction of more than 1 point: CN, CA, NA and CNA")


def test_an_interaction_says_what_one_step_adds_beside_the_other() -> None:
    sentences = effect_findings(factorial(CN=0.08))
    assert any(
        text.startswith("**C** adds 7.9 points") and text.endswith("points more where N is there (CN)")
        for text in sentences
    )
    sentences = effect_findings(factorial(CN=-0.08))
    assert any("points less where N is there (CN)" in text for text in sentences)


def test_the_interaction_of_three() -> None:
    assert interaction_sentence("CNA", Judged(-0.02, -0.03, -0.01, "worse")) == (
        "the interaction of C and N is 4.0 points smaller where A is there"
    )


def test_effects_of_few_pairs_are_open() -> None:
    sentences = effect_findings(factorial(3, N=0.06))
    assert sentences[1].startswith("**N** (normalization) is neither shown to matter nor to be equal to nothing")
    assert any(text.startswith("interactions that these pairs can't tell from none") for text in sentences) or any(
        text.startswith("no interaction") for text in sentences
    )
    assert "that takes 9 pairs" in sentences[-1]


@pytest.mark.parametrize(
    ("random", "none", "end"),
    [
        (0.0, 0.03, "so nothing here needs the clusters of **cna**: cna-random and na do without them"),
        (
            -0.05,
            -0.05,
            "so the clusters of **cna** are worth something here: without them, cna-random and na do worse",
        ),
        (0.0, -0.05, "so these runs don't settle whether the clusters of **cna** matter"),
    ],
)
def test_controls_decide_whether_k_means_matters(random: float, none: float, end: str) -> None:
    arms = table(cna=0.0, cna_random=random, na=none, cna_labels=0.05, other=0.3)
    sentences = control_findings(arms)
    assert sentences[-1] == end
    assert not [text for text in sentences if "other" in text]
    assert any(
        text.startswith(
            "the classes themselves as clusters (an oracle) (**cna-labels**) do better than **cna** by 4.8 points"
        )
        for text in sentences
    )


def test_controls_that_are_missing() -> None:
    assert "none of cna-random" in control_findings(table(cna=0.0))[0]
    assert "can't say whether those of **cna** matter" in control_findings(table(cna=0.0, cna_labels=0.1))[-1]
    with pytest.raises(UsageError, match="unknown arm 'cna'"):
        control_findings(table(na=0.0))
