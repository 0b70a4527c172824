"""The server that runs are forked from."""

import signal
from multiprocessing import forkserver
from pathlib import Path

import pytest

from cna_viz.experiments.processes import Processes

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
