"""Synthetic records with the numbers a test wants."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.records.record import Record, load_record
from cna_viz.records.synthetic import synthetic_record

Make = Callable[..., Record]


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return ``make(slot, layers, seed, **more)``: a synthetic record, written once and opened anew at each call."""
    written: dict[str, Path] = {}

    def make(
        slot: str = "relu", layers: int = 4, seed: int = 0, every: int = 20, measures: str = "all", **more: Any
    ) -> Record:
        if isinstance(more.get("accuracy"), float):
            more["accuracy"] = dict.fromkeys(("train", "val", "test"), more["accuracy"])
        model = ModelConfig(slot=slot, layers=layers, hidden=4, recluster_every=every)
        config = RunConfig(
            model=model.replace(clusters=3) if model.uses_clusters else model,
            recording=RecordingConfig(every=1, measures=measures, snapshots="none"),
            seed=seed,
        )
        key = f"{config.run_id} {sorted(more.items())}"
        if key not in written:
            written[key] = synthetic_record(tmp_path_factory.mktemp("runs"), config, **more).folder
        return load_record(written[key])

    return make
