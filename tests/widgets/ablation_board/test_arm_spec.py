"""What the board looks at: only what the runs offer, and the nearest where there are none."""

from dataclasses import replace
from pathlib import Path

import pytest

from cna_viz.analysis.tables.slot_parts import Parts, parts_of
from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record
from cna_viz.widgets.ablation_board.arm_spec import (
    ArmSpec,
    arm_choices,
    arm_runs,
    belongs,
    clamp_to_runs,
    first_arm,
    nearest_arm,
    setup_words,
    setups,
)

CNA = Parts("kmeans", "cluster", "rational")


def made(folder: Path, *runs: dict[str, object], dataset: str = "digits", lr: float = 0.01) -> list[Record]:
    return [
        synthetic_record(
            folder,
            RunConfig(
                data=DataConfig(dataset=dataset),
                model=ModelConfig.model_validate({"slot": "cna", "layers": 4, "hidden": 4, "clusters": 3, **run}),
                training=TrainingConfig(lr=lr),
                recording=RecordingConfig(snapshots="none"),
            ),
        )
        for run in runs
    ]


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    """Return CNA at two depths and numbers of clusters, and some of its parts at one."""
    plain = [{"slot": slot, "clusters": 8} for slot in ("relu", "layernorm", "na")]
    return made(tmp_path, {}, {"layers": 8}, {"clusters": 5}, {"slot": "cna-random"}, *plain)


def test_only_what_the_runs_hold_is_offered(records: list[Record]) -> None:
    offered = arm_choices(records, first_arm(records))
    assert offered.datasets == ("digits",)
    assert offered.layers == (4, 8)
    assert offered.clusters == (3, 5)
    assert offered.parts == {
        "assignment": ("kmeans", "random", "none"),
        "normalization": ("cluster", "none"),
        "activation": ("rational", "relu"),
    }


def test_the_first_look_is_cna_where_there_are_most_arms(records: list[Record]) -> None:
    look = first_arm(records)
    assert (look.layers, look.parts, look.clusters) == (4, CNA, 3)
    assert [record.config.slot for record in arm_runs(records, look)] == ["cna"]


def test_the_runs_of_a_look_have_all_that_it_says(records: list[Record]) -> None:
    look = first_arm(records)
    assert [record.config.model.clusters for record in arm_runs(records, replace(look, clusters=5))] == [5]
    (relu,) = arm_runs(records, replace(look, parts=Parts("none", "none", "relu"), clusters=5))
    assert relu.config.slot == "relu"
    assert arm_runs(records, replace(look, parts=Parts("kmeans", "none", "relu"))) == []


def test_what_is_not_offered_becomes_the_nearest_that_is(records: list[Record]) -> None:
    odd = ArmSpec("cora", "public", (("lr", 3),), 7, Parts("labels", "node", "rational"), 99)
    look = clamp_to_runs(odd, records)
    assert (look.dataset, look.split, look.setup) == ("digits", "random-60-20-20", ())
    assert (look.layers, look.clusters) == (8, 5)
    assert look.parts == CNA
    assert clamp_to_runs(look, records) == look


def test_the_nearest_look_changes_as_little_as_it_can(records: list[Record]) -> None:
    look = first_arm(records)
    missing = replace(look, layers=8, parts=Parts("random", "cluster", "rational"))
    assert arm_runs(records, missing) == []
    near = nearest_arm(records, missing)
    assert arm_runs(records, near)
    assert (near.layers, near.parts) in {(8, CNA), (4, missing.parts)}
    assert nearest_arm(records, look) == look


def test_runs_without_switches_can_not_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none of these 1 runs has the slot"):
        first_arm(made(tmp_path, {"slot": "layernorm"}))


def test_datasets_are_apart(tmp_path: Path) -> None:
    records = [*made(tmp_path, {}), *made(tmp_path, {"slot": "relu", "layers": 2, "clusters": 8}, dataset="karate")]
    look = first_arm(records)
    other = clamp_to_runs(replace(look, dataset="karate"), records)
    assert arm_choices(records, other).layers == (2,)
    assert [parts_of(record.config) for record in arm_runs(records, other)] == [other.parts]


def test_runs_of_other_settings_are_another_setup(tmp_path: Path) -> None:
    records = [
        *made(tmp_path, {}, {"slot": "relu", "clusters": 8}),
        *made(tmp_path, {}, {"slot": "relu", "clusters": 8}, lr=0.1),
    ]
    found = setups(records)
    assert found == [(("lr", 0.01),), (("lr", 0.1),)]
    assert [belongs(record, found[1]) for record in records] == [False, False, True, True]
    assert setup_words(found[1]) == "lr 0.1"
    look = first_arm(records)
    assert len(arm_runs(records, look)) == 1


def test_a_setting_without_effect_makes_no_setup_of_its_own(tmp_path: Path) -> None:
    records = made(
        tmp_path,
        {"recluster_every": 10},
        {"recluster_every": 30},
        {"slot": "relu", "clusters": 8},
    )
    found = setups(records)
    assert found == [(("recluster_every", 10),), (("recluster_every", 30),)]
    assert all(belongs(records[2], setup) for setup in found)
    assert setups(records[2:]) == [()]


def test_released_cna_is_a_setup_apart(tmp_path: Path) -> None:
    records = made(tmp_path, {}, {"slot": "cna-released"}, {"slot": "relu", "clusters": 8})
    found = setups(records)
    assert len(found) == 2
    assert [belongs(records[2], setup) for setup in found] == [True, True]
    assert [belongs(records[1], setup) for setup in found].count(True) == 1
