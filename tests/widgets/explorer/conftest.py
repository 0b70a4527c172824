"""Folders of small runs, and no widget left behind."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import ipywidgets
import pytest

from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Make = Callable[..., Record]


@pytest.fixture(autouse=True)
def closed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CNA_VIZ_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    yield
    ipywidgets.Widget.close_all()


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return ``make(slot, layers, seed)``, which writes a run into the folder ``runs`` and opens it."""

    def make(
        slot: str = "cna",
        layers: int = 4,
        seed: int = 0,
        *,
        snapshots: Literal["log", "ends", "none"] = "log",
        measures: str = "all",
        **more: Any,
    ) -> Record:
        model = ModelConfig(slot=slot, layers=layers, hidden=4)
        config = RunConfig(
            model=model.replace(clusters=3) if model.uses_clusters else model,
            recording=RecordingConfig(every=1, measures=measures, snapshots=snapshots),
            seed=seed,
        )
        return synthetic_record(tmp_path / "runs", config, **more)

    return make
