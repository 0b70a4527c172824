"""Imported by the server that runs are forked from, so that every run starts with warm libraries.

Loading compiled loops and libraries can take longer than a short run, and imports alone don't load lazy parts: a small
run is trained and thrown away. It has no CNA, because Numba's threads don't survive a fork. Nothing is trained where
torch can use GPUs, whose driver must not be touched before a process is forked.
"""

import gc
import tempfile
from contextlib import suppress
from pathlib import Path


def rehearse() -> None:
    """Train a run of one epoch on the handwritten digits and throw it away."""
    import torch

    from cna_viz.config import ModelConfig, RecordingConfig, RunConfig, TrainingConfig
    from cna_viz.experiments.tasks import train_one

    if torch.version.cuda is not None:
        return
    model, recording = ModelConfig(slot="relu", layers=2, hidden=4), RecordingConfig(snapshots="ends")
    with tempfile.TemporaryDirectory() as folder:
        config = RunConfig(model=model, training=TrainingConfig(epochs=1), recording=recording)
        train_one(config, Path(folder), None, threads=1)


with suppress(Exception):  # out of memory: every run imports torch itself and reports why it can't
    rehearse()

# Imported modules stay: neither a run nor the end of the server needs to search them for garbage.
gc.freeze()
