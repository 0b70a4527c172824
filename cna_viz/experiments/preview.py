"""What a sweep will take: of every kind of run that is missing a few epochs are tried."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cna_viz.config import RunConfig
from cna_viz.experiments.estimate import estimate
from cna_viz.experiments.sweep import default_workers
from cna_viz.progress import bar
from cna_viz.records.reading.integrity import is_complete

START: Final = 0.3
"""Seconds that a process takes to start, to load its graph and to end, at most."""


@dataclass(frozen=True)
class Preview:
    """What a sweep will take at most: trainings may stop earlier.

    Attributes:
        runs: Number of runs.
        missing: Those that have no record yet.
        workers: Runs at the same time.
        seconds: Of the sweep.
        bytes: Of its records on disk.
    """

    runs: int
    missing: int
    workers: int
    seconds: float
    bytes: int


def preview(
    configs: Sequence[RunConfig],
    runs: Path,
    data: Path | None,
    workers: int | None,
    threads: int,
    *,
    progress: bool = True,
) -> Preview:
    """Try one run of every kind, seeds apart; arguments and errors as in :func:`~cna_viz.experiments.sweep.sweep`."""
    missing = [config for config in configs if not is_complete(runs / config.run_id)]
    kinds = Counter(config.replace(seed=0) for config in missing)
    seconds, size, workers = 0.0, 0, workers or default_workers(threads)
    with bar(len(kinds), "trying", unit=" runs", disable=not progress) as shown:
        for config, count in kinds.items():
            found = estimate(config, data)
            seconds, size = seconds + count * (found.seconds + START), size + count * found.bytes
            shown.update()
    return Preview(len(configs), len(missing), workers, seconds / workers, size)
