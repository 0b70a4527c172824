"""Train many runs in parallel; what exists is skipped, what dies is tried again, what fails is reported at the end."""

import os
import time
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from cna_viz import errors
from cna_viz.config import RunConfig
from cna_viz.data import catalog
from cna_viz.errors import CnaVizError, DataError, UsageError
from cna_viz.experiments.answer import Answer
from cna_viz.experiments.demands import demands
from cna_viz.experiments.on_dask import DaskTasks
from cna_viz.experiments.processes import Processes
from cna_viz.experiments.work import work
from cna_viz.progress import bar
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.writing.lock import is_free

WORKERS_VARIABLE: Final = "CNA_VIZ_WORKERS"
"""Environment variable: how many runs a sweep trains at the same time, where nothing else says so."""

TRIES: Final = 3
"""How often a run is started whose process dies."""
PATIENCE: Final = 0.2
"""Seconds until it is looked again whether another sweep has finished a run."""


@dataclass
class Sweep:
    """What a sweep did.

    Attributes:
        trained: Ids of the runs that it trained.
        skipped: Ids of those that there were already, or that another sweep trained meanwhile.
        failed: Why runs failed, by id.
        seconds: How long it took.
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
    """Train all ``configs`` that have no record yet, each in a process of its own.

    Several sweeps can share a folder: no config is trained twice. A sweep that was interrupted goes on when it is
    started again. In a script of your own call it below ``if __name__ == "__main__":``, as everything that starts
    tasks.

    Args:
        configs: The runs.
        runs: Folder of the records.
        data: Data root; the environment variable CNA_VIZ_DATA or the user's cache folder when left out.
        workers: Runs at the same time; what the environment variable CNA_VIZ_WORKERS says, else as many
            as there are cores, divided by ``threads``, when left out.
        threads: Threads of a run. With one, records are equal to the bit whatever the number of workers, and cores are
            used best.
        scheduler: Run on a cluster of dask.distributed instead: the address of its scheduler, or ``local`` for one on
            this machine. Its workers must see the same folders.
        progress: Show a bar on stderr.
        shown: Move this bar instead, by the layer-epochs that :func:`~cna_viz.experiments.work.work` says.

    Returns:
        What was trained, skipped and failed; a run that failed hinders no other.

    Raises:
        UsageError: When a number is out of range, a dataset has no such split or fewer nodes than clusters.
        DataError: When a dataset can't be had.
    """
    workers = default_workers(threads) if workers is None else workers
    for name, value in (("workers", workers), ("threads", threads)):
        if value < 1:
            raise UsageError(f"{name} = {value} is out of range: it must be at least 1")
    for config in configs:
        catalog.check(config.data)
    start, found = time.monotonic(), Sweep()
    runs, data = Path(runs), None if data is None else Path(data)
    distinct = {config.run_id: config for config in configs}
    missing = [config for name, config in distinct.items() if not is_complete(runs / name)]
    found.skipped = [name for name in distinct if is_complete(runs / name)]
    if missing:
        tasks = Processes(workers) if scheduler is None else DaskTasks(scheduler, workers)
        _Queue(missing, runs, data, threads, found).work(tasks, progress, shown)
    found.seconds = time.monotonic() - start
    return found


def default_workers(threads: int) -> int:
    """Return how many runs of so many threads there are cores for, or what the environment variable says.

    Raises:
        UsageError: When the environment variable is no whole number from 1 on.
    """
    given = os.environ.get(WORKERS_VARIABLE)
    if given is not None:
        if not given.isdecimal() or int(given) < 1:
            raise UsageError(
                f"{WORKERS_VARIABLE} = {given!r} is no number of workers: set it to a whole number from 1 on"
            )
        return int(given)
    return max(1, (os.cpu_count() or 1) // max(1, threads))


def check(configs: Sequence[RunConfig], tasks: "Tasks", runs: Path, data: Path | None, threads: int) -> None:
    """Load all graphs and make all splits in a task; arguments and errors as in :func:`sweep`."""
    kinds = {demands(config): config for config in configs}
    tasks.start(None, "check", list(kinds.values()), runs, data, threads)
    ((_, answer),) = tasks.finished()
    if answer is None:
        raise DataError("the process that loads the graphs was killed; is there enough memory?")
    if answer.status == "failed":
        raise getattr(errors, answer.kind, CnaVizError)(answer.message)


class Tasks(Protocol):
    """Who does tasks; a context manager. Those that still run when it is left are ended."""

    @property
    def full(self) -> bool:
        """Whether no other task should be started now."""

    def __enter__(self) -> Any: ...

    def __exit__(self, *exception: object) -> None: ...

    def __len__(self) -> int: ...

    def start(self, key: object, task: str, *arguments: object) -> None:
        """Start a task; what it answers is given under ``key``."""

    def finished(self) -> list[tuple[Any, Answer | None]]:
        """Wait until tasks have ended and return their keys and answers; None of one that was killed."""


class _Queue:
    """The runs that are still to be done, and who does them."""

    def __init__(self, configs: Sequence[RunConfig], runs: Path, data: Path | None, threads: int, found: Sweep) -> None:
        self.configs, self.found = list(configs), found
        self.place = runs, data, threads
        # The longest first, so that no long one is alone at the end.
        self.waiting = deque(sorted(configs, key=work, reverse=True))
        self.tries = dict.fromkeys((config.run_id for config in configs), 0)
        self.busy: list[RunConfig] = []

    def work(self, tasks: Tasks, progress: bool, given: Any = None) -> None:
        """Do them all and move a bar, where one is given that one."""
        total = sum(map(work, self.configs))
        own = bar(total, "sweep", unit=" layer-epochs", disable=not progress) if given is None else nullcontext(given)
        with tasks, own as shown:
            check(self.configs, tasks, *self.place)
            while self.waiting or self.busy or len(tasks):
                self._start(tasks)
                for config, answer in tasks.finished() if len(tasks) else []:
                    if self._take(config, answer):
                        shown.update(work(config))
                shown.set_postfix(self._counts(len(tasks)), refresh=False)
                self._look_after_busy(shown, idle=not len(tasks) and not self.waiting)

    def _start(self, tasks: Tasks) -> None:
        while self.waiting and not tasks.full:
            config = self.waiting.popleft()
            self.tries[config.run_id] += 1
            tasks.start(config, "train", config, *self.place)

    def _take(self, config: RunConfig, answer: Answer | None) -> bool:
        """Take notice of how a run ended; return whether it is over."""
        name = config.run_id
        if answer is None and self.tries[name] < TRIES:
            self.waiting.append(config)
            return False
        if answer is None:
            self.found.failed[name] = f"its process was killed {TRIES} times; is there enough memory?"
        elif answer.status == "busy":
            self.tries[name] -= 1
            self.busy.append(config)
            return False
        elif answer.status == "failed":
            self.found.failed[name] = answer.message
        else:
            self.found.trained.append(name)
        return True

    def _look_after_busy(self, shown: Any, *, idle: bool) -> None:
        """Have done with runs that another sweep has finished; take over those that it has left."""
        if not self.busy:
            return
        if idle:
            time.sleep(PATIENCE)
        done = [config for config in self.busy if is_complete(self.place[0] / config.run_id)]
        for config in done:
            self.found.skipped.append(config.run_id)
            shown.update(work(config))
        left = [config for config in self.busy if config not in done]
        free = [config for config in left if idle and is_free(self.place[0] / config.run_id)]
        self.busy = [config for config in left if config not in free]
        self.waiting.extend(free)

    def _counts(self, running: int) -> dict[str, int]:
        done = len(self.found.trained)
        return {"done": done, "running": running, "failed": len(self.found.failed)}
