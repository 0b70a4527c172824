"""Watched runs are averaged only where their program says that they repeat each other."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from cna_viz.analysis.tables.comparison import arms_of, group_runs
from cna_viz.analysis.tables.tables import accuracy_table, layer_table
from cna_viz.analysis.tables.watched_arms import told_apart
from cna_viz.config import ModelConfig, RunConfig
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record
from tests.figures.watched import LATER, STARTED, watched_record


def names(tmp_path: Path, *runs: dict[str, Any]) -> list[str]:
    records = [watched_record(tmp_path, f"{number}", **run) for number, run in enumerate(runs)]
    return [record.config.slot for record in told_apart(records)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"seed": 3}, {"seed": 3}),
        ({"seeded": False}, {"seeded": False}),
        ({"seed": 0, "seeded": False}, {"seed": 1}),
        ({"seed": 0}, {"seed": 1, "program": "another"}),
        ({"seed": 0}, {"seed": 1, "model": "GAT"}),
    ],
)
def test_runs_that_may_not_repeat_each_other_are_named_by_their_start(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert names(tmp_path, first, {**second, "started": LATER}) == ["mine, 03:11:22", "mine, 03:15:02"]


def test_runs_of_one_program_with_different_stated_seeds_are_one_arm(tmp_path: Path) -> None:
    assert names(tmp_path, {"seed": 0}, {"seed": 1, "started": LATER}) == ["mine", "mine"]


def test_a_single_run_keeps_its_name_also_without_a_seed_and_when_given_twice(tmp_path: Path) -> None:
    record = watched_record(tmp_path, seeded=False)
    assert [one.config.slot for one in told_apart([record, record])] == ["mine", "mine"]


def test_seeds_of_two_programs_are_two_arms_named_by_their_first_start(tmp_path: Path) -> None:
    later = {"program": "another", "started": LATER}
    runs = [{"seed": 0}, {"seed": 1, "started": "2026-12-01T03:12:00.000Z"}, {"seed": 0, **later}, {"seed": 1, **later}]
    assert names(tmp_path, *runs) == ["mine, 03:11:22"] * 2 + ["mine, 03:15:02"] * 2


def test_depths_are_told_apart_by_themselves_and_data_by_its_name(tmp_path: Path) -> None:
    assert names(tmp_path, {}, {"layers": 5}) == ["mine", "mine"]
    assert names(tmp_path / "b", {}, {"layers": 5}, {"dataset": "cora"}) == [
        "mine, karate",
        "mine, karate",
        "mine, cora",
    ]


def test_other_content_under_one_name_is_other_data(tmp_path: Path) -> None:
    records = [watched_record(tmp_path, key, seed=seed) for seed, key in enumerate("ab")]
    records = [
        dataclasses.replace(one, environment={**one.environment, "content": digit * 64})
        for one, digit in zip(records, "12", strict=True)
    ]
    assert [one.config.slot for one in told_apart(records)] == ["mine, karate (11111111)", "mine, karate (22222222)"]


def test_of_one_seed_the_latest_run_counts(tmp_path: Path) -> None:
    runs = {"seed": 0}, {"seed": 1}, {"seed": 0, "started": LATER}
    assert names(tmp_path, *runs) == ["mine, 03:11:22", "mine", "mine"]


def test_other_columns_of_the_masks_are_repetitions(tmp_path: Path) -> None:
    assert names(tmp_path, {"split": "column 0"}, {"split": "column 1"}) == ["mine", "mine"]


@pytest.mark.parametrize(
    ("started", "shown"),
    [
        ("2026-12-02T03:11:22.123Z", ["mine, 2026-12-01 03:11:22", "mine, 2026-12-02 03:11:22"]),
        ("2026-12-01T03:11:22.124Z", ["mine, 03:11:22.123", "mine, 03:11:22.124"]),
    ],
)
def test_the_start_has_date_and_milliseconds_where_they_are_needed(
    tmp_path: Path, started: str, shown: list[str]
) -> None:
    assert names(tmp_path, {}, {"started": started}) == shown


@pytest.mark.parametrize("starts", [("", ""), (STARTED, STARTED)])
def test_where_the_start_does_not_tell_the_id_does(tmp_path: Path, starts: tuple[str, str]) -> None:
    records = [watched_record(tmp_path, key, started=start) for key, start in zip("ab", starts, strict=True)]
    assert [one.config.slot for one in told_apart(records)] == [f"mine, {record.id[:4]}" for record in records]


def test_records_from_before_programs_were_known_are_one_arm_only_with_different_seeds(tmp_path: Path) -> None:
    old = {"program": "", "started": ""}
    assert names(tmp_path, {"seed": 0, **old}, {"seed": 1, **old}) == ["mine", "mine"]
    same = names(tmp_path, {"seed": 2, **old}, {"seed": 2, **old})
    assert len(set(same)) == 2
    assert all(len(name) == len("mine, 1234") for name in same)


def test_a_network_with_the_name_of_a_slot_is_no_run_of_that_slot(tmp_path: Path) -> None:
    own = synthetic_record(tmp_path, RunConfig(model=ModelConfig(layers=3)), epochs=1)
    other = watched_record(tmp_path, name="relu", seed=1)
    assert [record.config.slot for record in told_apart([own, other])] == ["relu", "relu, 03:11:22"]


def test_names_are_told_apart_once_and_records_keep_their_ids(tmp_path: Path) -> None:
    records = [watched_record(tmp_path, "a"), watched_record(tmp_path, "b", started=LATER)]
    renamed = told_apart(records)
    assert [record.id for record in renamed] == [record.id for record in records]
    assert [one.config for one in told_apart(renamed)] == [one.config for one in renamed]


@pytest.fixture
def reruns(tmp_path: Path) -> list[Record]:
    return [watched_record(tmp_path, "a", seeded=False), watched_record(tmp_path, "b", seeded=False, started=LATER)]


def test_tables_and_arms_use_the_names(reruns: list[Record]) -> None:
    shown = ["mine, 03:11:22", "mine, 03:15:02"]
    assert arms_of(reruns) == shown
    assert accuracy_table(reruns)["slot"].tolist() == shown
    assert accuracy_table(reruns)["seed"].tolist() == ["not stated"] * 2
    assert list(dict.fromkeys(layer_table(reruns, "mad", "conv")["slot"])) == shown


def test_groups_have_the_dataset_of_the_watched_run(reruns: list[Record]) -> None:
    assert list(group_runs(reruns, ["layers", "hidden"])) == ["karate, its own, layers 3, hidden None"]
