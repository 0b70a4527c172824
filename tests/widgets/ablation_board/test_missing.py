"""What is said where no run has what the switches say: the nearest, and a command that trains exactly that."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from cna_viz.analysis.tables.slot_parts import Parts
from cna_viz.config import DataConfig, ModelConfig, RunConfig
from cna_viz.records.listing import select
from cna_viz.records.record import Record
from cna_viz.records.stored import stored_runs
from cna_viz.records.synthetic import synthetic_record
from cna_viz.widgets.ablation_board.arm_spec import ArmSpec, arm_runs, first_arm
from cna_viz.widgets.ablation_board.missing import arm_words, configs_of, missing_words


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return select(stored_runs())


@pytest.fixture
def look(records: list[Record]) -> ArmSpec:
    return replace(first_arm(records), layers=16)


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
    records: list[Record], look: ArmSpec, parts: Parts, slot: str, tmp_path: Path
) -> None:
    wanted = replace(look, parts=parts)
    configs = configs_of(records, wanted)
    assert {config.model.slot for config in configs} == {slot} or slot == "cna-random"
    assert [config.seed for config in configs] == [0, 1, 2]
    trained = [synthetic_record(tmp_path, config) for config in configs]
    assert arm_runs([*records, *trained], wanted) == trained


def test_what_exists_is_asked_for_as_it_is(records: list[Record], look: ArmSpec) -> None:
    there = replace(look, layers=8)
    ids = {replace_recording(config).run_id for config in configs_of(records, there)}
    assert ids == {replace_recording(record.config).run_id for record in arm_runs(records, there)}


def replace_recording(config: RunConfig) -> RunConfig:
    return config.replace(recording=RunConfig().recording)


def test_words_name_the_arm_the_nearest_and_the_command(records: list[Record], look: ArmSpec) -> None:
    wanted = replace(look, parts=Parts("kmeans", "none", "relu"))
    said = missing_words(records, wanted, "my runs")
    assert said.startswith("No run with clusters found by k-means (6), not normalized, ReLU, 16 layers. Nearest: ")
    command = said.split("To train it: ")[1]
    words = shlex.split(command.partition(";")[0])
    assert words[:2] == ["cna-viz", "run"]
    assert words[words.index("--slot") + 1] == "c"
    assert words[-2:] == ["--runs", "my runs"]
    assert command.endswith("the same with --seed 1 and 2")


def test_an_arm_without_clusters_has_no_number_of_them(look: ArmSpec) -> None:
    words = arm_words(replace(look, parts=Parts("none", "cluster", "relu")))
    assert words == "no clusters, normalized over all nodes, ReLU, 16 layers"
    assert "(6)" in arm_words(look)


def pairs_in(command: str) -> set[tuple[int, int]]:
    """Return the pairs of split seed and seed that a command and what is said of its repetitions name."""
    first, *again = command.partition("; the same ")[::2]
    words = shlex.split(first)
    given = {name: int(words[words.index(name) + 1]) for name in ("--seed", "--split-seed") if name in words}
    own = given.get("--split-seed", 0)
    found = {(own, given.get("--seed", 0))}
    for group in filter(None, again[0].split("; ")):
        split_seed = re.search(r"--split-seed (\d+)", group)
        seeds = re.findall(r"\d+", group.rpartition("--seed ")[2])
        found |= {(int(split_seed[1]) if split_seed else own, int(seed)) for seed in seeds}
    return found


@pytest.mark.parametrize(
    "pairs",
    [
        {(0, 0), (0, 1), (3, 0), (3, 1)},
        {(0, 2), (0, 10), (5, 4)},
        {(7, 7)},
        {(2, 0), (10, 0)},
    ],
)
def test_every_pair_of_split_seed_and_seed_is_named_and_no_other(pairs: set[tuple[int, int]], tmp_path: Path) -> None:
    made = [
        synthetic_record(
            tmp_path, RunConfig(data=DataConfig(split_seed=split), model=ModelConfig(slot=slot, layers=3), seed=seed)
        )
        for split, seed in pairs
        for slot in ("cna", "relu")
    ]
    wanted = replace(first_arm(made), parts=Parts("kmeans", "none", "relu"))
    configs = configs_of(made, wanted)
    assert [(config.data.split_seed, config.seed) for config in configs] == sorted(pairs)
    assert pairs_in(missing_words(made, wanted).split("To train it: ")[1]) == pairs


def test_splits_that_go_with_the_seed_are_left_to_it(tmp_path: Path) -> None:
    made = [
        synthetic_record(
            tmp_path, RunConfig(data=DataConfig(split_seed=split), model=ModelConfig(slot="cna"), seed=seed)
        )
        for split, seed in ((4, 3), (None, 10), (None, 9))
    ]
    said = missing_words(made, replace(first_arm(made), parts=Parts("kmeans", "none", "relu")))
    command, _, repeats = said.split("To train it: ")[1].partition("; the same ")
    assert "--seed 9" in command
    assert "--split-seed" not in command
    assert repeats == "with --seed 10; with --split-seed 4 and --seed 3"
