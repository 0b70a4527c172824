"""What a run will take, and that finding out leaves nothing behind."""

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cna_viz.config import DataConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.experiments.estimate import estimate
from cna_viz.experiments.run import load_or_run

Configure = Callable[..., RunConfig]


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.sampled
@pytest.mark.parametrize("slot", ["relu", "cna"])
@pytest.mark.parametrize("layers", [1, 4])
@pytest.mark.parametrize(
    ("epochs", "recording"),
    [
        (30, {}),
        (30, {"every": 1, "measures": "all"}),
        (120, {"every": 7, "snapshots": "none"}),
        (25, {"snapshots": "ends", "precision": "float32"}),
        (200, {"every": 1000, "snapshots": "ends"}),
        (3, {"every": 1}),
        (0, {}),
    ],
)
def test_the_bytes_of_a_run_are_nearly_those_estimated(
    configure: Configure, runs: Path, slot: str, layers: int, epochs: int, recording: dict[str, Any]
) -> None:
    config = configure(slot=slot, layers=layers, training={"epochs": epochs, "patience": 1000}, recording=recording)
    found = estimate(config)
    record = load_or_run(config, runs=runs, progress=False)
    # The best epoch may have a snapshot anyway, which nobody knows before.
    spared = found.snapshots - len(record.snapshots)
    assert found.bytes - spared * found.snapshot_bytes == pytest.approx(size(record.folder), rel=0.3)
    assert found.bytes > 0.9 * size(record.folder)
    assert found.epochs == record.summary["epochs"] == epochs
    assert found.parameters == record.summary["parameters"]
    measured = int(record.metrics[config.recording.measures[0]].sel(stage="conv", layer=1).notnull().sum())
    assert measured <= found.measured <= min(measured + 1, epochs + 1)
    assert len(record.snapshots) <= found.snapshots <= min(len(record.snapshots) + 1, epochs + 1)
    if record.snapshots:
        path = record.folder / "snapshots" / f"{record.snapshots[-1]:04d}.safetensors"
        assert found.snapshot_bytes == pytest.approx(path.stat().st_size, rel=0.3)
    else:
        assert found.snapshot_bytes == 0


def test_the_time_is_that_of_its_epochs(configure: Configure) -> None:
    found = estimate(configure(training={"epochs": 1000}, recording={"every": 10, "snapshots": "none"}))
    assert 0 < found.seconds_per_epoch <= found.seconds_per_measured_epoch
    plain, measured = 1001 - found.measured, found.measured
    wanted = plain * found.seconds_per_epoch + measured * found.seconds_per_measured_epoch
    assert found.seconds == pytest.approx(wanted)
    more = estimate(configure(training={"epochs": 1000}, recording={"every": 10, "snapshots": "log"}))
    assert more.seconds >= more.epochs * more.seconds_per_epoch


def test_nothing_is_kept_and_the_random_states_are_as_before(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    estimate(configure(dropout=0.5))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert np.array_equal(np.random.get_state()[1], states[2])
    assert list(tmp_path.iterdir()) == [tmp_path / "scratch"]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_run_that_diverges_at_once_has_an_estimate(configure: Configure) -> None:
    found = estimate(configure(slot="none", layers=6, training={"lr": 1e30, "epochs": 50}))
    assert found.epochs == 50
    assert found.bytes > 0
    assert found.seconds >= 0


def test_what_cannot_be_run_is_refused(configure: Configure) -> None:
    with pytest.raises(UsageError, match="clusters = 35 is out of range"):
        estimate(configure(clusters=35))
    config = configure().replace(data=DataConfig(dataset="karate", split="public"))
    with pytest.raises(UsageError, match="unknown split protocol 'public'"):
        estimate(config)


def test_a_split_the_dataset_lacks_is_refused_before_the_dataset_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cna_viz.experiments.train.load_graph", lambda *args: pytest.fail("it was loaded"))
    with pytest.raises(UsageError, match="unknown split protocol 'geom-gcn'"):
        estimate(RunConfig(data=DataConfig(dataset="ogbn-arxiv", split="geom-gcn")))
