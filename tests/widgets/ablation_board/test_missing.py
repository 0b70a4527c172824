"""What is said where no run has what the switches say: the nearest, and a command that trains exactly that."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from cna_viz.analysis.slot_parts import Parts
from cna_viz.config import RunConfig
from cna_viz.records.record import Record
from cna_viz.records.selection import select
from cna_viz.records.stored import stored_runs
from cna_viz.records.synthetic import synthetic_record
from cna_viz.widgets.ablation_board.look import Look, first_look, shown
from cna_viz.widgets.ablation_board.missing import arm_words, configs_of, missing_words


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return select(stored_runs())


@pytest.fixture
def look(records: list[Record]) -> Look:
    return replace(first_look(records), layers=16)


@pytest.mark.parametrize(
    ("parts", "slot"),
    [
        (Parts("kmeans", "none", "relu"), "c"),
        (Parts("none", "cluster", "rational"), "na"),
        (Parts("none", "none", "rational"), "a"),
        (Parts("random", "cluster", "relu"), "cna-random"),
        (Parts("kmeans", "cluster", "none"), "cna"),
    ],
)
def test_the_runs_that_are_asked_for_are_what_the_look_says(
    records: list[Record], look: Look, parts: Parts, slot: str, tmp_path: Path
) -> None:
    wanted = replace(look, parts=parts)
    configs = configs_of(records, wanted)
    assert {config.model.slot for config in configs} == {slot} or slot == "cna-random"
    assert [config.seed for config in configs] == [0, 1, 2]
    trained = [synthetic_record(tmp_path, config) for config in configs]
    assert shown([*records, *trained], wanted) == trained


def test_what_exists_is_asked_for_as_it_is(records: list[Record], look: Look) -> None:
    there = replace(look, layers=8)
    ids = {replace_recording(config).run_id for config in configs_of(records, there)}
    assert ids == {replace_recording(record.config).run_id for record in shown(records, there)}


def replace_recording(config: RunConfig) -> RunConfig:
    return config.replace(recording=RunConfig().recording)


def test_words_name_the_arm_the_nearest_and_the_command(records: list[Record], look: Look) -> None:
    wanted = replace(look, parts=Parts("kmeans", "none", "relu"))
    said = missing_words(records, wanted, "my runs")
    assert said.startswith("No run with clusters found by k-means (6), not normalized, ReLU, 16 layers. Nearest: ")
    command = said.split("To train it: ")[1]
    words = shlex.split(command.partition(";")[0])
    assert words[:2] == ["cna-viz", "run"]
    assert words[words.index("--slot") + 1] == "c"
    assert words[-2:] == ["--runs", "my runs"]
    assert command.endswith("the same with --seed 1 and 2")


def test_an_arm_without_clusters_has_no_number_of_them(look: Look) -> None:
    words = arm_words(replace(look, parts=Parts("none", "cluster", "relu")))
    assert words == "no clusters, normalized over all nodes, ReLU, 16 layers"
    assert "(6)" in arm_words(look)
