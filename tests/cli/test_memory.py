"""Out of memory is one line, whichever library reports it."""

import errno
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from cna_viz.cli.memory import lack_of_memory

Call = Callable[..., Any]
TORCH = (
    "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried 4 bytes.\nx"
)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "an allocation failed"),
        (MemoryError("Unable to allocate 8 EiB for an array"), "Unable to allocate 8 EiB for an array"),
        (RuntimeError(TORCH), TORCH[:-2]),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "CUDA out of memory. Tried to allocate 2 GiB"),
        (RuntimeError("can't start new thread"), "can't start new thread"),
        (ImportError("libtorch_cpu.so: failed to map segment"), "libtorch_cpu.so: failed to map segment"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "[Errno 12] Cannot allocate memory"),
        (SystemError("error return without exception set"), "error return without exception set"),
    ],
)
def test_a_lack_of_memory_is_one_line(call: Call, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str) -> None:
    def fail(words: object) -> NoReturn:
        raise error

    monkeypatch.setattr("cna_viz.cli.runs.main", fail)
    answer = call("runs", "list")
    assert answer.code == 1
    assert answer.complaint.startswith(f"not enough memory: {said}; finished records are kept. Free some, or ask for")


def test_the_error_behind_an_error_counts_and_others_are_no_lack_of_memory() -> None:
    behind = ImportError("a page of advice")
    behind.__cause__ = ImportError("libopenblas.so: failed to map segment from shared object")
    assert "libopenblas.so" in str(lack_of_memory(behind))
    assert lack_of_memory(RuntimeError("shapes can't be multiplied")) is None
    assert lack_of_memory(ImportError("no module")) is None


LITTLE = """
import resource, sys
from cna_viz.cli.main import main
with open("/proc/self/statm") as status:
    limit = int(status.read().split()[0]) * resource.getpagesize() + 2**22
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.exit(main(["runs", "list"]))
"""


@pytest.mark.subprocess
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="how much a process has is read as on Linux")
def test_a_process_with_little_memory_says_so_in_one_line() -> None:
    found = subprocess.run([sys.executable, "-c", LITTLE], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("cna-viz: not enough memory: ")
    assert found.stderr.count("\n") == 1
