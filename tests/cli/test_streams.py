"""Standard streams that are closed, full, without a reader, or of another encoding end no work."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.cli.printing import table
from cna_viz.cli.streams import Descriptor
from cna_viz.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from cna_viz.experiments.run import load_or_run
from cna_viz.records.verify import find_problems

Call = Callable[..., Any]
SCRIPT = [sys.executable, "-c", "import sys; from cna_viz.cli.main import main; sys.exit(main())"]
KARATE = RunConfig(
    data=DataConfig(dataset="karate"), model=ModelConfig(layers=2, hidden=4), training=TrainingConfig(epochs=2)
)
WORDS = "run --dataset karate --layers 2 --hidden 4 --epochs 2"


def shell(words: str, redirected: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Call the command line in a process of its own, with streams redirected as a shell does it."""
    command = f"{shlex.join(SCRIPT)} {words} {redirected}"
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, errors="replace", env=os.environ | environment
    )


@pytest.mark.subprocess
@pytest.mark.parametrize("words", ["--help", "run --help", "--version"])
@pytest.mark.parametrize(
    ("redirected", "why"),
    [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor"), ("1</dev/null", "Bad file descriptor")],
)
def test_a_lost_result_is_reported_in_one_line(words: str, redirected: str, why: str) -> None:
    answer = shell(words, redirected)
    assert (answer.returncode, answer.stderr) == (1, f"cna-viz: can't write the result: {why}\n")


@pytest.mark.subprocess
@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full", "2</dev/null", "<&-", "2>&- <&-"])
def test_a_complaint_that_can_not_be_written_leaves_the_exit_code(redirected: str) -> None:
    assert shell("runn", redirected).returncode == 2
    answer = shell("--version", redirected)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("cna-viz ")


@pytest.mark.subprocess
@pytest.mark.parametrize("redirected", ["2>&- >/dev/full", "2>/dev/full >&- <&-"])
def test_a_training_is_never_lost_to_a_message(own_folder: Path, redirected: str) -> None:
    answer = shell(WORDS, redirected)
    assert (answer.returncode, answer.stdout, answer.stderr) == (1, "", "")
    found, undisturbed = own_folder / "runs" / KARATE.run_id, load_or_run(KARATE, runs="undisturbed").folder
    assert find_problems(found) == []
    assert (found / "metrics.jsonl").read_bytes() == (undisturbed / "metrics.jsonl").read_bytes()


def test_a_descriptor_never_raises_and_leads_nowhere_after_its_first_error(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = Descriptor(writer, "w")
    assert stream.write(b"lost") == 4
    assert isinstance(stream.error, BrokenPipeError)
    assert os.path.samestat(os.fstat(writer), os.stat(os.devnull))
    assert stream.write(b"lost, too") == 9
    stream.close()
    kept = Descriptor(str(tmp_path / "kept"), "w")
    assert (kept.write(b"kept"), kept.error) == (4, None)
    kept.close()


@pytest.mark.subprocess
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_letters_that_a_terminal_lacks_are_escaped(own_folder: Path, encoding: str) -> None:
    answer = shell("runs verify --runs läufe-数", "", PYTHONIOENCODING=encoding)
    assert answer.returncode == 1
    assert answer.stderr.startswith("cna-viz: l")
    assert ("\\u6570: no such folder" in answer.stderr) == (encoding != "utf-8")
    (own_folder / "läufe-数" / "0123456789abcdef").mkdir(parents=True)
    listed = shell("runs list --runs läufe-数", "", PYTHONIOENCODING=encoding)
    assert (listed.returncode, listed.stderr) == (0, "")
    header, row = listed.stdout.splitlines()
    assert header.index("status") == row.index("incomplete")


def test_columns_line_up_where_letters_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ascii:
        encoding = "ascii"

    monkeypatch.setattr(sys, "stdout", Ascii())
    assert table(["é", "b"], [["–", "1"], ["x", "22"]], right=["é"]).splitlines() == [
        "  \\xe9  b",
        "\\u2013  1",
        "     x  22",
    ]


@pytest.mark.subprocess
def test_names_that_are_no_utf8_are_shown_as_escapes(own_folder: Path) -> None:
    answer = shell("runs verify --runs $(printf 'b\\377')", "")
    assert answer.stderr.startswith("cna-viz: b\\udcff: no such folder")


def test_a_word_with_nul_is_refused(call: Call) -> None:
    for words in (
        ["runs", "list", "--runs", "a\0b"],
        ["run", "--data", "\0"],
        ["report", "claims", "-p", "runs", "\0"],
    ):
        answer = call(*words)
        assert answer.code == 2
        assert answer.complaint.endswith("is not accepted: it contains a NUL character")
