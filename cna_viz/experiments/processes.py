"""A process per task, forked from a server that has imported torch: a killed task affects no other."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.forkserver import ensure_running
from multiprocessing.resource_tracker import ensure_running as ensure_tracker
from typing import Any, Final, cast

from cna_viz.errors import CnaVizError
from cna_viz.experiments.tasks import TaskResult

PRELOAD: Final = "cna_viz.experiments.preload"


class Processes:
    """Runs at most ``workers`` tasks at the same time, each in a separate process; leaving the context ends them."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._context = multiprocessing.get_context("forkserver")
        self._running: dict[int, tuple[Any, Connection, object]] = {}

    def __enter__(self) -> "Processes":
        self._context.set_forkserver_preload([PRELOAD])
        with _one_thread(), _interrupts_blocked():
            ensure_running()
        return self

    def __exit__(self, *exception: object) -> None:
        for process, _, _ in self._running.values():
            process.kill()
        for process, connection, _ in self._running.values():
            process.join()
            connection.close()

    def __len__(self) -> int:
        return len(self._running)

    @property
    def full(self) -> bool:
        """Whether all workers are busy."""
        return len(self) >= self.workers

    def start(self, key: object, task: Callable[..., TaskResult], *arguments: object) -> None:
        """Start a task, whose result :meth:`finished` returns with ``key``."""
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_run, args=(theirs, task, *arguments))
        try:
            process.start()
        except (EOFError, ConnectionError):
            raise CnaVizError("the fork server was killed; is there enough memory?") from None
        theirs.close()
        self._running[process.sentinel] = process, ours, key

    def finished(self) -> list[tuple[Any, TaskResult | None]]:
        """Wait until tasks have ended and return their keys and results; None where a process was killed."""
        ended = []
        for sentinel in wait(list(self._running)):
            process, connection, key = self._running.pop(cast(int, sentinel))
            process.join()
            result: TaskResult | None = None
            with suppress(EOFError):
                result = connection.recv() if connection.poll() else None
            ended.append((key, result))
            connection.close()
            process.close()
        return ended


def _run(connection: Connection, task: Callable[..., TaskResult], *arguments: object) -> None:
    """Run a task in this process and send its result; the process ends with the sweep that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the sweep decides which end
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        result = task(*arguments)
    except Exception as error:  # such as an import of torch that runs out of memory
        result = TaskResult.from_error(error)
    connection.send(result)
    connection.close()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Start the server with one thread per library: a process with many threads can't be forked safely."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        del os.environ["OMP_NUM_THREADS"]
        os.environ |= {} if before is None else {"OMP_NUM_THREADS": before}


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Shield processes started in this context from Ctrl-C, also while they import; this one gets it afterwards."""
    ensure_tracker()  # starting it would unblock interrupts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
