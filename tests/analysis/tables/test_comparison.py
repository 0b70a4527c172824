"""Comparisons are paired and fair, or they are refused."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from cna_viz.analysis.tables.comparison import (
    arm_names,
    drop_duplicates,
    paired_table,
    training_settings,
    without_diverged,
)
from cna_viz.config import RESULTS_VERSION, DataConfig, ModelConfig, RunConfig, TrainingConfig, WatchedConfig
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

Make = Callable[..., Record]


def config(seed: int = 0, split: str = "public", dataset: str = "cora", **model: Any) -> RunConfig:
    return RunConfig(data=DataConfig(dataset=dataset, split=split), model=ModelConfig(**model), seed=seed)


def test_arms_are_named_by_what_differs() -> None:
    configs = [config(slot="relu"), config(slot="cna", clusters=2), config(slot="cna", clusters=4, seed=1)]
    assert [arm_names(configs)[one.run_id] for one in configs] == [
        "relu",
        "cna, clusters 2",
        "cna, clusters 4",
    ]
    assert set(arm_names([config(seed=seed) for seed in (0, 1)]).values()) == {"relu"}


def test_what_is_recorded_makes_no_arm() -> None:
    one = config()
    other = one.replace(recording=one.recording.replace(every=3), seed=1)
    assert set(arm_names([one, other]).values()) == {"relu"}


def test_what_is_left_to_the_slot_in_one_arm_and_set_in_another_differs() -> None:
    configs = [config(slot="cna"), config(slot="cna", normalization="node"), config(slot="relu")]
    assert [arm_names(configs)[one.run_id] for one in configs] == ["cna", "cna, normalization node", "relu"]
    whole = config(slot="cna")
    sampled = whole.replace(training=TrainingConfig(batch_size=32))
    assert [arm_names([whole, sampled])[one.run_id] for one in (whole, sampled)] == ["cna", "batch_size 32"]


def test_settings_of_the_training_make_arms() -> None:
    one = config()
    other = one.replace(training=TrainingConfig(lr=0.5))
    assert list(arm_names([one, other]).values()) == ["lr 0.01", "lr 0.5"]


def test_runs_of_two_results_versions_are_not_compared(make: Make) -> None:
    old, new = make("relu"), make("cna")
    old.environment["results_version"] = new.environment["results_version"] - 1
    with pytest.raises(UsageError, match=f"different results versions: {RESULTS_VERSION - 1} and {RESULTS_VERSION}"):
        paired_table([old, new])


def test_pairs_share_split_and_seed(make: Make) -> None:
    records = [make(slot, seed=seed) for slot in ("relu", "cna") for seed in (0, 1, 2)]
    table = paired_table(records)
    assert list(table.columns) == ["relu", "cna"]
    assert list(table.index) == [(0, 0), (1, 1), (2, 2)]
    for record in records:
        pair = (record.config.split_seed, record.config.seed)
        assert table.loc[pair, record.config.slot] == record.summary["accuracy"]["test"]
    assert "3 pairs of the same split and seed; test accuracy at the best validation epoch" in table.attrs["protocol"]


def test_a_record_that_stands_there_twice_counts_once(make: Make) -> None:
    records = [make("relu", seed=seed) for seed in (0, 1)]
    pd.testing.assert_frame_equal(paired_table([*records, records[0]]), paired_table(records))


def test_the_same_run_recorded_in_two_ways_is_one_pair(make: Make) -> None:
    records = [make("relu", seed=seed) for seed in (0, 1)]
    again = make("relu", seed=0)
    vars(again)["config"] = again.config.replace(recording=again.config.recording.replace(every=7))
    vars(again)["summary"] = {**again.summary, "accuracy": {"test": 0.123}}  # as with another number of threads
    pd.testing.assert_frame_equal(paired_table([*records, again]), paired_table(records))


def test_missing_runs_are_named(make: Make) -> None:
    records = [make("relu", seed=0), make("relu", seed=1), make("cna", seed=0)]
    with pytest.raises(
        UsageError, match=r"runs missing: 1, the first is cna with seed 1 .split seed 1.; start the sweep"
    ):
        paired_table(records)


def test_arms_on_different_splits_are_refused_with_both_named(make: Make) -> None:
    one = make("relu")
    other = make("cna")
    vars(other)["config"] = other.config.replace(data=other.config.data.replace(split="public"))
    names = sorted([one.config.data.split, "public"])
    with pytest.raises(UsageError, match=f"different splits are not compared: {names[0]} and {names[1]}"):
        paired_table([one, other])


def test_nothing_to_compare() -> None:
    with pytest.raises(UsageError, match="no runs to compare"):
        paired_table([])


def test_settings_on_an_axis_make_no_arm() -> None:
    configs = [config(slot="cna", clusters=2), config(slot="cna", clusters=4), config(slot="relu")]
    assert list(arm_names(configs, ignore={"clusters"}).values()) == ["cna", "cna", "relu"]
    assert list(arm_names(configs[:2], ignore={"clusters"}).values()) == ["cna", "cna"]


def test_watched_networks_are_arms_by_their_names() -> None:
    watched = [WatchedConfig(name=name, model="GAT", dataset="x", layers=4, key="k") for name in ("mine", "yours")]
    assert list(arm_names([RunConfig(watched=one) for one in watched]).values()) == ["mine", "yours"]
    assert list(arm_names([RunConfig(watched=watched[0])], ignore={"slot"}).values()) == ["mine"]


def test_arms_that_diverged_are_left_out_and_counted() -> None:
    table = pd.DataFrame({"relu": [0.5, 0.6, 0.7], "cna": [0.5, None, None], "n": [None, 0.1, 0.2]})
    table.attrs["protocol"] = "words"
    kept = without_diverged(table)
    assert list(kept.columns) == ["relu"]
    assert kept.attrs == {"protocol": "words", "left_out": {"cna": 2, "n": 1}}
    assert without_diverged(kept).attrs["left_out"] == {}
    assert "left_out" not in table.attrs


def test_equal_settings_are_said_and_different_ones_named(make: Make) -> None:
    records = [make("relu"), make("cna")]
    assert training_settings(records) == (
        "all arms were trained with the same settings (lr 0.01, weight decay 0.0005, hidden 4, epochs 200 at most); "
        "none was tuned individually"
    )
    names = ["lr", "weight_decay", "hidden", "epochs"]
    assert (
        training_settings(records, names) == "all arms were trained with the same settings; none was tuned individually"
    )
    assert training_settings([]) == "no runs: nothing is known of their settings"
    other = make("cna", layers=2)
    vars(other)["config"] = other.config.replace(training=TrainingConfig(weight_decay=0.1))
    assert training_settings([*records, other]) == (
        "the arms also differ in layers, weight decay: a difference between them need not be one of slots"
    )
    assert training_settings([*records, other], ["layers", "weight_decay"]).startswith("all arms")


def test_every_run_is_there_once_in_the_recording_that_is_preferred(make: Make) -> None:
    first, second = make("relu"), make("relu", measures="mad")
    other = make("relu", seed=1)
    assert drop_duplicates([first, other, second]) == [first, other]
    assert drop_duplicates([first, other, second], lambda record: record is second) == [second, other]
    assert (
        drop_duplicates([make("relu", layers=2), make("relu", layers=3), make("cna", layers=2)])[2].config.slot == "cna"
    )
    assert drop_duplicates([]) == []


def on_split(record: Record, number: int, accuracy: float) -> Record:
    """Return a run that was on the split of this number."""
    config = record.config.replace(data=record.config.data.replace(split_seed=number))
    summary = {**record.summary, "split_seed": number, "split_sizes": {"test": 40}, "accuracy": {"test": accuracy}}
    return dataclasses.replace(record, config=config, summary=summary)


def test_seeds_of_one_split_are_averaged_because_they_share_what_the_split_does(make: Make) -> None:
    scores = {(0, 0): 0.5, (0, 1): 0.7, (1, 0): 0.8, (1, 1): 0.9, (2, 0): 0.4, (2, 1): 0.4}
    records = [
        on_split(make(slot, seed=seed), split, score + (slot == "cna") * 0.01)
        for slot in ("relu", "cna")
        for (split, seed), score in scores.items()
    ]
    table = paired_table(records)
    assert table["relu"].tolist() == pytest.approx([0.6, 0.85, 0.4])
    assert table["cna"].tolist() == pytest.approx([0.61, 0.86, 0.41])
    assert table.attrs["pairs"] == "3 splits, each the mean of 2 seeds"
    assert table.attrs["items"] == 40
    uneven = [record for record in records if record.config.seed == 0 or record.config.split_seed < 2]
    assert paired_table(uneven).attrs["pairs"] == "3 splits, each the mean of 1 to 2 seeds"


def test_a_run_that_diverged_leaves_its_split_without_a_score(make: Make) -> None:
    records = [on_split(make(seed=seed), split, 0.5) for split in (0, 1) for seed in (0, 1)]
    records[0] = on_split(make(seed=0), 0, float("nan"))
    assert paired_table(records).iloc[:, 0].isna().tolist() == [True, False]


def test_pairs_on_one_split_say_so(make: Make) -> None:
    records = [on_split(make(slot, seed=seed), 4, 0.5) for slot in ("relu", "cna") for seed in (0, 1, 2)]
    assert paired_table(records).attrs["pairs"] == "3 pairs of the same seed, all on one split"
    apart = [on_split(make(seed=seed), seed, 0.5) for seed in (0, 1)]
    assert paired_table(apart).attrs["pairs"] == "2 pairs of the same split and seed"
    assert paired_table(apart[:1]).attrs["pairs"] == "1 pair of the same split and seed"
