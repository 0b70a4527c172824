"""A process per task, forked from a server that has torch imported: a task that is killed takes nothing else along."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.forkserver import ensure_running
from multiprocessing.resource_tracker import ensure_running as ensure_tracker
from typing import Any, Final, cast

from cna_viz.errors import CnaVizError
from cna_viz.experiments.answer import Answer
from cna_viz.experiments.tasks import do

PRELOAD: Final = "cna_viz.experiments.preload"


class Processes:
    """Runs tasks of :mod:`cna_viz.experiments.worker`, each in a process of its own; a context manager.

    When the context is left, tasks that still run are ended.

    Args:
        workers: Tasks at the same time.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._context = multiprocessing.get_context("forkserver")
        self._running: dict[int, tuple[Any, Connection, object]] = {}

    def __enter__(self) -> "Processes":
        self._context.set_forkserver_preload([PRELOAD])
        with _one_thread(), _deaf():
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
        """Whether no other task should be started now."""
        return len(self) >= self.workers

    def start(self, key: object, task: str, *arguments: object) -> None:
        """Start a task; what it answers is given under ``key``."""
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_run, args=(theirs, task, *arguments))
        try:
            process.start()
        except (EOFError, ConnectionError):
            raise CnaVizError("the fork server was killed; is there enough memory?") from None
        theirs.close()
        self._running[process.sentinel] = process, ours, key

    def finished(self) -> list[tuple[Any, Answer | None]]:
        """Wait until tasks have ended and return their keys and answers; None of one that was killed."""
        ended = []
        for sentinel in wait(list(self._running)):
            process, connection, key = self._running.pop(cast(int, sentinel))
            process.join()
            ended.append((key, _received(connection)))
            connection.close()
            process.close()
        return ended


def _run(connection: Connection, task: str, *arguments: object) -> None:
    """Do a task in a process of its own and send its answer; the process ends with the sweep that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the sweep decides who ends
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        answer = do(task, *arguments)
    except Exception as error:  # such as an import of torch that runs out of memory
        answer = Answer.of(error)
    connection.send(answer)
    connection.close()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _received(connection: Connection) -> Answer | None:
    try:
        found: Answer | None = connection.recv() if connection.poll() else None
    except EOFError:
        return None
    return found


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let the server start with one thread for each library: a process of many threads can't be forked safely."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


@contextmanager
def _deaf() -> Iterator[None]:
    """Let what is started in here not hear Ctrl-C, while it imports either; this process hears it when it is left."""
    ensure_tracker()  # to start it lets interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
