"""Runs whose panels are drawn."""

from pathlib import Path

import pytest

from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Return a run of CNA with 60 nodes, 4 layers and 3 clusters per slot."""
    config = RunConfig(
        model=ModelConfig(slot="cna", layers=4, hidden=4, clusters=3),
        recording=RecordingConfig(every=1, measures="all", snapshots="ends"),
    )
    return synthetic_record(tmp_path, config)
