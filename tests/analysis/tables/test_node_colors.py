"""What nodes are coloured by: what the record says of the layer and the epoch."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from cna_viz.analysis.tables.node_colors import color_groups
from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Make = Callable[..., Record]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return what makes a synthetic record of 30 nodes."""

    def make(slot: str = "cna", dataset: str = "digits", snapshots: str = "ends") -> Record:
        config = RunConfig(
            data=DataConfig(dataset=dataset),
            model=ModelConfig(slot=slot, layers=3, hidden=4, clusters=4),
            recording=RecordingConfig(every=1, snapshots=snapshots),  # type: ignore[arg-type]
        )
        return synthetic_record(tmp_path, config, nodes=30)

    return make


def test_clusters_are_those_of_the_slot_after_the_layer(make: Make) -> None:
    record = make()
    groups = color_groups(record, "cluster", 2)
    assert groups is not None
    np.testing.assert_array_equal(groups.label, record.layer_variable("cluster_label", 2))
    assert (groups.kind, groups.names, groups.wrong) == ("cluster", ("0", "1", "2", "3"), None)


def test_where_there_are_no_clusters_there_are_no_groups(make: Make) -> None:
    assert color_groups(make(), "cluster", 3) is None  # the last layer has no slot
    assert color_groups(make("relu"), "cluster", 1) is None


def test_predictions_say_where_they_are_wrong(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make()
    predicted = np.roll(record.graph["target"].values, 1)
    predicted[0] = record.graph["target"][0]
    monkeypatch.setattr(Record, "prediction", lambda self, epoch: xr.DataArray(predicted))
    groups = color_groups(record, "prediction", 1)
    assert groups is not None
    assert groups.kind == "prediction"
    assert groups.wrong is not None
    np.testing.assert_array_equal(groups.label, predicted)
    assert np.flatnonzero(~groups.wrong).tolist() == [0]


def test_predicted_numbers_are_in_the_fifths_of_the_targets(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make(dataset="chameleon-traffic")
    record.graph["target"][:] = np.arange(30)
    predicted = np.full(30, 7.0, dtype=np.float32)
    predicted[:2] = -5, 1000
    monkeypatch.setattr(Record, "prediction", lambda self, epoch: xr.DataArray(predicted))
    groups = color_groups(record, "prediction", 1)
    assert groups is not None
    assert groups.names == ("up to 5.8", "5.8 to 11.6", "11.6 to 17.4", "17.4 to 23.2", "above 23.2")
    assert groups.label.tolist() == [0, 4, *[1] * 28]
    assert (groups.kind, groups.wrong) == ("predicted number", None)


def test_classes_and_degrees_need_no_snapshot_and_the_others_do(make: Make) -> None:
    record = make(snapshots="none")
    classes, degrees = color_groups(record, "class", 1), color_groups(record, "degree", 1)
    assert classes is not None
    assert degrees is not None
    assert (classes.kind, degrees.names) == ("class", ("2",))
    for color in ("cluster", "prediction"):
        with pytest.raises(UsageError, match="snapshots kept: none"):
            color_groups(record, color, 1)  # type: ignore[arg-type]
