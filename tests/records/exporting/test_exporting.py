"""What is exported is read back and held against the record."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from cna_viz.config import ModelConfig, RunConfig, TrainingConfig, WatchedConfig
from cna_viz.config.measures import MEASURES
from cna_viz.errors import RecordError, UsageError
from cna_viz.records.dataset import to_xarray
from cna_viz.records.exporting import exporting
from cna_viz.records.exporting.exporting import export_records
from cna_viz.records.record import Record, load_record
from cna_viz.records.synthetic import synthetic_record
from cna_viz.records.writing.writer import RecordWriter
from tests.records.helpers import snapshot_of

Make = Callable[..., Record]
TABLES = ("runs", "metrics_epochs", "metrics_layers", "nodes", "edges")

# Older pandas reads the last digit of a number only if it is asked to, newer pandas always, and calls that deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The 'float_precision' argument")


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, float_precision="round_trip") if path.suffix == ".csv" else pd.read_parquet(path)


@pytest.fixture
def two(make: Make) -> list[Record]:
    return [make("cna", 3, 0), make("relu", 2, 1, status="diverged")]


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_tables_come_back(two: list[Record], tmp_path: Path, to: str) -> None:
    out = tmp_path / "new" / "out"
    exported = export_records(two, to, out)
    assert exported.files == [out / f"{name}.{to}" for name in TABLES]
    assert exported.notes == []
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in exported.files)
    epochs, layers, nodes, edges = (read(out / f"{name}.{to}") for name in TABLES[1:])
    assert list(epochs) == ["run", "epoch", "split", "loss", "accuracy", "macro_f1"]
    assert len(epochs) == 2 * 6 * 3
    for row in epochs.itertuples():
        metrics = next(record for record in two if record.id == row.run).metrics.sel(epoch=row.epoch, split=row.split)
        assert (row.loss, row.accuracy) == (float(metrics["loss"]), float(metrics["accuracy"]))
    measured = [name for name in MEASURES if name in layers]
    assert list(layers) == ["run", "epoch", "layer", "stage", *measured]
    for record in two:
        table = layers[layers["run"] == record.id].set_index(["epoch", "layer", "stage"])
        grid = record.metrics[measured].to_dataframe()[measured].dropna(how="all")
        assert len(table) == len(grid) > 0
        for place, values in grid.iterrows():
            np.testing.assert_array_equal(table.loc[place, measured].to_numpy(dtype=float), values.to_numpy())
    assert list(nodes) == ["run", "node", "target", "split", "degree"]
    assert list(edges) == ["run", "source", "destination"]
    for record in two:
        table = nodes[nodes["run"] == record.id]
        assert table["node"].tolist() == list(range(12))
        assert table["target"].tolist() == record.graph["target"].values.tolist()
        assert table["degree"].tolist() == record.graph["degree"].values.tolist()
        assert table["split"].tolist() == [
            ["none", "train", "val", "test"][number] for number in record.graph["split_of_node"].values
        ]
        pairs = edges.loc[edges["run"] == record.id, ["source", "destination"]].to_numpy()
        assert np.array_equal(pairs.T, record.graph["edge_index"].values)


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_the_table_of_runs(two: list[Record], tmp_path: Path, to: str) -> None:
    export_records(two, to, tmp_path)
    table = read(tmp_path / f"runs.{to}").set_index("run")
    assert table.index.tolist() == [record.id for record in two]
    for record in two:
        row = table.loc[record.id]
        assert (row["status"], row["slot"], row["layers"], row["seed"]) == (
            record.status,
            record.config.model.slot,
            record.layers,
            record.config.seed,
        )
        assert row["split_protocol"] == "random-60-20-20"
        assert row["measures"] == ",".join(record.config.recording.measures)
        assert (row["lr"], row["residual"]) == (record.config.training.lr, False)
        assert pd.isna(row["batch_size"])
        assert row["assignment"] == "kmeans" if record.config.model.slot == "cna" else pd.isna(row["assignment"])
        assert row["accuracy_test"] == record.summary["accuracy"]["test"]
        assert row["selected_by"] == "accuracy"
        assert row["metric"] in {"euclidean", "cosine"} or row["metric"] != row["metric"]  # that of k-means; none: NaN
        assert (row["best_epoch"], row["epochs"]) == (5, 5)


def test_whole_numbers_that_not_every_run_has_stay_whole(runs: Path, tmp_path: Path) -> None:
    configs = [RunConfig(training=TrainingConfig(batch_size=size)) for size in (None, 64)]
    for config in configs:
        with RecordWriter(runs / config.run_id, config, {}):
            pass
    given = [load_record(runs / config.run_id, incomplete=True) for config in configs]
    exported = export_records(given, "csv", tmp_path)
    assert [path.name for path in exported.files] == ["runs.csv", "metrics_epochs.csv", "metrics_layers.csv"]
    assert "64.0" not in (tmp_path / "runs.csv").read_text()
    assert (tmp_path / "metrics_layers.csv").read_text() == "run,epoch,layer,stage\n"
    for to in ("parquet", "netcdf"):
        for path in export_records(given, to, tmp_path / to).files:
            assert path.stat().st_size > 0


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_embeddings_are_a_table_per_snapshot(two: list[Record], tmp_path: Path, to: str) -> None:
    exported = export_records(two, to, tmp_path, snapshots=True)
    names = [f"embeddings_{record.id}_{epoch:04d}" for record in two for epoch in (0, 1, 5)]
    assert [path.stem for path in exported.files] == [*TABLES, *names]
    for record in two:
        table = read(tmp_path / f"embeddings_{record.id}_0005.{to}")
        assert list(table) == ["run", "epoch", "layer", "stage", "node", *(f"channel_{number}" for number in range(8))]
        assert set(table["run"]) == {record.id}
        assert set(table["epoch"]) == {5}
        assert len(table) == 12 * (2 * record.layers - 1)
        for (layer, stage), rows in table.groupby(["layer", "stage"]):
            wanted = record.embedding(int(layer), str(stage), 5).values
            assert rows["node"].tolist() == list(range(12))
            values = rows.filter(like="channel_").to_numpy(dtype=np.float32)
            assert np.array_equal(values[:, : wanted.shape[1]], wanted)
            assert np.isnan(values[:, wanted.shape[1] :]).all()


def test_netcdf_comes_back(two: list[Record], tmp_path: Path) -> None:
    exported = export_records(two, "netcdf", tmp_path, snapshots=True)
    names = [f"{record.id}{end}.nc" for record in two for end in ("", "_0000", "_0001", "_0005")]
    assert [path.name for path in exported.files] == names
    for record in two:
        whole = to_xarray(record, snapshots=True)
        for name in names:
            if not name.startswith(record.id):
                continue
            again = xr.load_dataset(tmp_path / name, engine="scipy")
            assert set(again.data_vars) <= set(whole.data_vars)
            for variable in again.data_vars:
                wanted = whole[variable]
                if "snapshot" in wanted.dims:
                    wanted = wanted.sel(snapshot=again["snapshot"].values)
                assert again[variable].dims == wanted.dims
                assert np.array_equal(again[variable], wanted, equal_nan=True), variable
            assert again["stage"].values.tolist() == ["conv", "slot"]
            assert again.attrs["config"] == record.config.to_json()
            assert (again.attrs["status"], again.attrs["run"]) == (record.status, record.id)
    together = [set(xr.load_dataset(path, engine="scipy").data_vars) for path in exported.files[:4]]
    assert set.union(*together) == set(to_xarray(two[0], snapshots=True).data_vars)


def test_what_netcdf_cannot_hold_is_said_once(two: list[Record], tmp_path: Path) -> None:
    (note,) = {note for note in export_records(two, "netcdf", tmp_path).notes if "edge_index" in note}
    assert note == "netCDF 3: int64 becomes int32 in degree, edge_index, epoch, layer, target"


def test_numbers_too_large_for_netcdf(tmp_path: Path) -> None:
    values = {"half": ("x", np.array([1.5, np.nan], dtype=np.float16)), "long": ("x", np.array([2**40 + 1, -1]))}
    dataset = xr.Dataset(
        {**values, "empty": (("y", "z"), np.zeros((2, 0)))}, attrs={"seed": 2**62, "small": 3, "no": "", "nan": np.nan}
    )
    notes = exporting.write_netcdf(dataset, tmp_path / "x.nc")
    assert notes == [
        "netCDF 3: left out because empty: empty",
        "netCDF 3: float16 becomes float32 in half",
        "netCDF 3: int64 becomes float64 in long",
    ]
    again = xr.load_dataset(tmp_path / "x.nc", engine="scipy")
    assert (again["half"].dtype, again["long"].dtype) == (np.float32, np.float64)
    assert again["long"].values.tolist() == [2**40 + 1, -1]
    assert (again.attrs["seed"], again.attrs["small"]) == (str(2**62), 3)
    assert dataset["half"].dtype == np.float16


def test_variable_too_large_for_netcdf(two: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "LARGEST", 1000)
    with pytest.raises(
        UsageError, match=r"embedding takes 1,536 bytes and netCDF 3 holds at most 1,000; use --to parq"
    ):
        export_records(two[1:], "netcdf", tmp_path, snapshots=True, force=True)
    assert not list(tmp_path.glob("*_0000.nc"))


def test_files_that_are_there_are_not_replaced_unless_told(two: list[Record], tmp_path: Path) -> None:
    (tmp_path / "nodes.csv").write_text("mine")
    with pytest.raises(UsageError, match=r"nodes\.csv exists already and is not replaced without --force"):
        export_records(two, "csv", tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["nodes.csv"]
    assert (tmp_path / "nodes.csv").read_text() == "mine"
    export_records(two, "csv", tmp_path, force=True)
    assert (tmp_path / "nodes.csv").read_text().startswith("run,node,")


def test_unknown_format(two: list[Record], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown format 'cvs'; choices, nearest first: csv, "):
        export_records(two, "cvs", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_pyarrow(two: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError) as caught:
        export_records(two, "parquet", tmp_path / "out")
    assert str(caught.value) == "parquet needs pyarrow, which is not installed: pip install 'cna-viz[export]'"
    assert not (tmp_path / "out").exists()
    assert export_records(two, "csv", tmp_path / "out").files


@pytest.mark.parametrize("to", exporting.FORMATS)
def test_damaged_record_leaves_no_half_file(two: list[Record], tmp_path: Path, to: str) -> None:
    path = two[0].folder / "snapshots" / "0001.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    out = tmp_path / "out"
    with pytest.raises(RecordError, match=r"0001\.safetensors"):
        export_records(two, to, out, snapshots=True)
    names = [path.name for path in out.iterdir()]
    assert not [name for name in names if name.startswith(".") or "_0001" in name]


def test_runs_of_one_layer(runs: Path, tmp_path: Path) -> None:
    config = RunConfig(model=ModelConfig(layers=1))
    with RecordWriter(runs / config.run_id, config, {}) as writer:
        writer.snapshot(0, snapshot_of(1, 3))
    record = load_record(runs / config.run_id, incomplete=True)
    for to in ("csv", "parquet"):
        files = export_records([record], to, tmp_path, snapshots=True).files
        assert files[-1].name == f"embeddings_{record.id}_0000.{to}"


@pytest.mark.parametrize(
    "name",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=cmd()", " \t=1+1", "\xa0\u200b-1", "\x1b=1", "＝1", "\nname"),
        *("plain - name", " plain=1"),
    ],
)
def test_no_text_is_a_formula_for_a_spreadsheet(runs: Path, tmp_path: Path, name: str) -> None:
    watched = WatchedConfig(name=name, model="=HYPERLINK(A1)", dataset=name, layers=2, key="key")
    record = synthetic_record(runs, RunConfig(watched=watched))
    export_records([record], "csv", tmp_path)
    row = read(tmp_path / "runs.csv").iloc[0]
    safe = name if name.lstrip().startswith("plain") else f"'{name}"
    assert (row["slot"], row["dataset"], row["backbone"]) == (safe, safe, "'=HYPERLINK(A1)")
    assert row["layers"] == 2
    losses = read(tmp_path / "metrics_epochs.csv")["loss"]
    assert losses.dtype == float
