"""Records as tables: every number is that of the record."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from cna_viz.analysis.tables.tables import accuracy_table, depth_table, layer_table, mean_table
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.config.measures import MEASURES
from cna_viz.records.record import Record
from cna_viz.records.schema import SELECTED_FILE
from cna_viz.records.synthetic import synthetic_record

Make = Callable[..., Record]


def test_one_row_per_run_in_the_order_of_the_records(make: Make) -> None:
    records = [make(slot, layers, seed) for slot, layers, seed in product(("relu", "cna"), (2, 4), (0, 1, 2))]
    table = accuracy_table(records)
    assert list(zip(table["slot"], table["layers"], table["seed"], strict=True)) == list(
        product(("relu", "cna"), (2, 4), (0, 1, 2))
    )
    for part in ("train", "val", "test"):
        assert table[part].tolist() == [record.summary["accuracy"][part] for record in records]
    assert table["run"].tolist() == [record.id for record in records]
    assert set(table["dataset"]) == {"digits"}
    assert set(table["split"]) == {"random-60-20-20"}
    assert set(table["backbone"]) == {"gcn"}
    assert set(table["status"]) == {"complete"}
    assert set(table["best_epoch"]) == {5}


@pytest.mark.parametrize("accuracy", [{}, {"train": None, "val": None, "test": None}])
def test_a_diverged_run_without_accuracy_is_a_row_of_nan(make: Make, accuracy: dict[str, None]) -> None:
    table = accuracy_table([make("none", status="diverged", accuracy=accuracy), make("cna", accuracy=0.5)])
    assert table["status"].tolist() == ["diverged", "complete"]
    assert table["test"].isna().tolist() == [True, False]
    assert table["test"].mean() == 0.5


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(("stage", "last"), [("conv", 4), ("slot", 3)])
def test_one_row_per_run_and_layer_with_the_measure_of_the_selected_model(
    make: Make, measure: str, stage: str, last: int
) -> None:
    records = [make(slot, seed=seed, best_epoch=seed + 1) for slot, seed in product(("relu", "cna"), (0, 1))]
    table = layer_table(records, measure, stage)
    assert len(table) == len(records) * last
    for record in records:
        rows = table[(table["slot"] == record.config.model.slot) & (table["seed"] == record.config.seed)]
        assert rows["layer"].tolist() == list(range(1, last + 1))
        assert set(rows["layers"]) == {4}
        measured = record.metrics[measure].sel(stage=stage, epoch=record.best_epoch).values
        assert rows["value"].tolist() == measured[:last].tolist()


def test_records_of_several_depths_stand_in_one_table(make: Make) -> None:
    table = layer_table([make(layers=2), make(layers=3)], "rayleigh", "conv")
    assert list(zip(table["layers"], table["layer"], strict=True)) == [(2, 1), (2, 2), (3, 1), (3, 2), (3, 3)]


def test_the_selected_model_is_measured_even_where_its_epoch_was_not_due(tmp_path: Path) -> None:
    config = RunConfig(
        model=ModelConfig(layers=3, hidden=4), recording=RecordingConfig(every=4, measures="all", snapshots="none")
    )
    record = synthetic_record(tmp_path, config, epochs=6)
    written = json.loads((record.folder / SELECTED_FILE).read_text())
    assert written["epoch"] == record.best_epoch == 6
    for measure in MEASURES:
        table = layer_table([record], measure, "conv")
        assert table["value"].tolist() == written["layers"][measure]["conv"]


def test_a_record_of_the_untrained_network_alone(make: Make) -> None:
    record = make(epochs=0)
    assert layer_table([record], "rayleigh", "conv")["value"].tolist() == (
        record.metrics["rayleigh"].sel(epoch=0, stage="conv").values.tolist()
    )


def test_layers_without_a_number_have_a_row_that_says_so(make: Make) -> None:
    record = make()
    record.metrics["mad"].loc[{"epoch": 5, "stage": "conv", "layer": 3}] = np.nan
    table = layer_table([record], "mad", "conv")
    assert table["layer"].tolist() == [1, 2, 3, 4]
    assert table["value"].isna().tolist() == [False, False, True, False]


def test_a_record_without_the_measure_hides_no_other(make: Make) -> None:
    without = make("none", measures="mad,rayleigh")
    table = layer_table([without, make("cna")], "gradient_norm", "conv")
    assert table.groupby("slot")["value"].count().to_dict() == {"cna": 4, "none": 0}


def test_a_record_without_epochs_adds_no_rows(make: Make) -> None:
    diverged = make("none", status="diverged", accuracy={}, best_epoch=0)
    vars(diverged)["metrics"] = diverged.metrics.isel(epoch=slice(0))
    assert set(layer_table([diverged, make("cna")], "rayleigh", "conv")["slot"]) == {"cna"}


def test_means_by_depth_are_in_per_cent(make: Make) -> None:
    scores = {("relu", 4): (0.5, 0.6), ("relu", 2): (0.8, 0.9), ("cna", 2): (0.7, 0.7), ("cna", 4): (0.1, 0.2)}
    records = [
        make(slot, layers=layers, seed=seed, accuracy=value)
        for (slot, layers), values in scores.items()
        for seed, value in enumerate(values)
    ]
    table = depth_table(records)
    assert table.columns.name == "mean test accuracy (%)"
    assert table.to_dict() == {"relu": {2: 85.0, 4: 55.0}, "cna": {2: 70.0, 4: 15.0}}


def test_a_mean_of_runs_of_which_one_diverged_is_none(make: Make) -> None:
    records = [make("relu", seed=0, accuracy=0.9), make("relu", seed=1, accuracy={}, status="diverged")]
    records += [make("cna", accuracy=0.5), make("n", accuracy={}, status="diverged")]
    means = mean_table(records, "backbone", "slot")
    assert list(means.columns) == ["relu", "cna", "n"]
    assert means.loc["gcn"].isna().tolist() == [True, False, True]
