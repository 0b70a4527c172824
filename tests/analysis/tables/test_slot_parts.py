"""Slots as switches: every slot of the family has its own setting, norms of the field have none."""

import pytest

from cna_viz.analysis.statistics.factorial import COMPONENTS
from cna_viz.analysis.tables.slot_parts import PART_WORDS, STEPS, Parts, part_words, parts_of
from cna_viz.config import ModelConfig, RunConfig, WatchedConfig
from cna_viz.config.vocabulary import FACTORS, NORM_SLOTS, PRESETS, SLOTS


def parts(slot: str, **factors: str) -> Parts | None:
    return parts_of(RunConfig(model=ModelConfig(slot=slot, layers=4, **factors)))


def test_slots_of_the_factorial_have_the_steps_that_it_says() -> None:
    for slot, steps in COMPONENTS.items():
        found = parts(slot)
        assert found is not None
        on = (found.assignment != "none", found.normalization != "none", found.activation == "rational")
        assert on == tuple(step in steps for step in "CNA"), slot


def test_no_two_presets_are_set_alike() -> None:
    found = [parts(slot) for slot in ("relu", "none", *PRESETS)]
    assert None not in found
    assert len(set(found)) == len(found)


def test_norms_and_watched_networks_have_no_switches() -> None:
    assert [parts(slot) for slot in NORM_SLOTS] == [None] * len(NORM_SLOTS)
    watched = WatchedConfig(name="theirs", model="GAT", dataset="own", layers=2, key="0")
    assert parts_of(RunConfig(watched=watched)) is None
    assert {"relu", "none", *PRESETS, *NORM_SLOTS} == set(SLOTS)


def test_factors_that_were_set_apart_from_the_preset_count() -> None:
    assert parts("cna", activation="relu") == parts("cn")
    assert parts("cna", normalization="batch") == Parts("kmeans", "batch", "rational")


def test_every_value_has_words() -> None:
    assert {switch: set(words) for switch, words in PART_WORDS.items()} == {
        switch: set(FACTORS[switch]) for switch in STEPS
    }


@pytest.mark.parametrize(
    ("slot", "words"),
    [("cna", "normalized within clusters"), ("n", "normalized over all nodes"), ("c", "not normalized")],
)
def test_without_clusters_normalization_is_over_all_nodes(slot: str, words: str) -> None:
    found = parts(slot)
    assert found is not None
    assert part_words(found, "normalization") == words


def test_switches_that_differ_are_named_in_the_order_of_cna() -> None:
    one = Parts("kmeans", "cluster", "rational")
    assert one.differing(one) == ()
    assert one.differing(one.with_part("activation", "relu")) == ("activation",)
    assert one.differing(Parts("none", "none", "none")) == tuple(STEPS)
