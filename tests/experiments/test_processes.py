"""The server that runs are forked from."""

import multiprocessing
import signal
from multiprocessing import forkserver
from pathlib import Path
from typing import NoReturn

import pytest

from cna_viz.errors import CnaVizError
from cna_viz.experiments.processes import Processes, _run
from cna_viz.experiments.tasks import train_one

pytestmark = pytest.mark.subprocess

STATUS = Path("/proc/self/status")


@pytest.mark.skipif(not STATUS.exists(), reason="signals of another process can be seen on Linux only")
def test_the_server_never_hears_an_interrupt_not_even_while_it_imports() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with Processes(1):
        pid = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
        lines = dict(
            line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
        )
    assert int(lines["SigBlk"], 16) >> (signal.SIGINT - 1) & 1
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_a_server_that_was_killed_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: object) -> NoReturn:
        raise EOFError("unexpected EOF")  # says multiprocessing

    tasks = Processes(1)
    monkeypatch.setattr("multiprocessing.context.ForkServerProcess.start", start)
    with pytest.raises(CnaVizError, match="the fork server was killed; is there enough memory"):
        tasks.start("key", train_one)
    assert len(tasks) == 0


def test_a_task_that_can_not_even_import_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def task() -> NoReturn:
        raise ImportError("libtorch_cpu.so: failed to map segment from shared object")

    monkeypatch.setattr("cna_viz.experiments.processes.signal.signal", lambda *words: None)
    ours, theirs = multiprocessing.Pipe(duplex=False)
    _run(theirs, task)
    result = ours.recv()
    assert result.status == "failed"
    assert result.message.startswith("ImportError: libtorch_cpu.so: failed to map segment from shared object (")
