"""Entry point: help, version, unknown commands, and errors (also a lack of memory) as one line and an exit code."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

import pytest

import cna_viz
from cna_viz.cli.main import COMMANDS, lack_of_memory, main
from cna_viz.errors import CnaVizError, DataError, UsageError

Call = Callable[..., Any]

SCRIPT = [sys.executable, "-c", "import sys; from cna_viz.cli.main import main; sys.exit(main())"]
"""What the installed script does."""
TORCH = (
    "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried 4 bytes.\nx"
)


def raising(error: BaseException) -> Callable[[list[str]], int]:
    """Return a command that raises."""

    def command(words: list[str]) -> int:
        raise error

    return command


def test_the_installed_script_is_this_entry_point() -> None:
    (script,) = entry_points(group="console_scripts", name="cna-viz")
    assert script.value == "cna_viz.cli.main:main"


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"]])
def test_help_lists_all_commands_with_examples(call: Call, words: list[str]) -> None:
    answer = call(*words)
    assert (answer.code, answer.err) == (0, "")
    for name, meaning in COMMANDS.items():
        assert f"  {name:<10}{meaning}\n" in answer.out
    assert answer.out.count("\n  cna-viz ") >= 3


@pytest.mark.parametrize("command", list(COMMANDS))
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_has_help_with_examples(call: Call, command: str, option: str) -> None:
    answer = call(command, option)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"usage: cna-viz {command} ")
    assert f"examples:\n  cna-viz {command}" in answer.out


def test_version(call: Call) -> None:
    answer = call("--version")
    assert (answer.code, answer.out, answer.err) == (0, f"cna-viz {cna_viz.__version__}\n", "")


def test_no_command_shows_the_help_on_stderr(call: Call) -> None:
    answer = call()
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == call("--help").out


@pytest.mark.parametrize(
    ("word", "nearest"), [("runn", "run, runs, "), ("reprot", "report, "), ("dataset", "datasets, "), ("--verbose", "")]
)
def test_an_unknown_command_is_refused_with_those_there_are(call: Call, word: str, nearest: str) -> None:
    answer = call(word)
    assert answer.code == 2
    assert answer.complaint.startswith(f"unknown command {word!r}; choices, nearest first: {nearest}")
    assert all(name in answer.complaint for name in COMMANDS)


@pytest.mark.parametrize(
    ("command", "option", "nearest"),
    [
        ("run", "--layer", "--layers"),
        ("run", "--datset=karate", "--dataset"),
        ("run", "--csbm-homophilly", "--csbm-homophily"),
        ("runs", "--jsn", "--json"),
        ("datasets", "--date", "--data"),
        ("report", "--parameter", "--parameters"),
    ],
)
def test_an_unknown_option_is_refused_with_the_nearest_first(
    call: Call, command: str, option: str, nearest: str
) -> None:
    first = {"runs": ["list"], "report": ["oversmoothing"]}.get(command, [])
    answer = call(command, *first, option)
    assert answer.code == 2
    name = option.partition("=")[0]
    assert answer.complaint.startswith(f"unknown option {name!r}; choices, nearest first: {nearest}, ")


@pytest.mark.parametrize("command", ["run", "datasets", "report"])
def test_a_word_too_many_is_refused(call: Call, command: str) -> None:
    words = [command, "oversmoothing"] if command == "report" else [command]
    answer = call(*words, "surplus")
    assert answer.code == 2
    assert answer.complaint == f"unexpected 'surplus'; see `cna-viz {command} --help`"


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UsageError("not so"), 2, "not so"),
        (DataError("not there"), 1, "not there"),
        (CnaVizError("failed"), 1, "failed"),
        (PermissionError(errno.EACCES, "Permission denied", "/runs/.locks"), 1, "Permission denied (/runs/.locks)"),
        (OSError(errno.ENOSPC, "No space left on device", "runs/x"), 1, "No space left on device (runs/x)"),
        (OSError("strange"), 1, "strange"),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(
    call: Call, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, line: str
) -> None:
    monkeypatch.setattr("cna_viz.cli.runs.main", raising(error))
    answer = call("runs", "list")
    assert (answer.code, answer.complaint) == (code, line)


def test_a_defect_of_ours_keeps_its_traceback(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cna_viz.cli.runs.main", raising(KeyError("ours")))
    with pytest.raises(KeyError, match="ours"):
        call("runs", "list")


def test_an_interrupt_ends_with_130_and_says_what_is_kept(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt = KeyboardInterrupt()
    interrupt.add_note("partial notebook: reports/x/failed.ipynb")
    monkeypatch.setattr("cna_viz.cli.report.main", raising(interrupt))
    answer = call("report", "oversmoothing")
    assert (answer.code, answer.out) == (130, "")
    (line,) = answer.err.strip().splitlines()  # below the bar, which the interrupt left unfinished
    assert line.startswith("cna-viz: interrupted; finished records are kept")
    assert line.endswith("partial notebook: reports/x/failed.ipynb")


@pytest.mark.subprocess
def test_the_words_of_the_process_are_taken_when_none_are_given() -> None:
    answer = subprocess.run([*SCRIPT, "--version"], capture_output=True, text=True, check=True)
    assert answer.stdout == f"cna-viz {cna_viz.__version__}\n"


@pytest.mark.subprocess
def test_exit_codes_reach_the_shell() -> None:
    for words, code in ((["runn"], 2), (["runs", "list", "--runs", "nowhere"], 1), (["run", "--help"], 0)):
        assert subprocess.run([*SCRIPT, *words], capture_output=True).returncode == code, words


@pytest.mark.subprocess
@pytest.mark.parametrize("unbuffered", ["1", ""])
@pytest.mark.parametrize("words", ["--help", "runs --help", "report oversmoothing --parameters"])
def test_a_reader_that_has_left_is_no_error(words: str, unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        answer = subprocess.run([*SCRIPT, *words.split()], stdout=writer, stderr=subprocess.PIPE, env=environment)
    finally:
        os.close(writer)
    assert answer.stderr == b""
    assert answer.returncode in {0, 1}


def test_a_complaint_is_one_line_whatever_is_in_a_name(call: Call) -> None:
    answer = call("runs", "list", "--runs", "a\nb\x1b[31m\udcff")
    assert answer.code == 1
    assert "a\\nb\\x1b[31m\\udcff: no such folder" in answer.complaint


@pytest.mark.parametrize(("given", "times"), [(None, 1), (["--version"], 0)])
def test_a_process_that_ends_looks_for_no_garbage_and_a_caller_of_the_function_still_does(
    monkeypatch: pytest.MonkeyPatch, given: list[str] | None, times: int
) -> None:
    frozen: list[str] = []
    monkeypatch.setattr("cna_viz.cli.main.gc.freeze", lambda: frozen.append("frozen"))
    monkeypatch.setattr(sys, "argv", ["cna-viz", "--version"])
    for name in ("stdout", "stderr"):  # a command of its own process replaces them
        monkeypatch.setattr(sys, name, getattr(sys, name))
    assert main(given) == 0
    assert len(frozen) == times


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
    monkeypatch.setattr("cna_viz.cli.runs.main", raising(error))
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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="how much a process has is read as on Linux")
def test_a_process_with_little_memory_says_so_in_one_line() -> None:
    found = subprocess.run([sys.executable, "-c", LITTLE], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("cna-viz: not enough memory: ")
    assert found.stderr.count("\n") == 1
