"""Train many runs in parallel: existing ones are skipped, killed ones retried, failures reported at the end."""

import os
import time
from collections import deque
from collections.abc import Hashable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cna_viz import errors
from cna_viz.config import DataConfig, RunConfig
from cna_viz.data import catalog
from cna_viz.errors import CnaVizError, DataError, UsageError
from cna_viz.experiments.on_dask import DaskTasks
from cna_viz.experiments.processes import Processes
from cna_viz.experiments.tasks import TaskResult, check_all, cost, data_key, train_one
from cna_viz.experiments.trained import missing_of
from cna_viz.progress import bar
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.writing.lock import is_free

if TYPE_CHECKING:
    from cna_viz.data.graph import Graph

WORKERS_VARIABLE: Final = "CNA_VIZ_WORKERS"
"""Environment variable: number of runs that a sweep trains at the same time by default."""
TRIES: Final = 3
"""Number of times that a run is started whose process dies."""
PATIENCE: Final = 0.2
"""Seconds between two looks at runs that another sweep trains."""


@dataclass
class Sweep:
    """The result of a sweep.

    Attributes:
        trained: Ids of the runs that it trained.
        skipped: Ids of the runs that existed, or that another sweep trained meanwhile.
        failed: Why runs failed, by id.
        seconds: Duration.
    """

    trained: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def sweep(
    configs: Sequence[RunConfig],
    *,
    runs: Path | str = "runs",
    data: Path | str | None = None,
    workers: int | None = None,
    threads: int = 1,
    scheduler: str | None = None,
    progress: bool = True,
    shown: Any = None,
) -> Sweep:
    """Train all ``configs`` that have no record yet, each in a separate process.

    Several sweeps can share a folder: no config is trained twice. Start an interrupted sweep again to continue it. In a
    script, call it below ``if __name__ == "__main__":``, as everything that starts processes.

    Args:
        configs: The runs.
        runs: Folder of the records.
        data: Data root; the environment variable CNA_VIZ_DATA or the user's cache folder when left out.
        workers: Runs at the same time; when left out the environment variable CNA_VIZ_WORKERS, else the number of cores
            divided by ``threads``.
        threads: Threads of a run. With one, records are equal to the bit whatever the number of workers, and cores are
            used best.
        scheduler: Run on a cluster of dask.distributed instead: the address of its scheduler, or ``local`` for one on
            this machine. Its workers must see the same folders.
        progress: Show a bar on stderr.
        shown: Move this bar instead, by layer-epochs.

    Returns:
        The runs that were trained, skipped and failed; a failed run stops no other.

    Raises:
        UsageError: When a number is out of range, a dataset has no such split or fewer nodes than clusters.
        DataError: When a dataset can't be found, downloaded or read, or a record is of other content than it has.
    """
    workers = checked_workers(workers, threads)
    for config in configs:
        catalog.check(config.data)
    start, found = time.monotonic(), Sweep()
    runs, data = Path(runs), None if data is None else Path(data)
    distinct = {config.run_id: config for config in configs}
    missing = missing_of(list(distinct.values()), runs, data)
    found.skipped = [name for name in distinct if name not in {config.run_id for config in missing}]
    if missing:
        tasks = Processes(workers) if scheduler is None else DaskTasks(scheduler, workers)
        _Queue(missing, runs, data, threads, found).work(tasks, progress, shown)
    found.seconds = time.monotonic() - start
    return found


def sweep_possible(
    configs: Sequence[RunConfig],
    *,
    runs: Path | str = "runs",
    data: Path | str | None = None,
    workers: int | None = None,
) -> Sweep:
    """Train runs without a record; runs whose graph or split is impossible fail with the reason instead of an error.

    :func:`sweep` refuses to start where a graph is missing, a dataset has no such split or fewer nodes than clusters.
    Arguments as there.

    Raises:
        UsageError: When ``workers`` is out of range.
    """
    from cna_viz.experiments.train import prepare  # torch takes seconds to import

    refused: dict[str, str] = {}
    missing = missing_of(configs, Path(runs), None if data is None else Path(data), refused)
    graphs: dict[DataConfig, Graph] = {}
    reasons: dict[Hashable, str] = {}
    for key, config in {data_key(config): config for config in missing}.items():
        try:
            prepare(config, None if data is None else Path(data), graphs)
        except (DataError, UsageError) as error:
            reasons[key] = str(error)
    refused |= {config.run_id: reasons[data_key(config)] for config in missing if data_key(config) in reasons}
    found = sweep([config for config in configs if config.run_id not in refused], runs=runs, data=data, workers=workers)
    found.failed |= refused
    return found


def checked_workers(workers: int | None, threads: int) -> int:
    """Return the number of runs at the same time, the default if None; refuse numbers below 1."""
    workers = default_workers(threads) if workers is None else workers
    for name, value in (("workers", workers), ("threads", threads)):
        if value < 1:
            raise UsageError(f"{name} = {value} is out of range: it must be at least 1")
    return workers


def default_workers(threads: int) -> int:
    """Return the number of runs at the same time: CNA_VIZ_WORKERS, checked, else cores divided by ``threads``."""
    given = os.environ.get(WORKERS_VARIABLE)
    if given is None:
        return max(1, (os.cpu_count() or 1) // max(1, threads))
    if not given.isdecimal() or int(given) < 1:
        raise UsageError(f"{WORKERS_VARIABLE} = {given!r} is no number of workers: set it to a whole number from 1 on")
    return int(given)


def check(configs: Sequence[RunConfig], tasks: Processes | DaskTasks, data: Path | None, threads: int) -> None:
    """Load all graphs and make all splits in a task; errors as in :func:`sweep`."""
    tasks.start(None, check_all, list({data_key(config): config for config in configs}.values()), data, threads)
    ((_, result),) = tasks.finished()
    if result is None:
        raise DataError("the process that loads the graphs was killed; is there enough memory?")
    if result.status == "failed":
        raise getattr(errors, result.kind, CnaVizError)(result.message)


class _Queue:
    """The runs that are still to be trained."""

    def __init__(self, configs: Sequence[RunConfig], runs: Path, data: Path | None, threads: int, found: Sweep) -> None:
        self.configs, self.found = list(configs), found
        self.runs, self.data, self.threads = runs, data, threads
        # The longest first, so that no long one is alone at the end.
        self.waiting = deque(sorted(configs, key=cost, reverse=True))
        self.tries = dict.fromkeys((config.run_id for config in configs), 0)
        self.busy: list[RunConfig] = []

    def work(self, tasks: Processes | DaskTasks, progress: bool, given: Any = None) -> None:
        """Train them all and move a bar, the given one if any."""
        total = sum(map(cost, self.configs))
        own = bar(total, "sweep", unit=" layer-epochs", disable=not progress) if given is None else nullcontext(given)
        with tasks, own as shown:
            check(self.configs, tasks, self.data, self.threads)
            while self.waiting or self.busy or len(tasks):
                while self.waiting and not tasks.full:
                    config = self.waiting.popleft()
                    self.tries[config.run_id] += 1
                    tasks.start(config, train_one, config, self.runs, self.data, self.threads)
                for config, result in tasks.finished() if len(tasks) else []:
                    if self._is_over(config, result):
                        shown.update(cost(config))
                counts = {"done": len(self.found.trained), "running": len(tasks), "failed": len(self.found.failed)}
                shown.set_postfix(counts, refresh=False)
                if self.busy:
                    self._check_busy(shown, waiting=not len(tasks) and not self.waiting)

    def _is_over(self, config: RunConfig, result: TaskResult | None) -> bool:
        """Register the result of a run; return whether it is over."""
        name = config.run_id
        if result is None and self.tries[name] < TRIES:
            self.waiting.append(config)
            return False
        if result is None:
            self.found.failed[name] = f"its process was killed {TRIES} times; is there enough memory?"
        elif result.status == "busy":
            self.tries[name] -= 1
            self.busy.append(config)
            return False
        elif result.status == "failed":
            self.found.failed[name] = result.message
        else:
            self.found.trained.append(name)
        return True

    def _check_busy(self, shown: Any, *, waiting: bool) -> None:
        """Drop runs that another sweep has finished; take over those that it has abandoned."""
        if waiting:
            time.sleep(PATIENCE)
        done = [config for config in self.busy if is_complete(self.runs / config.run_id)]
        for config in done:
            self.found.skipped.append(config.run_id)
            shown.update(cost(config))
        left = [config for config in self.busy if config not in done]
        free = [config for config in left if waiting and is_free(self.runs / config.run_id)]
        self.busy = [config for config in left if config not in free]
        self.waiting.extend(free)
