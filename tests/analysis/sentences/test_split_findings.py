"""A headline taken apart: the parts add up, and each sentence is the number."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cna_viz.analysis.sentences.split_findings import headline_findings, split_findings
from cna_viz.analysis.statistics.factorial import COMPONENTS
from cna_viz.analysis.tables.split_effect import headline, split_effect, split_means, split_tables
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

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
    with pytest.raises(UsageError, match="needs two seeds on each split"):
        split_effect(few, pd.Series([0.9]))


def test_the_share_of_the_split_is_said_where_it_makes_sense() -> None:
    first, split, slot = headline_findings(tables((0.8, 0.92), (0.0, 0.01)))
    assert first.startswith("**cna** on official-code against **relu** on public: +1")
    assert split.startswith("of these, the split alone is worth +12.")
    assert split.endswith(" % of it")
    assert slot.endswith("is cna in the place of relu where both have the split official-code")
    more = headline_findings(tables((0.8, 0.92), (0.0, -0.05)))[1]
    assert more.endswith(" to relu, more than all of it")
    against = headline_findings(tables((0.92, 0.8), (0.0, 0.3)))[1]
    assert against.endswith(" to relu")  # the split works against the headline: a share would say nothing
    assert headline_findings(tables((0.8, 0.804), (0.0, 0.0)))[1].endswith(" to relu")  # nor of a headline of nothing


def test_each_split_says_what_its_components_do() -> None:
    sentences = split_findings(tables((0.8, 0.92), (0.0, 0.05)))
    assert sentences[0].startswith("from public to official-code, the split alone is worth +12.")
    assert sentences[1] == "on public: C, N and A are each equal to nothing within 1 point"
    assert sentences[2].startswith("on official-code: **N** (normalization) gains 5.")


def test_no_component_that_gains_names_the_largest() -> None:
    pairs = {split: table.head(4) for split, table in tables((0.8, 0.92), (0.05, 0.05)).items()}
    sentence = split_findings(pairs)[1]
    assert "no component is shown to gain anything; the largest is N, +5." in sentence
    assert "that takes 9 pairs" in sentence


def test_splits_without_the_factorial_have_no_sentence_on_it() -> None:
    some = {split: table[["relu", "cna"]] for split, table in tables((0.8, 0.9), (0, 0)).items()}
    assert len(split_findings(some)) == 1


def test_a_headline_needs_two_splits_and_both_arms() -> None:
    found = tables((0.8, 0.9), (0, 0))
    with pytest.raises(UsageError, match="between two splits; there is one"):
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
