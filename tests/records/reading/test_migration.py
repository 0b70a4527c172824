"""A record that an older cna_viz has written, kept in schema_3, is read like one of today."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from cna_viz.config import RESULTS_VERSION, DataConfig, RunConfig
from cna_viz.errors import RecordError
from cna_viz.figures import plot_measure_by_layer
from cna_viz.records.dataset import to_xarray
from cna_viz.records.listing import list_runs, select_one
from cna_viz.records.reading.facts import metric_of
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.record import Record, load_record
from cna_viz.records.schema import SCHEMA_VERSION
from cna_viz.records.verify import find_problems
from tests.records.conftest import Reseal

FOLDER = Path(__file__).parent / "schema_3"
ID = "7467d0deb862559a"


@pytest.fixture
def old() -> Record:
    return load_record(FOLDER / ID)


def test_it_is_read(old: Record) -> None:
    assert old.environment["schema_version"] == 3 < SCHEMA_VERSION
    assert old.environment["results_version"] < RESULTS_VERSION
    assert (old.id, old.status, old.best_epoch, old.snapshots) == (ID, "complete", 6, (0, 6))
    assert old.score("test") == pytest.approx(5 / 7)


def test_settings_that_came_later_have_their_defaults(old: Record) -> None:
    written = json.loads((FOLDER / ID / "config.json").read_text())
    assert "readout" not in written["model"]
    assert old.config.model.readout == "mean"
    assert old.config.model.clusters == written["model"]["clusters"] == 2


def test_all_of_it_is_there(old: Record) -> None:
    assert np.isfinite(old.metrics["loss"]).all()
    assert np.isfinite(old.metrics["accuracy"]).all()
    assert np.isnan(old.metrics["macro_f1"]).all()  # no record of its time has it
    assert np.isfinite(old.metrics["rayleigh"].sel(epoch=6, stage="conv")).all()
    assert old.embedding(1).shape == (34, 4)
    assert set(np.unique(old.layer_variable("cluster_label", 1))) <= {0, 1}
    assert old.layer_variable("rational_numerator", 1).shape == (2, 6)
    assert dict(old.graph.sizes)["node"] == 34


def test_every_byte_of_it_is_checked() -> None:
    assert find_problems(FOLDER / ID) == []


def test_it_is_listed_selected_and_drawn(old: Record) -> None:
    assert [entry.problem for entry in list_runs(FOLDER)] == [""]
    assert select_one(FOLDER, slot="cna", layers=3).id == ID
    assert len(plot_measure_by_layer([old], "rayleigh").data) > 0


def test_nothing_of_it_is_written_anew(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / ID, tmp_path / ID)
    before = {path: path.read_bytes() for path in (tmp_path / ID).rglob("*") if path.is_file()}
    to_xarray(load_record(tmp_path / ID), snapshots=True)
    assert {path: path.read_bytes() for path in (tmp_path / ID).rglob("*") if path.is_file()} == before


def test_one_that_was_interrupted_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / ID, tmp_path / ID)
    (tmp_path / ID / "COMPLETE").unlink()
    record = load_record(tmp_path / ID, incomplete=True)
    assert not is_complete(record.folder)
    assert (record.status, record.metrics.sizes["epoch"]) == ("incomplete", 7)


def test_its_config_belongs_to_its_name(tmp_path: Path, reseal: Reseal) -> None:
    shutil.copytree(FOLDER / ID, tmp_path / ID)
    config = tmp_path / ID / "config.json"
    config.write_text(config.read_text().replace('"clusters":2', '"clusters":3'))
    reseal(tmp_path / ID)
    with pytest.raises(RecordError, match="its folder must have that name"):
        load_record(tmp_path / ID)


def test_every_run_of_its_time_was_selected_by_accuracy() -> None:
    config = RunConfig(data=DataConfig(dataset="minesweeper"))
    assert config.metric == "roc_auc"
    assert metric_of(config, {"schema_version": 3}) == "accuracy"
    assert metric_of(config, {"schema_version": 4}) == "roc_auc"
    assert metric_of(config, {}) == "roc_auc"  # a run that ended before it wrote its first file
