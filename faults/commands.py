"""Commands of the library in their own process groups, which can be killed, and the processes they leave behind."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

MARK: Final = "CNA_VIZ_FAULTS_MARK"
"""Environment variable of all processes of a command, including those in their own sessions."""
SCRIPT: Final = ("-c", "import sys; from cna_viz.cli.main import main; sys.exit(main())")
"""Arguments of Python that do what the installed script does."""
GRACE: Final = 20.0
"""Seconds within which a process must notice that its parent is gone."""


@dataclass
class Command:
    """A running command.

    Attributes:
        words: Its words.
        process: Its first process, which leads the group.
        mark: Value of :data:`MARK` in all of its processes.
        out: File of its stdout.
        err: File of its stderr.
    """

    words: tuple[str, ...]
    process: "subprocess.Popen[bytes]"
    mark: str
    out: Path
    err: Path

    def wait(self, seconds: float) -> int | None:
        """Wait up to ``seconds`` for its end; return the exit code, None if it still runs."""
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return  # all of it has ended

    def kill(self) -> None:
        """Kill the whole group and wait until its first process is gone."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def left(self, seconds: float = GRACE) -> list[str]:
        """Return its processes that still run after ``seconds``, and end them."""
        until = time.monotonic() + seconds
        while (found := _marked(self.mark)) and time.monotonic() < until:
            time.sleep(0.05)
        told = [f"{process.pid} {' '.join(_words(process))[:60]}" for process in found]
        for process in found:
            process.kill()
        return told

    def said(self) -> str:
        """Return its stderr."""
        return self.err.read_text("utf-8", errors="replace")


def start(words: Sequence[object], work: Path, modules: Path | None = None) -> Command:
    """Start ``cna-viz`` with these words.

    Args:
        words: The words after ``cna-viz``.
        work: Working directory; its cache, temporary files and output lie beside it, in ``work.parent``.
        modules: Folder whose modules all of its processes find first, such as a ``sitecustomize``.
    """
    work.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex
    place = work.parent / f"{work.name}-beside"
    (place / "tmp").mkdir(parents=True, exist_ok=True)
    own = {"CNA_VIZ_CACHE": str(place / "cache"), "TMPDIR": str(place / "tmp"), "OMP_NUM_THREADS": "1", MARK: mark}
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, (modules and str(modules), root, os.environ.get("PYTHONPATH"))))
    out, err = place / f"{mark}.out", place / f"{mark}.err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, *SCRIPT, *map(str, words)],
            cwd=work,
            env={**os.environ, "PYTHONPATH": path, **own},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    return Command(tuple(map(str, words)), process, mark, out, err)


def finish(command: Command, seconds: float = 300) -> tuple[int | None, float]:
    """Wait for the end of a command; return its exit code, None if it was too slow and killed, and the time."""
    started = time.monotonic()
    code = command.wait(seconds)
    if code is None:
        command.kill()
        command.left(0)
    return code, time.monotonic() - started


def last_line(text: str) -> str:
    """Return the last non-empty line of a text, without overwritten progress bars."""
    lines = [line.rpartition("\r")[2].strip() for line in text.splitlines()]
    return next((line for line in reversed(lines) if line), "")


def _marked(mark: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _has(process, mark)]


def _has(process: psutil.Process, mark: str) -> bool:
    try:
        return bool(process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE)
    except (psutil.Error, OSError):
        return False


def _words(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return ["(ended)"]
