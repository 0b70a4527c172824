"""Bars: work goes on where none can be shown, and no file gets the descriptor of a closed stream."""

import os
import subprocess
import sys
from typing import NoReturn

import pytest

from cna_viz.progress import bar


class Broken:
    """A stream that can't be written."""

    encoding = "utf-8"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def write(self, text: str = "") -> NoReturn:
        raise self.error

    flush = write


@pytest.mark.parametrize(
    "stream",
    [None, Broken(OSError(28, "full")), Broken(BrokenPipeError()), Broken(ValueError("I/O operation on closed file"))],
)
def test_a_bar_on_a_broken_stderr_is_no_error(monkeypatch: pytest.MonkeyPatch, stream: Broken | None) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(sys, "stdout", Broken(OSError(28, "full")))
    with bar(3, "work", unit=" steps") as progress:
        progress.set_description("more work")
        for _ in range(3):
            progress.update()
        progress.set_postfix(val="1", refresh=True)
    assert progress.n == 3


def test_a_bar_is_written_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with bar(1, "work", unit=" steps") as progress:
        progress.update()
    out, err = capsys.readouterr()
    assert out == ""
    assert "work" in err
    assert "1/1" in err


PROGRAM = """
import os
from cna_viz.progress import reserve_descriptors
reserve_descriptors()
record = os.open("record", os.O_CREAT | os.O_WRONLY)
assert record > 2, record
os.system("echo stray; echo stray >&2")
"""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_file_gets_the_descriptor_of_a_closed_stream(tmp_path: object, closed: str) -> None:
    command = ["sh", "-c", f'"$0" -c "$1" {closed}', sys.executable, PROGRAM]
    found = subprocess.run(command, cwd=str(tmp_path), capture_output=True, env={**os.environ})
    assert found.returncode == 0, found.stderr
    assert os.stat(f"{tmp_path}/record").st_size == 0
