"""One arm among others: names over depths, scores, and pairs that both arms have."""

from collections.abc import Callable

import numpy as np
import pytest

from cna_viz.analysis.statistics.intervals import confidence_interval
from cna_viz.analysis.tables.chosen_arm import arms_by_depth, finite_pairs, pairs_of, score_table, scores_by_depth
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

Make = Callable[..., Record]


def family(make: Make, slot: str, scores: list[float], layers: int = 4) -> list[Record]:
    return [make(slot, layers, seed, accuracy=score) for seed, score in enumerate(scores)]


def test_arms_have_one_name_at_all_depths(make: Make) -> None:
    records = [*family(make, "cna", [0.5], 4), *family(make, "cna", [0.5], 2), *family(make, "relu", [0.5], 2)]
    depths = arms_by_depth(records)
    assert {layers: list(arms) for layers, arms in depths.items()} == {2: ["cna", "relu"], 4: ["cna"]}


def test_a_run_recorded_twice_counts_once(make: Make) -> None:
    records = [make("cna"), make("cna", measures="mad"), make("relu")]
    assert [len(runs) for runs in arms_by_depth(records)[4].values()] == [1, 1]


def test_scores_are_means_with_their_interval_the_best_first(make: Make) -> None:
    scores = {"relu": [0.5, 0.6, 0.7], "cna": [0.8, 0.9, 0.7]}
    table = score_table(arms_by_depth([r for slot in scores for r in family(make, slot, scores[slot])])[4])
    assert list(table["arm"]) == ["cna", "relu"]
    expected = confidence_interval(scores["relu"], bounds=(0, 1))
    row = table.iloc[1]
    np.testing.assert_allclose([row["mean"], row["low"], row["high"]], [expected.mean, expected.low, expected.high])
    assert row["values"] == scores["relu"]


def test_an_arm_with_a_diverged_run_has_no_mean_and_stands_last(make: Make) -> None:
    gone = make("cna", seed=1, status="diverged", accuracy={})
    table = score_table({"cna": [make("cna", accuracy=0.9), gone], "relu": family(make, "relu", [0.1, 0.2])})
    assert list(table["arm"]) == ["relu", "cna"]
    assert np.isnan(table["mean"].iloc[1])
    assert table[["count", "runs"]].iloc[1].tolist() == [0, 2]


@pytest.mark.parametrize(("arms", "part", "message"), [(False, "test", "no runs to compare"), (True, "tset", "tset")])
def test_no_arms_and_no_such_part_are_refused(make: Make, arms: bool, part: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        score_table({"relu": [make()]} if arms else {}, part)


def test_pairs_are_those_that_both_arms_have(make: Make) -> None:
    cna = [make("cna", seed=seed, accuracy=0.5 + seed / 10) for seed in (1, 2, 3)]
    relu = [make("relu", seed=seed, accuracy=0.1) for seed in (0, 1, 2)]
    table = pairs_of({"cna": cna, "relu": relu}, ["cna", "relu"])
    assert table.index.get_level_values("seed").tolist() == [1, 2]
    np.testing.assert_allclose(table["cna"], [0.6, 0.7])
    assert table.attrs["metric"] == "accuracy"
    assert "2 pairs" in table.attrs["protocol"]


def test_columns_keep_the_names_that_the_arms_were_given(make: Make) -> None:
    records = [make(slot, accuracy=0.5) for slot in ("cna", "relu")]
    table = pairs_of({"cna, clusters 3": records[:1], "other": records[1:]}, ["other", "cna, clusters 3"])
    assert list(table.columns) == ["other", "cna, clusters 3"]


def test_arms_without_a_common_pair_have_none(make: Make) -> None:
    table = pairs_of({"cna": [make("cna", seed=1)], "relu": [make("relu", seed=0)]}, ["cna", "relu"])
    assert table.empty
    assert list(table.columns) == ["cna", "relu"]


def test_an_unknown_arm_is_refused_with_those_there_are(make: Make) -> None:
    with pytest.raises(UsageError, match="unknown arm 'rleu'; choices, nearest first: relu"):
        pairs_of({"relu": [make()]}, ["rleu"])


def test_pairs_of_a_diverged_run_are_not_finite(make: Make) -> None:
    gone = [make("cna", status="diverged", accuracy={}), make("cna", seed=1, accuracy=0.4)]
    arms = {"cna": gone, "relu": family(make, "relu", [0.1, 0.2])}
    assert not finite_pairs(pairs_of(arms, ["cna", "relu"]))
    assert finite_pairs(pairs_of(arms, ["relu"]))


def test_scores_by_depth_are_there_where_the_arm_is(make: Make) -> None:
    records = [
        *family(make, "cna", [0.5, 0.7], 2),
        *family(make, "cna", [0.2, 0.4], 8),
        *family(make, "relu", [0.9], 4),
    ]
    table = scores_by_depth(arms_by_depth(records), "cna")
    assert table["layers"].tolist() == [2, 8]
    np.testing.assert_allclose(table["mean"], [0.6, 0.3])
    assert scores_by_depth(arms_by_depth(records), "a").empty
