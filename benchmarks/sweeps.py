"""Sweeps against a loop in one process, and the table of many records."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cna_viz.analysis.tables.tables import accuracy_table
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.experiments.grid import Grid
from cna_viz.experiments.run import load_or_run_all
from cna_viz.experiments.sweep import sweep
from cna_viz.records.record import load_record
from cna_viz.records.synthetic import synthetic_record


def short_runs(count: int, epochs: int) -> list[RunConfig]:
    """Return runs of at most a few seconds on the handwritten digits."""
    fixed = {"layers": 4, "epochs": epochs, "patience": max(1, epochs), "snapshots": "none"}
    return Grid(fixed=fixed, axes={"slot": ["relu", "cna"], "seed": list(range(count // 2))}).configs()


def seconds_of(call: Callable[[Path], object]) -> float:
    """Return how long a call takes that writes to a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        call(Path(folder))
        return time.perf_counter() - start


def throughput(count: int = 64, epochs: int = 100) -> float:
    """Return the time of one worker by that of two, threads alike, the start of the server included in both."""
    configs = short_runs(count, epochs)
    seconds_of(lambda folder: sweep(configs[:2], runs=folder, progress=False))  # the server starts
    one, two = (
        seconds_of(lambda folder, workers=workers: sweep(configs, runs=folder, workers=workers, progress=False))  # type: ignore[misc]
        for workers in (1, 2)
    )
    return one / two


def overhead(count: int = 32, epochs: int = 20) -> float:
    """Return the seconds that a run takes longer in a sweep of one worker than in a loop in this process."""
    import torch

    configs = short_runs(count, epochs)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    load_or_run_all(configs[:2], runs=tempfile.mkdtemp(), progress=False)
    loop = seconds_of(lambda folder: load_or_run_all(configs, runs=folder, progress=False))
    torch.set_num_threads(threads)
    seconds_of(lambda folder: sweep(configs[:2], runs=folder, progress=False))
    swept = seconds_of(lambda folder: sweep(configs, runs=folder, workers=1, progress=False))
    return (swept - loop) / count


def table_of_records(count: int = 1000) -> float:
    """Return the seconds that the table of so many runs takes, from the files to the rows."""
    with tempfile.TemporaryDirectory() as folder:
        folders = []
        for seed in range(count):
            config = RunConfig(
                model=ModelConfig(layers=8),
                training=TrainingConfig(epochs=200),
                recording=RecordingConfig(snapshots="none"),
                seed=seed,
            )
            folders.append(synthetic_record(Path(folder), config).folder)
        start = time.perf_counter()
        accuracy_table([load_record(one) for one in folders])
        return time.perf_counter() - start
