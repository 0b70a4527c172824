"""Train configs once; afterwards load their records."""

from collections.abc import Sequence
from pathlib import Path

from cna_viz.config import RunConfig
from cna_viz.data import catalog
from cna_viz.errors import CnaVizError
from cna_viz.experiments.sweep import sweep
from cna_viz.experiments.trained import missing_of
from cna_viz.records.record import Record, load_run


def load_or_run(
    config: RunConfig, *, runs: Path | str = "runs", data: Path | str | None = None, progress: bool = True
) -> Record:
    """Return the record of ``config``, training it first where there is none.

    Two callers of the same config train it once: the second waits for the first. An interrupted attempt is kept beside
    the new one until that is finished.

    Args:
        config: The run.
        runs: Folder of the records.
        data: Data root; the environment variable CNA_VIZ_DATA or the user's cache folder when left out.
        progress: Show a bar on stderr.

    Raises:
        UsageError: When the dataset has no such split, or has fewer nodes than ``clusters``.
        DataError: When the dataset can't be found, downloaded or read, or its content is not that of the record.
        RecordError: When there is a record but it was truncated or altered.
    """
    return load_or_run_all([config], runs=runs, data=data, progress=progress)[0]


def load_or_run_all(
    configs: Sequence[RunConfig], *, runs: Path | str = "runs", data: Path | str | None = None, progress: bool = True
) -> list[Record]:
    """Return the records of all ``configs`` in their order, training what is missing.

    Arguments and errors as in :func:`load_or_run`. The bar counts layer-epochs, so that its estimate holds for runs of
    different depths.
    """
    for config in configs:
        catalog.check(config.data)
    runs, data = Path(runs), None if data is None else Path(data)
    missing = missing_of(configs, runs, data)
    if missing:
        # torch takes seconds to import and is not needed to load what exists.
        from cna_viz.experiments.train import train_missing

        train_missing(missing, runs, data, progress=progress)
    return [load_run(config, runs) for config in configs]


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

    Arguments, and errors before the training, as in :func:`~cna_viz.experiments.sweep.sweep`.

    Raises:
        CnaVizError: When runs failed, naming the first of them and why; the others are kept.
        RecordError: When a record was truncated or altered.
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
    return [load_run(config, runs) for config in configs]
