"""Synthetic records of watched networks, for tests of what is shown of them."""

from pathlib import Path
from typing import Any

from cna_viz.config import RecordingConfig, RunConfig, WatchedConfig
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

STARTED = "2026-12-01T03:11:22.123Z"
LATER = "2026-12-01T03:15:02.456Z"
KINDS: dict[str, dict[str, Any]] = {
    "classes": {},
    "some unlabelled": {"unlabelled": 7, "is_directed": True, "is_weighted": True},
    "numbers": {"task": "node-regression", "unlabelled": 7},
    "graphs": {"task": "graph-classification"},
    "no labels": {"task": "none"},
}
"""What :func:`watched_record` is asked for, by the kind of labels."""


def watched_record(folder: Path, key: str = "k", *, seed: int = 0, snapshots: str = "ends", **more: Any) -> Record:
    """Write and open a record of a watched network; ``more`` are its facts, or arguments of ``synthetic_record``."""
    stated = {name: more.pop(name) for name in list(more) if name in WatchedConfig.model_fields}
    defaults = {"name": "mine", "model": "GCN", "dataset": "karate", "layers": 3, "program": "p", "started": STARTED}
    config = RunConfig.model_validate(
        {
            "watched": {**defaults, "key": key, **stated},
            "recording": RecordingConfig(every=1, measures=("all",), snapshots=snapshots),  # type: ignore[arg-type]
            "seed": seed,
        }
    )
    return synthetic_record(folder, config, **{"epochs": 3, "nodes": 30, **more})
