"""A process per report: one that is killed takes no other along, and an interrupt reaches all."""

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType
from typing import Any

from cna_viz.errors import CnaVizError

WAITING, RUNNING, MADE, FAILED, STOPPED = "waiting", "running", "made", "failed", "stopped"
Cell = tuple[int, int, str]
"""Number of the next cell, the number of all, and the heading above it."""


@dataclass(frozen=True)
class Job:
    """A report to make, in the folder ``folder`` of ``out``."""

    report: str
    notebook: Path
    values: Mapping[str, object]
    """The given parameters, checked and of the declared types; the others keep their defaults."""
    out: Path
    folder: str
    shown: Mapping[str, str] = field(default_factory=dict)
    """Parameters, as text, that tell it from the other reports of this command."""

    @property
    def label(self) -> str:
        """Its name in messages."""
        return ", ".join([self.report, *(f"{name} {value}" for name, value in self.shown.items())])

    @property
    def place(self) -> Path:
        """The folder of its page."""
        return self.out / self.folder


@dataclass(frozen=True)
class Outcome:
    """State of a job (``waiting``, ``running``, ``made``, ``failed`` or ``stopped``) and its duration."""

    status: str = WAITING
    message: str = ""
    """Why it failed, or was made without its PDF."""
    seconds: float = 0.0


def make_each(
    jobs: Sequence[Job], count: int, browser: str | None = None
) -> Generator[tuple[int, Cell | Outcome | None]]:
    """Make reports and yield the number of a job with its news: ``None`` before its start, its cells, its outcome.

    ``count`` reports are made at the same time, and printed by ``browser``. When the generator is closed, the running
    reports are stopped; each keeps its partial notebook.
    """
    waiting = deque(enumerate(jobs))
    running: dict[Connection, tuple[Any, int]] = {}
    threads = None if count == 1 else max(1, (os.cpu_count() or 1) // count)  # one report may use all cores
    try:
        while waiting or running:
            while waiting and len(running) < count:
                number, job = waiting.popleft()
                yield number, None
                process, connection = start(job, browser, threads)
                running[connection] = process, number
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)
                process, number = running[ready]
                try:
                    message: Cell | Outcome = ready.recv()
                except EOFError:
                    message = Outcome(FAILED, "its process was killed; is there enough memory?")
                if isinstance(message, Outcome):
                    del running[ready]
                    process.join()
                    ready.close()
                yield number, message
    finally:
        for process, _ in running.values():
            process.terminate()
        for connection, (process, _) in running.items():
            process.join(30)  # seconds to shut the kernel down and keep the notebook
            process.kill()
            process.join()
            connection.close()


def start(job: Job, browser: str | None, threads: int | None) -> tuple[Any, Connection]:
    """Start the process of a job; returns it with the connection that receives its cells and its outcome."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, job, browser, threads))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process inherits it: see _work
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, before)
    theirs.close()
    return process, ours


def _work(connection: Connection, job: Job, browser: str | None, threads: int | None) -> None:
    """Make a report in its process and send its cells and, last, its outcome.

    Ctrl-C in a terminal reaches all processes at once; here it is ignored, because the parent decides which processes
    to stop, and sends SIGTERM.
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

    try:
        result = make_report(
            job.report,
            job.values,
            job.out,
            lambda *cell: connection.send(cell),
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
    except CnaVizError as error:  # the page is made all the same
        return Outcome(MADE, f"no PDF: {error}", seconds=result.seconds)
    return Outcome(MADE, seconds=result.seconds)


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second signal must not interrupt the cleanup
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
