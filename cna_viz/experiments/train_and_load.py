"""Train many runs in parallel and open their records: what notebooks need of a sweep."""

from collections.abc import Sequence
from pathlib import Path

from cna_viz.config import RunConfig
from cna_viz.errors import CnaVizError
from cna_viz.experiments.sweep import sweep
from cna_viz.records.record import Record, load_record


def train_and_load(
    configs: Sequence[RunConfig],
    *,
    runs: Path | str = "runs",
    data: Path | str | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> list[Record]:
    """Return the records of all ``configs`` in their order, training in parallel what is missing.

    Every run has a process and one thread, so that records are equal to the bit whatever the number of workers.
    :func:`~cna_viz.load_or_run_all` trains one after the other in this process.

    Args:
        configs: The runs.
        runs: Folder of the records.
        data: Data root; the environment variable CNA_VIZ_DATA or the user's cache folder when left out.
        workers: Runs at the same time; as many as there are cores when left out.
        progress: Show a bar on stderr.

    Raises:
        CnaVizError: When runs failed, naming the first of them and why; the others are kept.
        UsageError: When a number is out of range, a dataset has no such split or fewer nodes than clusters.
        DataError: When a dataset can't be had.
        RecordError: When there is a record but it was truncated or altered.
    """
    found = sweep(configs, runs=runs, data=data, workers=workers, progress=progress)
    if found.failed:
        name, why = next(iter(found.failed.items()))
        failed = next(config for config in configs if config.run_id == name)
        facts = ", ".join(f"{key} {value}" for key, value in failed.facts.items())
        raise CnaVizError(
            f"{len(found.failed)} of {len(configs)} runs failed, the first of them {name} ({facts}): {why}; the others "
            f"are kept in {runs}"
        )
    return [load_record(Path(runs) / config.run_id) for config in configs]
