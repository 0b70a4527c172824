"""Synthetic records, and ways to damage them."""

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import ModelConfig, RunConfig
from cna_viz.records.record import Record, load_record
from cna_viz.records.synthetic import synthetic_record
from tests.records.helpers import manifest_lines, write_manifest

Make = Callable[..., Record]
Reseal = Callable[[Path], None]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return the folder of the records; it does not exist yet."""
    return tmp_path / "runs"


@pytest.fixture(scope="package")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Record]:
    """Return what writes each synthetic record once: every file of one is forced to disk, which takes its time."""
    folder = tmp_path_factory.mktemp("originals")

    @cache
    def original(slot: str, layers: int, seed: int, **options: Any) -> Record:
        model = ModelConfig(slot=slot, layers=layers, hidden=8, clusters=4)
        number = len(list(folder.iterdir()))
        return synthetic_record(folder / str(number), RunConfig(model=model, seed=seed), nodes=12, **options)

    return original


@pytest.fixture
def make(runs: Path, originals: Callable[..., Record]) -> Make:
    """Return ``make(slot, layers, seed, ...)``, which lays a synthetic record of the test's own into ``runs``."""

    def make(slot: str = "cna", layers: int = 3, seed: int = 0, **options: Any) -> Record:
        original = originals(slot, layers, seed, **options)
        shutil.copytree(original.folder, runs / original.id)
        return load_record(runs / original.id)

    return make


@pytest.fixture
def reseal() -> Reseal:
    """Return ``reseal(folder)``: give a changed record a manifest and a mark that fit, as a foreign program might."""

    def reseal(folder: Path) -> None:
        write_manifest(folder, [json.dumps(line) for line in manifest_lines(folder)])

    return reseal
