"""A run that is trained again comes out the same, and what is not as it was is said."""

import dataclasses
import json
from pathlib import Path

import pytest

from cna_viz.cli.main import main
from cna_viz.config import RESULTS_VERSION, RunConfig, WatchedConfig
from cna_viz.errors import UsageError
from cna_viz.experiments.reproduce import Reproduction, _elsewhere, reproduce
from cna_viz.experiments.run import load_or_run
from cna_viz.records.exporting.differences import RecordDifference
from cna_viz.records.synthetic import synthetic_record


def config(**model: object) -> RunConfig:
    return RunConfig.model_validate(
        {"data": {"dataset": "karate"}, "model": {"hidden": 8, **model}, "training": {"epochs": 3}}
    )


@pytest.mark.parametrize("model", [{"slot": "cna", "layers": 3}, {"slot": "relu", "layers": 96}])
def test_a_run_comes_out_equal_to_the_bit(tmp_path: Path, model: dict[str, object]) -> None:
    found = reproduce(load_or_run(config(**model), runs=tmp_path, progress=False), progress=False)
    assert found.verdict == "equal to the bit"
    assert found.elsewhere == {}


def test_a_run_that_diverged_comes_out_the_same(tmp_path: Path) -> None:
    wild = RunConfig.model_validate(
        {"data": {"dataset": "karate"}, "model": {"slot": "none"}, "training": {"epochs": 30, "lr": 1e20}}
    )
    record = load_or_run(wild, runs=tmp_path, progress=False)
    assert record.status == "diverged"
    assert reproduce(record, progress=False).verdict == "equal to the bit"


def test_a_record_that_was_not_trained_so_is_different(tmp_path: Path) -> None:
    record = synthetic_record(tmp_path, config(), nodes=34, classes=4)
    with pytest.raises(UsageError, match="results version"):
        reproduce(dataclasses.replace(record, environment={}), progress=False)
    synthetic = dataclasses.replace(record, environment={**record.environment, "results_version": RESULTS_VERSION})
    found = reproduce(synthetic, progress=False)
    assert found.verdict == "different"
    assert {one.what for one in found.differences if not one.within} >= {"loss", "embedding"}
    assert found.elsewhere["torch"][0] is None


def test_the_command_says_how_it_came_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = load_or_run(config(), runs=tmp_path, progress=False)
    assert main(["runs", "reproduce", record.id[:8], "--runs", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{record.id}: equal to the bit\n"
    assert main(["runs", "reproduce", record.id[:8], "--runs", str(tmp_path), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["reproduced"]
    assert found["verdict"] == "equal to the bit"
    assert all(one["within"] for one in found["differences"])


def test_what_cannot_be_trained_here_is_refused(tmp_path: Path) -> None:
    watched = WatchedConfig(name="net", model="Net", dataset="mine", layers=2, key="key")
    with pytest.raises(UsageError, match="only the program that trained it"):
        reproduce(synthetic_record(tmp_path, RunConfig(watched=watched)))


def test_the_verdict_is_that_of_the_worst_variable() -> None:
    same, close, far = (
        RecordDifference("x", bits, apart, 0.1) for bits, apart in ((True, 0.0), (False, 0.05), (False, 0.2))
    )
    assert Reproduction("id", [same], {}).verdict == "equal to the bit"
    assert Reproduction("id", [same, close], {}).verdict == "equal within the tolerance"
    assert Reproduction("id", [same, close, far], {}).verdict == "different"


def test_facts_that_numbers_depend_on_are_named_where_they_changed() -> None:
    before = {"threads": 1, "device": "cpu", "started": "then", "versions": {"torch": "1", "numpy": "2"}}
    now = {"threads": 2, "device": "cpu", "started": "now", "versions": {"torch": "1", "numpy": "3"}}
    assert _elsewhere(before, now) == {"threads": (1, 2), "numpy": ("2", "3")}
