"""What the server that runs are forked from imports: after this import every run finds warm what it needs.

Loading compiled loops and libraries can take longer than a short run, and as they are lazy, imports alone don't do it:
a small run is trained and thrown away. It has no CNA: Numba's threads don't survive a fork, and its loops would then be
slow. And nothing is trained where torch can use GPUs, whose driver must not be touched before a process is forked.
"""

import gc
import tempfile
from contextlib import suppress
from pathlib import Path


def rehearse() -> None:
    """Import torch; train a run of one epoch on the handwritten digits and throw it away."""
    import torch

    from cna_viz.config import ModelConfig, RecordingConfig, RunConfig, TrainingConfig
    from cna_viz.experiments.worker import train_one

    if torch.version.cuda is not None:
        return
    config = RunConfig(
        model=ModelConfig(slot="relu", layers=2, hidden=4),
        training=TrainingConfig(epochs=1),
        recording=RecordingConfig(snapshots="ends"),
    )
    with tempfile.TemporaryDirectory() as folder:
        train_one(config, Path(folder), None, threads=1)


with suppress(Exception):  # out of memory: every run imports torch itself and reports why it can't
    rehearse()

# What is imported now stays: neither a run nor the end of the server need look through it for garbage.
gc.freeze()
