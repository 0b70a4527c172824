"""A process per report: one that is killed takes no other along, and an interrupt reaches all."""

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Any, Final

from cna_viz.errors import CnaVizError
from cna_viz.reports.many.jobs import FAILED, MADE, STOPPED, Job, Outcome

Cell = tuple[int, int, str]
"""Number of the cell that is about to run, how many there are, and the heading it stands under."""
_PATIENCE: Final = 30
"""Seconds that a report has to shut its kernel down and keep its notebook."""


class Workers:
    """Makes reports, each in a process of its own; a context manager.

    When the context is left, reports that are still being made are stopped; each keeps its partial notebook.

    Args:
        count: Reports at the same time.
        browser: Path of the browser that prints every page, or ``None`` for no PDF.
    """

    def __init__(self, count: int, browser: str | None = None) -> None:
        self.count = count
        self.browser = browser
        self._context = multiprocessing.get_context("spawn")
        self._running: dict[Connection, tuple[Any, int]] = {}

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *exception: object) -> None:
        for process, _ in self._running.values():
            process.terminate()
        for connection, (process, _) in self._running.items():
            process.join(_PATIENCE)
            process.kill()
            process.join()
            connection.close()
        self._running.clear()

    def __len__(self) -> int:
        return len(self._running)

    @property
    def full(self) -> bool:
        """Whether no other report should be started now."""
        return len(self) >= self.count

    @property
    def keys(self) -> list[int]:
        """The keys of the reports that are being made."""
        return [key for _, key in self._running.values()]

    def start(self, key: int, job: Job) -> None:
        """Start a job; what is heard of it is given under ``key``."""
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_work, args=(theirs, job, self.browser, self._threads()))
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process inherits it: see _work
        try:
            process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        theirs.close()
        self._running[ours] = process, key

    def heard(self) -> Iterator[tuple[int, Cell | Outcome]]:
        """Wait until something is heard of the reports: a cell that is about to run, or what became of it."""
        for ready in wait(list(self._running)):
            assert isinstance(ready, Connection)
            process, key = self._running[ready]
            try:
                message: Cell | Outcome = ready.recv()
            except EOFError:
                message = Outcome(FAILED, "its process was killed; is there enough memory?")
            if isinstance(message, Outcome):
                del self._running[ready]
                process.join()
                ready.close()
            yield key, message

    def _threads(self) -> int | None:
        """Threads for each of several reports; one alone may have what it takes."""
        return None if self.count == 1 else max(1, (os.cpu_count() or 1) // self.count)


def _work(connection: Connection, job: Job, browser: str | None, threads: int | None) -> None:
    """Make a report in a process of its own and send how it goes, and last its outcome.

    Ctrl-C in a terminal reaches all processes at once; here it is ignored, because whoever started us decides who is
    stopped, and says so with a signal of another kind.
    """
    signal.signal(signal.SIGTERM, _stop)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if threads is not None:
        from cna_viz.experiments.sweep import WORKERS_VARIABLE

        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
        os.environ.setdefault(WORKERS_VARIABLE, str(threads))  # or every report would train on all cores
    connection.send(_outcome(connection, job, browser, log=threads is None))
    connection.close()


def _outcome(connection: Connection, job: Job, browser: str | None, *, log: bool) -> Outcome:
    from cna_viz.reports.pictures.browser import print_page
    from cna_viz.reports.report import make_report

    def progress(number: int, total: int, heading: str) -> None:
        connection.send((number, total, heading))

    try:
        result = make_report(
            job.report,
            job.values,
            job.out,
            progress,
            log=sys.stderr if log else None,  # bars of several reports would overwrite each other
            notebooks=job.notebook.parent,
            folder=job.place,
        )
    except CnaVizError as error:
        return Outcome(FAILED, str(error).removeprefix(f"report {job.report!r} failed: "))
    except KeyboardInterrupt:
        return Outcome(STOPPED)
    except Exception as error:  # a defect of ours must not cost the other reports
        traceback.print_exc()
        return Outcome(FAILED, f"{type(error).__name__}: {error}")
    try:
        if browser is not None:
            print_page(result.index, browser)
    except CnaVizError as error:  # the page is there all the same
        return Outcome(MADE, f"no PDF: {error}", seconds=result.seconds)
    return Outcome(MADE, seconds=result.seconds)


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: what follows is tidying up
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
