"""Sentences against numbers that were constructed to make them true."""

import re
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from cna_viz.analysis.sentences import findings
from cna_viz.analysis.statistics.intervals import confidence_interval
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from tests.figures.plots.test_accuracy_by_setting import having

Make = Callable[..., Record]


@pytest.fixture
def arm(make: Make) -> Callable[..., list[Record]]:
    """Return ``arm(slot, depth, accuracies)``: one record per seed; always the same class is right in a quarter."""

    def arm(slot: str, layers: int, accuracies: Sequence[float]) -> list[Record]:
        return [make(slot, layers, seed, accuracy=value, classes=4) for seed, value in enumerate(accuracies)]

    return arm


Arm = Callable[..., list[Record]]


def test_bullets() -> None:
    assert findings.bullets(["one", "two"]) == "- one\n- two"
    assert findings.bullets([]) == ""


@pytest.mark.parametrize(
    ("nodes", "classes", "share"),
    [(9, 2, 2 / 3), (60, 4, 1 / 4), (60, 2, 1 / 2), (9, 1, 1)],  # nodes 2, 5, 8 ... are tested; classes take turns
)
def test_the_share_of_the_most_frequent_class_among_the_test_nodes(
    make: Make, nodes: int, classes: int, share: float
) -> None:
    assert findings.chance_score(make(nodes=nodes, classes=classes)) == pytest.approx(share)


def test_the_share_without_test_nodes_is_unknown(make: Make) -> None:
    assert np.isnan(findings.chance_score(make(nodes=2, classes=2)))


def test_a_slot_that_loses(arm: Arm) -> None:
    first, last = [0.80, 0.81, 0.82], [0.60, 0.61, 0.62]
    sentences = findings.depth_findings(arm("relu", 2, first) + arm("relu", 8, last))
    low, high = (100 * getattr(confidence_interval(first), end) for end in ("low", "high"))
    assert sentences[0].startswith(f"**relu** loses 20.0 points: 81.0 % [{low:.1f}, {high:.1f}] at depth 2, 61.0 % [")
    assert sentences[0].endswith("] at depth 8")
    assert sentences[-1] == "always predicting the most frequent class would give 25.0 %"
    assert len(sentences) == 2


def test_a_slot_that_gains(arm: Arm) -> None:
    (sentence, _) = findings.depth_findings(arm("cna", 2, [0.5, 0.52, 0.54]) + arm("cna", 16, [0.60, 0.63, 0.64]))
    assert sentence.startswith("**cna** gains 10.3 points: 52.0 %")


def test_a_slot_that_collapses(arm: Arm) -> None:
    (sentence, _) = findings.depth_findings(arm("none", 2, [0.8, 0.81, 0.82]) + arm("none", 32, [0.25, 0.27, 0.29]))
    assert sentence.startswith("**none** falls to the majority-class rate: 81.0 %")


def test_just_above_the_majority_is_not_collapsed(arm: Arm) -> None:
    (sentence, _) = findings.depth_findings(arm("none", 2, [0.8, 0.81, 0.82]) + arm("none", 32, [0.31, 0.32, 0.33]))
    assert sentence.startswith("**none** loses 49.0 points")


def test_a_slot_that_never_learned_does_not_collapse(arm: Arm) -> None:
    (sentence, _) = findings.depth_findings(arm("none", 2, [0.25, 0.26, 0.27]) + arm("none", 8, [0.2, 0.21, 0.22]))
    assert "falls" not in sentence


def test_a_change_that_the_seeds_cant_tell_from_none_is_not_claimed(arm: Arm) -> None:
    (sentence, _) = findings.depth_findings(arm("relu", 2, [0.6, 0.8, 0.7]) + arm("relu", 8, [0.8, 0.6, 0.66]))
    assert "loses" not in sentence
    assert "gains" not in sentence
    assert "changes by −1.3 points [−51.3, +48.7], inconclusive with 3 pairs: " in sentence


def test_the_change_is_paired_by_seed(arm: Arm) -> None:
    # seeds differ by 40 points, but every one of them loses between 5 and 6: paired, that is certain
    first, last = [0.5, 0.7, 0.9], [0.45, 0.645, 0.84]
    records = arm("relu", 2, first) + arm("relu", 8, last)[::-1]
    assert findings.depth_findings(records)[0].startswith("**relu** loses 5.5 points")


ONE = " with its only pair of runs"


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ([0.7, 0.7, 0.7], [0.8, 0.6, 0.7002], "changes by +0.0 points [−24.8, +24.8], inconclusive with 3 pairs: "),
        ([0.7, 0.7, 0.7], [0.7, 0.7, 0.7], "stays the same within 0.1 points: 70.0 %"),
        ([0.7, 0.7], [0.7009, 0.7009], "stays the same within 0.1 points: 70.0 %"),
        ([0.7, 0.7], [0.701001, 0.701001], "gains 0.1 points: "),
        ([0.7] * 9, [0.7011, *[0.7004] * 8], "gains less than 0.1 points: "),
        ([0.7], [0.7], f"stays the same within 0.1 points{ONE}: 70.0 % at depth 2, 70.0 % at depth 8"),
        ([0.8], [0.25], f"changes by −55.0 points, inconclusive{ONE}: 80.0 % at depth 2, 25.0 % at depth 8"),
        ([0.8, 0.81], [0.3, 0.3], "falls to the majority-class rate: "),  # five points above it
        ([0.8, 0.81], [0.301, 0.301], "loses 50.4 points: "),
        ([0.31, 0.29, 0.6], [0.29, 0.31, 0.25], "changes by −11.7 points [−62.1, +38.8], inconclusive with 3 pairs: "),
        ([0.8, 0.82], [], "has no pair of runs: 81.0 % [68.3, 93.7] at depth 2, no runs at depth 8"),
        ([0.8, 0.82], [np.nan, np.nan], "has no seed whose runs finished at both depths: "),
        ([0.8, 0.8, 0.9], [0.6, 0.61, np.nan], "loses 19.5 points: "),
        ([0.8], [0.6, 0.6], f"changes by −20.0 points, inconclusive{ONE}: "),
    ],
)
def test_verdicts_on_depth(arm: Arm, first: list[float], last: list[float], words: str) -> None:
    records = arm("relu", 2, first) + arm("relu", 8, last) + arm("cna", 8, [0.5])  # both depths are there
    assert findings.depth_findings(records)[0].startswith(f"**relu** {words}")


def test_runs_that_diverged_are_told_beside_the_mean_of_the_others(arm: Arm) -> None:
    (sentence, _) = findings.depth_findings(arm("relu", 2, [0.8, 0.8]) + arm("relu", 8, [0.6, np.nan]))
    assert sentence.endswith("60.0 % (without 1 of 2 runs, which diverged) at depth 8")


def test_seeds_on_one_split_are_no_pairs_of_their_own(arm: Arm) -> None:
    # On each split the seeds agree, so that nine pairs would be certain of what two splits leave open.
    shift = {0: -0.06, 1: -0.01}
    records = [
        having(record, record.score("test") + shift[draw] * (record.layers == 8), split_seed=draw)
        for draw in shift
        for depth in (2, 8)
        for record in arm("relu", depth, [0.8, 0.81, 0.82])
    ]
    assert "changes by −3.5 points [−35.3, +28.3], inconclusive with 2 splits" in findings.depth_findings(records)[0]


@pytest.mark.parametrize(
    "find",
    [findings.depth_findings, findings.smoothing_findings, findings.energy_is_not_accuracy],
)
def test_no_runs_are_refused(find: Callable[..., list[str]]) -> None:
    with pytest.raises(UsageError, match="no runs to report on"):
        find([])


def test_what_makes_no_pairs_is_refused_or_said(make: Make) -> None:
    assert findings.depth_findings([make()]) == ["all runs have depth 4: what depth does stays open"]
    with pytest.raises(UsageError, match="runs of relu with one depth and seed differ in other settings"):
        findings.depth_findings([having(make("relu", 2), 0.5, hidden=8), make("relu", 2), make("relu", 4)])
    for find in (findings.smoothing_findings, findings.energy_is_not_accuracy):
        with pytest.raises(UsageError, match="of one depth, not of depths 2, 4"):
            find([make("relu", 2), make("relu", 4)])


def test_slots_come_in_their_order_and_depths_between_the_ends_do_not_count(arm: Arm) -> None:
    records = [record for slot in ("relu", "cna") for depth in (2, 4, 8) for record in arm(slot, depth, [0.7, 0.72])]
    sentences = findings.depth_findings(records)
    assert [re.findall(r"\*\*(\w+)\*\*", sentence) for sentence in sentences] == [["relu"], ["cna"], []]
    assert all("at depth 2" in text and "at depth 8" in text and "depth 4" not in text for text in sentences[:2])


def test_one_seed_has_no_interval(arm: Arm) -> None:
    (sentence, _) = findings.depth_findings(arm("relu", 2, [0.8]) + arm("relu", 8, [0.6]))
    assert "80.0 % at depth 2, 60.0 % at depth 8" in sentence
    assert "[" not in sentence


def test_one_seed_without_a_change_gains_nothing(arm: Arm) -> None:
    (sentence, _) = findings.depth_findings(arm("relu", 2, [0.7]) + arm("relu", 8, [0.7]))
    assert "gains" not in sentence


def test_a_slot_whose_deep_runs_diverged_is_not_said_to_gain_nan(arm: Arm, make: Make) -> None:
    (sentence, _) = findings.depth_findings(
        [*arm("none", 2, [0.8]), make("none", 8, status="diverged", accuracy={}, classes=4)]
    )
    assert "gains" not in sentence
    assert "nan" not in sentence


def test_smoothing_from_the_first_to_the_last_hidden_layer(make: Make) -> None:
    records = [make("relu", 4, seed) for seed in (0, 1)]
    for record, factor in zip(records, (1, 100), strict=True):
        selected = {"epoch": record.best_epoch, "stage": "conv"}
        record.metrics["rayleigh"].loc[selected] = factor * np.array([0.01, 0.9, 0.00004, 1.5])
        record.metrics["effective_rank"].loc[selected] = [8 + factor % 3, 5, 2, 9]
    # the energy is √(0.01 · 1) in the first and √(4e-5 · 4e-3) in the last hidden layer; degrees are equal on a ring
    assert findings.smoothing_findings(records) == [
        "**relu** (2 runs): Rayleigh energy 0.1 → 0.0004, effective rank 9.0 → 2.0",
        "identical features at all nodes would have energy 0 and effective rank 1 here",
    ]


def test_smoothing_of_one_layer_is_that_layer(make: Make) -> None:
    record = make(layers=1)
    record.metrics["rayleigh"][:] = 0.25
    record.metrics["effective_rank"][:] = 3
    sentence = findings.smoothing_findings([record])[0]
    assert sentence == "**relu** (1 run): Rayleigh energy 0.25 → 0.25, effective rank 3.0 → 3.0"


def test_tiny_energies_are_written_with_an_exponent(make: Make) -> None:
    record = make(layers=3)
    record.metrics["rayleigh"][:] = 1.234e-9
    assert "Rayleigh energy 1.2e-09 → 1.2e-09" in findings.smoothing_findings([record])[0]


def test_dead_last_layers_are_not_passed_over(make: Make) -> None:
    record = make(layers=8)
    record.metrics["rayleigh"].loc[{"layer": [1, 2]}] = 0.5
    record.metrics["rayleigh"].loc[{"layer": [3, 4, 5, 6, 7, 8]}] = np.nan
    assert "0.5 → 0.5" not in findings.smoothing_findings([record])[0]


def test_an_energy_of_exactly_zero_is_zero(make: Make) -> None:
    record = make(layers=3)
    record.metrics["rayleigh"][:] = 0
    assert "Rayleigh energy 0 → 0" in findings.smoothing_findings([record])[0]


@pytest.mark.parametrize(
    ("rough", "smooth", "relation", "end"),
    [
        (0.9, 0.4, "also has the best mean test accuracy at this depth", "cna reaches 90.0 % (1 run each)"),
        (
            0.3,
            0.6,
            "does not have the best mean test accuracy at this depth",
            "cna reaches 30.0 %, relu reaches 60.0 % (1 run each)",
        ),
    ],
)
def test_whether_the_highest_energy_goes_with_the_best_accuracy(
    make: Make, rough: float, smooth: float, relation: str, end: str
) -> None:
    records = [make("relu", accuracy=smooth), make("cna", accuracy=rough), make("none", accuracy=0.1)]
    for record, energy in zip(records, (0.2, 1.1, 0.0003), strict=True):
        record.metrics["rayleigh"].loc[{"layer": 3}] = energy
        record.metrics["rayleigh"].loc[{"layer": 4}] = 9  # the output layer is no hidden layer
    sentence = "; ".join(findings.energy_is_not_accuracy(records))
    assert "**cna** has the highest energy (1.1) and **none** the lowest (0.0003)" in sentence
    assert relation in sentence
    assert sentence.endswith(end)


def test_one_slot_cant_tell(make: Make) -> None:
    assert findings.energy_is_not_accuracy([make(), make(seed=1)])[0].startswith("fewer than two slots")


def test_a_diverged_slot_is_not_the_most_accurate(make: Make) -> None:
    records = [make("none", status="diverged", accuracy={}), make("cna", accuracy=0.9), make("relu", accuracy=0.5)]
    for record, energy in zip(records, (1.5, 0.2, 0.1), strict=True):
        record.metrics["rayleigh"].loc[{"layer": 3}] = energy
    sentence = "; ".join(findings.energy_is_not_accuracy(records))
    assert "**cna** has the highest energy" in sentence
    assert "also has the best mean test accuracy" in sentence
    assert "none" not in sentence
    assert findings.energy_is_not_accuracy(records[:2])[0].startswith("fewer than two slots")


def test_a_slot_without_energy_has_not_the_highest(make: Make) -> None:
    records = [make("relu"), make("cna")]
    records[0].metrics["rayleigh"][:] = 0
    assert "**cna** has the highest energy" in findings.energy_is_not_accuracy(records)[0]


@pytest.mark.parametrize(
    ("energies", "scores", "words"),
    [
        ((0.5, 0.2), (0.7, 0.70001), ["shares the best mean test accuracy", "relu reaches 70.0 %, cna reaches 70.0 %"]),
        ((0.2, 0.201), (0.7, 0.8), ["**relu** and **cna** share the highest energy in the last hidden layer (0.2)"]),
        ((0.0, 0.0), (0.7, 0.8), ["**relu** and **cna** share the highest energy in the last hidden layer (0)"]),
        ((0.5, np.nan), (0.7, 0.8), ["fewer than two slots have both"]),
        ((0.5, 0.2), (0.7, np.nan), ["fewer than two slots have both"]),
    ],
)
def test_ties_of_energy_and_score(
    make: Make, energies: tuple[float, ...], scores: tuple[float, ...], words: list[str]
) -> None:
    records = [make(slot, accuracy=score) for slot, score in zip(("relu", "cna"), scores, strict=True)]
    for record, energy in zip(records, energies, strict=True):
        record.metrics["rayleigh"].loc[{"layer": 3}] = energy
    said = "; ".join(findings.energy_is_not_accuracy(records))
    assert all(word in said for word in words)


def test_a_slot_has_no_mean_without_the_run_that_diverged(make: Make) -> None:
    records = [make("relu", accuracy=0.9), make("relu", seed=1, status="diverged", accuracy={}), make("cna")]
    assert findings.energy_is_not_accuracy(records)[0].startswith("fewer than two slots")


@pytest.mark.parametrize(
    ("energies", "words"),
    [
        ((0.5, 0.5, 0.0), "0.5 (0 in 1 of 3)"),
        ((0.5, 0.0, np.nan), "0.5 (0 in 1 of 3, undefined in 1 of 3)"),
        ((0.0, 0.0, 0.0), "0,"),
        ((np.nan,) * 3, "undefined (features all 0 or not finite),"),
    ],
)
def test_energies_that_no_mean_can_hold_are_counted(make: Make, energies: tuple[float, ...], words: str) -> None:
    records = [make(seed=seed) for seed in range(3)]
    for record, energy in zip(records, energies, strict=True):
        record.metrics["rayleigh"].loc[{"layer": 3}] = energy
    assert f" → {words}" in findings.smoothing_findings(records)[0]


@pytest.mark.parametrize(
    ("every", "val", "words"),
    [
        (1, [0, 0.5, 0.6, 0.6, 0.6, 0.6], "at every step: in these 4 steps {it} +2.5 points on average"),
        (4, [0, 0, 0, 0, 0, -0.2], "every 4 steps: in this one step {it} −20.0 points, in the others by +0.00"),
        (2, [0, 0, 0, 1, np.nan, np.nan], "every 2 steps: in this one step {it} +100.0 points, in the others by +0.00"),
    ],
)
def test_steps_at_the_ends(make: Make, every: int, val: list[float], words: str) -> None:
    record = make("cna", every=every)
    record.metrics["accuracy"].loc[{"split": "val"}] = val
    assert findings.reclustering_findings([record]) == [
        f"CNA re-clusters {words.format(it='the validation accuracy moves by')}"
    ]


def test_each_interval_of_clusterings_has_its_sentence(make: Make) -> None:
    found = findings.reclustering_findings([make("cna", every=4), make("cna", every=2)])
    assert [text.partition(":")[0] for text in found] == [
        "CNA re-clusters every 2 steps",
        "CNA re-clusters every 4 steps",
    ]


def test_steps_that_find_new_clusters_by_hand(make: Make) -> None:
    record = make("cna", every=2)
    # steps 1 to 5; the first finds the first clusters and does not count, steps 3 and 5 find new ones
    record.metrics["accuracy"].loc[{"split": "val"}] = np.cumsum([0, 0.1, -0.2, -0.3, 0.1, -0.4]) + 1
    other = make("relu")  # has no clusters and does not count
    assert findings.reclustering_findings([other, record]) == [
        "CNA re-clusters every 2 steps: in these 2 steps the validation accuracy moves by −35.0 points on average, in "
        "the others by −5.00"
    ]


def test_steps_of_several_runs_are_taken_together(make: Make) -> None:
    records = [make("cna", seed=seed, every=4) for seed in (0, 1)]
    for record, jump in zip(records, (0.2, 0.4), strict=True):
        record.metrics["accuracy"].loc[{"split": "val"}] = [0, 0, 0, 0, 0, jump]  # step 5
    assert (
        "in these 2 steps the validation accuracy moves by +30.0 points" in findings.reclustering_findings(records)[0]
    )


@pytest.mark.parametrize("slots", [[], ["relu", "none"]])
def test_no_records_of_cna(make: Make, slots: list[str]) -> None:
    assert findings.reclustering_findings([make(slot) for slot in slots]) == ["no run re-clustered while it trained"]


def test_runs_too_short_to_find_new_clusters(make: Make) -> None:
    assert findings.reclustering_findings([make("cna", every=20)]) == ["no run re-clustered while it trained"]
