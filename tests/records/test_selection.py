"""Records by id and by the values of their configs."""

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cna_viz import records
from cna_viz.config import CSBMConfig, DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.errors import RecordError, UsageError
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Make = Callable[..., Record]


def write(runs: Path, config: RunConfig) -> Record:
    return synthetic_record(runs, config, nodes=6, epochs=1)


@pytest.fixture
def four(runs: Path) -> dict[str, Record]:
    configs = {
        "relu": RunConfig(model=ModelConfig(layers=4, hidden=4)),
        "seeded": RunConfig(model=ModelConfig(layers=4, hidden=4), seed=7),
        "cna": RunConfig(
            model=ModelConfig(slot="cna", layers=2, hidden=4, clusters=3), training=TrainingConfig(lr=0.5)
        ),
        "csbm": RunConfig(
            data=DataConfig(dataset="csbm", csbm=CSBMConfig(nodes=50), split_seed=3),
            model=ModelConfig(layers=2, hidden=4),
            recording=RecordingConfig(measures=("mad", "rayleigh")),
        ),
    }
    return {name: write(runs, config) for name, config in configs.items()}


@pytest.mark.parametrize(
    ("criteria", "wanted"),
    [
        ({}, ["csbm", "cna", "relu", "seeded"]),
        ({"slot": "cna"}, ["cna"]),
        ({"slot": "relu", "layers": 4}, ["relu", "seeded"]),
        ({"layers": 3}, []),
        ({"seed": [0, 7]}, ["csbm", "cna", "relu", "seeded"]),
        ({"seed": range(5, 9)}, ["seeded"]),
        ({"seed": np.array([7])}, ["seeded"]),
        ({"seed": np.int64(7)}, ["seeded"]),
        ({"seed": {7, 8}, "slot": ("relu", "cna")}, ["seeded"]),
        ({"seed": []}, []),
        ({"lr": 0.5}, ["cna"]),
        ({"dataset": "csbm"}, ["csbm"]),
        ({"csbm_nodes": 50}, ["csbm"]),
        ({"csbm_nodes": None}, ["cna", "relu", "seeded"]),
        ({"split_seed": 3}, ["csbm"]),
        ({"split_seed": 7}, ["seeded"]),  # follows the seed of the run
        ({"assignment": "kmeans"}, ["cna"]),  # left to the slot
        ({"assignment": None}, ["csbm", "relu", "seeded"]),
        ({"clusters": 3, "activation": "rational"}, ["cna"]),
        ({"measures": "rayleigh", "dataset": "csbm"}, ["csbm"]),
        ({"measures": "effective_rank"}, ["cna", "relu", "seeded"]),
        ({"batch_size": None, "status": "complete", "layers": 4}, ["relu", "seeded"]),
        ({"status": ["diverged", "incomplete"]}, []),
    ],
    ids=str,
)
def test_select(runs: Path, four: dict[str, Record], criteria: dict[str, Any], wanted: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = records.select(runs, **criteria)
    assert [record.id for record in found] == [four[name].id for name in wanted]


def test_select_one(runs: Path, four: dict[str, Record]) -> None:
    assert records.select_one(runs, slot="cna", layers=four["cna"].layers).id == four["cna"].id
    with pytest.raises(UsageError, match=r"no runs in .* have slot cna, layers 77; it must be exactly one"):
        records.select_one(runs, slot="cna", layers=77)
    with pytest.raises(UsageError, match=rf"2 runs in .* have layers 4, batch_size None: {four['relu'].id}, "):
        records.select_one(runs, layers=4, batch_size=None)


def test_unknown_criteria_are_refused_with_those_there_are(runs: Path, four: dict[str, Record]) -> None:
    with pytest.raises(UsageError, match=r"unknown criterion 'layer'; choices, nearest first: layers, ") as caught:
        records.select(runs, layer=3)
    for name in ("dataset", "split", "clusters", "lr", "every", "seed", "status", "csbm_homophily"):
        assert f" {name}," in str(caught.value) or f" {name}." in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "nearest"),
    [("dataset", "corra", "cora"), ("slot", ["cna", "rleu"], "relu"), ("status", "done", "none")],
)
def test_names_that_mean_nothing_are_refused(
    runs: Path, four: dict[str, Record], name: str, value: object, nearest: str
) -> None:
    with pytest.raises(UsageError, match=f"unknown {name} '.*'; choices, nearest first: "):
        records.select(runs, **{name: value})


def test_a_name_of_the_vocabulary_that_no_run_has_finds_nothing(runs: Path, four: dict[str, Record]) -> None:
    assert records.select(runs, dataset="pubmed") == []


def test_what_cannot_be_taken_is_named_in_one_warning(make: Make, runs: Path) -> None:
    good, incomplete, broken = make(seed=0), make(seed=1), make(seed=2)
    (incomplete.folder / "COMPLETE").unlink()
    (broken.folder / "summary.json").write_text("{}")
    with pytest.warns(UserWarning, match=f"^skipped in {runs}: ") as caught:
        found = records.select(runs, slot="cna")
    assert [record.id for record in found] == [good.id]
    assert len(caught) == 1
    message = str(caught[0].message)
    assert f"{incomplete.id} (incomplete)" in message
    assert f"{broken.id} (broken)" in message
    assert "\n" not in message
    assert caught[0].filename == __file__


def test_incomplete_runs_are_selected_when_asked_for(make: Make, runs: Path) -> None:
    make(seed=0)
    incomplete = make(seed=1)
    (incomplete.folder / "COMPLETE").unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = records.select(runs, status="incomplete")
        assert records.select(runs, seed=0)  # an incomplete run that does not meet the criteria is no news
    assert (found.id, found.status) == (incomplete.id, "incomplete")


def test_load(make: Make, runs: Path) -> None:
    record = make()
    assert records.load(record.id, runs).config == records.load(record.id[:5], str(runs)).config == record.config
    with pytest.raises(UsageError, match="unknown run 'nothing'"):
        records.load("nothing", runs)
    (record.folder / "COMPLETE").unlink()
    with pytest.raises(RecordError, match="not finished"):
        records.load(record.id, runs)
    assert records.load(record.id, runs, incomplete=True).status == "incomplete"


def test_missing_folder(runs: Path) -> None:
    for look in (lambda: records.select(runs), lambda: records.load("a", runs)):
        with pytest.raises(RecordError, match="no such folder"):
            look()


def test_the_room_has_what_it_says() -> None:
    for name in records.__all__:
        assert callable(getattr(records, name)), f"{name} is hidden by a module of its name"
        assert name in dir(records)
    with pytest.raises(AttributeError, match="attribute nothing"):
        assert records.nothing


@pytest.mark.subprocess
def test_importing_the_room_imports_nothing_heavy() -> None:
    code = (
        "import sys, cna_viz.records as records; "
        "assert not {'numpy', 'xarray', 'pandas', 'pydantic', 'safetensors'} & {*sys.modules}; "
        "assert callable(records.select) and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
