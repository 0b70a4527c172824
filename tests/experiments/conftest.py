"""Small runs on the karate club, and callbacks that interrupt them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.experiments import train

Configure = Callable[..., RunConfig]
Interrupt = Callable[[pytest.MonkeyPatch, BaseException], None]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return the folder of the records; it does not exist yet."""
    return tmp_path / "runs"


@pytest.fixture
def configure() -> Configure:
    """Return ``configure(...)``: a run of six epochs on the karate club, with changes by part."""

    def configure(seed: int = 0, training: Any = None, recording: Any = None, **model: Any) -> RunConfig:
        network = ModelConfig(**{"slot": "cna", "layers": 3, "hidden": 8, "recluster_every": 2, **model})
        if network.uses_clusters and "clusters" not in model:
            network = network.replace(clusters=4)
        return RunConfig(
            data=DataConfig(dataset="karate"),
            model=network,
            training=TrainingConfig(**{"epochs": 6, **(training or {})}),
            recording=RecordingConfig(**(recording or {})),
            seed=seed,
        )

    return configure


@pytest.fixture
def interrupt() -> Interrupt:
    """Return ``interrupt(patch, error)``: every training raises ``error`` after its second epoch."""

    def interrupt(patch: pytest.MonkeyPatch, error: BaseException) -> None:
        class Failing(train.EpochBar):
            def on_epoch(self, epoch: int, *args: Any, **kwargs: Any) -> None:
                if epoch == 2:
                    raise error

        patch.setattr(train, "EpochBar", Failing)

    return interrupt


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a training fail the test."""
    monkeypatch.setattr(train, "train", lambda *args: pytest.fail("a training was started"))
