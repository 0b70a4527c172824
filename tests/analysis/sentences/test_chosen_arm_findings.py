"""Sentences about one arm: differences that are known, what is one switch away, and what can't be said."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cna_viz.analysis.sentences.chosen_arm_findings import arm_findings, difference_words, one_switch_away
from cna_viz.analysis.tables.chosen_arm import arms_by_depth
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

Make = Callable[..., Record]
Arms = dict[str, list[Record]]


def arms(make: Make, shifts: dict[str, float], seeds: int = 8) -> Arms:
    """Return arms whose scores are those of relu and a shift."""
    return {
        slot: [make(slot, seed=seed, accuracy=0.4 + 0.01 * seed + shift + 0.001 * (seed % 2)) for seed in range(seeds)]
        for slot, shift in shifts.items()
    }


def test_a_constant_difference_is_said_with_its_interval_and_its_pairs(make: Make) -> None:
    found = arms(make, {"relu": 0.0, "cna": 0.1}, seeds=3)
    assert difference_words(found, "cna", "relu") == "+10.0 points [+10.0, +10.0], 3 pairs"
    assert difference_words(found, "relu", "cna") == "−10.0 points [−10.0, −10.0], 3 pairs"


def test_a_difference_of_one_pair_and_of_a_diverged_run_is_said_to_be_unknown(make: Make) -> None:
    found = arms(make, {"relu": 0.0, "cna": 0.1}, seeds=1)
    assert difference_words(found, "cna", "relu") == (
        "unknown: an interval needs two pairs of the same split and seed, these arms share 1"
    )
    apart = {"relu": found["relu"], "cna": [make("cna", seed=7, accuracy=0.5)]}
    assert difference_words(apart, "cna", "relu").endswith("these arms share 0")
    gone = {**arms(make, {"relu": 0.0}, seeds=1), "cna": [make("cna", status="diverged", accuracy={})]}
    assert difference_words(gone, "cna", "relu") == "unknown, because a run diverged"


def test_every_arm_one_switch_away_is_found_and_no_other(make: Make) -> None:
    slots = ("relu", "none", "c", "n", "a", "cn", "ca", "na", "cna", "cna-random", "layernorm")
    found = arms(make, dict.fromkeys(slots, 0.0), seeds=1)
    assert set(one_switch_away(found, "cna")) == {"na", "ca", "cn", "cna-random"}
    assert set(one_switch_away(found, "relu")) == {"c", "n", "a", "none"}
    assert one_switch_away(found, "layernorm") == {}
    words = one_switch_away(found, "cna")
    assert words["na"] == "**C**: no clusters instead of clusters found by k-means"
    assert words["cn"] == "**A**: ReLU instead of rationals"


def of_clusters(record: Record, clusters: int) -> Record:
    model = record.config.model.replace(clusters=clusters)
    return replace(record, config=record.config.replace(model=model))


def test_an_arm_with_another_number_of_clusters_is_no_switch_away(make: Make) -> None:
    found = arms(make, dict.fromkeys(("cna", "cn", "c", "na", "relu"), 0.0))
    found["cn of 5"] = [of_clusters(record, 5) for record in found["cn"]]
    found["cna of 5"] = [of_clusters(record, 5) for record in found["cna"]]
    assert set(one_switch_away(found, "cna")) == {"cn", "na"}
    assert set(one_switch_away(found, "cna of 5")) == {"cn of 5", "na"}
    assert set(one_switch_away(found, "na")) == {"cna", "cna of 5"}


def test_sentences_say_difference_and_verdict_of_each_question_and_the_protocol(make: Make) -> None:
    found = arm_findings(arms(make, {"relu": 0.0, "cna": 0.1, "na": 0.1}), "cna", "relu")
    assert found[0] == "**cna** compared with **relu**: +10.0 points [+10.0, +10.0], better"
    assert found[1].startswith("**C**: no clusters instead of clusters found by k-means (na): +0.0 points")
    assert found[1].endswith("identical in every pair")
    assert "8 pairs of the same split and seed; test accuracy at the best validation epoch" in found[-1]
    assert len(found) == 3


def test_with_few_pairs_nothing_is_equal(make: Make) -> None:
    found = arm_findings(arms(make, {"relu": 0.0, "cna": 0.0}, seeds=3), "cna", "relu")
    assert found[0].endswith("identical in every pair")
    close = {"relu": (0.5, 0.5), "cna": (0.5, 0.501)}
    records = [make(slot, seed=s, accuracy=value) for slot, pair in close.items() for s, value in enumerate(pair)]
    found = arm_findings(arms_by_depth(records)[4], "cna", "relu")
    assert found[0].endswith("inconclusive, too few pairs (2 of 6)")


def test_the_baseline_alone_is_held_against_what_is_one_switch_away(make: Make) -> None:
    found = arm_findings(arms(make, {"relu": 0.0, "a": 0.1}), "relu", "relu")
    assert found[0].startswith("**A**: rationals instead of ReLU (a): +10.0 points")


def test_an_arm_that_is_the_baseline_but_for_a_switch_is_asked_about_once(make: Make) -> None:
    found = arm_findings(arms(make, {"relu": 0.0, "a": 0.1}), "a", "relu")
    assert sum("points" in sentence for sentence in found) == 1


def test_what_is_unknown_is_said_beside_what_is_known(make: Make) -> None:
    gone = [make("na", seed=seed, status="diverged", accuracy={}) for seed in range(8)]
    found = arm_findings({**arms(make, {"relu": 0.0, "cna": 0.1}), "na": gone}, "cna", "relu")
    assert any("(na): unknown, because a run diverged" in sentence for sentence in found)
    assert any("better" in sentence for sentence in found)


def test_an_arm_alone_has_nothing_to_be_held_against(make: Make) -> None:
    assert arm_findings(arms_by_depth([make("cna")])[4], "cna", "relu") == []
    with pytest.raises(UsageError, match="unknown arm 'can'"):
        arm_findings(arms(make, {"cna": 0.0}, seeds=1), "can", "relu")
