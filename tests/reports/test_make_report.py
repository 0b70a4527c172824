"""A report is made completely or not at all: the notebook's real end counts, and what was there before stays."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

from cna_viz.errors import ReportError, UsageError
from cna_viz.reports.report import make_report
from cna_viz.reports.written import marked

Write = Callable[..., Path]
OLDER = '<meta name="generator" content="cna_viz 0.0.9"> the older report'


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder that holds an older, good report ``bad``."""
    (tmp_path / "out" / "bad").mkdir(parents=True)
    (tmp_path / "out" / "bad" / "index.html").write_text(OLDER)
    return tmp_path / "out"


def assert_only_the_partial_notebook_is_new(out: Path, *others: str) -> nbformat.NotebookNode:
    assert sorted(path.name for path in (out / "bad").iterdir()) == ["failed.ipynb", "index.html", *others]
    assert (out / "bad" / "index.html").read_text() == OLDER
    return nbformat.read(out / "bad" / "failed.ipynb", as_version=4)


@pytest.mark.subprocess
def test_a_failing_cell_is_named_and_the_older_report_stays(write: Write, notebooks: Path, out: Path) -> None:
    write("01_bad", "print('before')", "x = 1\n1 / 0", "print('after')")
    with pytest.raises(ReportError) as caught:
        make_report("bad", {}, out, notebooks=notebooks)
    assert str(caught.value) == (
        "report 'bad' failed: ZeroDivisionError: division by zero (code cell [4] `x = 1`); "
        f"partial notebook: {out / 'bad' / 'failed.ipynb'}"
    )
    partial = assert_only_the_partial_notebook_is_new(out)
    assert partial.cells[2].outputs[0].text == "before\n"
    assert partial.cells[-1].source == "print('after')"


@pytest.mark.subprocess
def test_a_killed_kernel_is_noticed(write: Write, notebooks: Path, out: Path) -> None:
    write("01_bad", "print('before')", "import os\nos.kill(os.getpid(), 9)", "print('after')")
    with pytest.raises(ReportError, match=r"the kernel died.* \(code cell \[4\] `import os`\)"):
        make_report("bad", {}, out, notebooks=notebooks)
    assert_only_the_partial_notebook_is_new(out)


@pytest.mark.subprocess
def test_an_interrupt_stops_the_kernel_and_keeps_what_there_is(write: Write, notebooks: Path, out: Path) -> None:
    write("01_bad", f"import os\nopen({str(out / 'pid')!r}, 'w').write(str(os.getpid()))", "print('after')")

    def interrupt(number: int, _count: int, _heading: str) -> None:
        if number == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        make_report("bad", {}, out, interrupt, notebooks=notebooks)
    assert caught.value.__notes__ == [f"partial notebook: {out / 'bad' / 'failed.ipynb'}"]
    assert_only_the_partial_notebook_is_new(out)
    assert is_gone(int((out / "pid").read_text()))


def test_a_kernel_that_does_not_start_is_told(
    write: Write, notebooks: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("01_bad", "print('before')")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ReportError, match=r"^report 'bad' failed: the kernel failed: [^(]*; partial notebook: "):
        make_report("bad", {}, out, notebooks=notebooks)
    assert_only_the_partial_notebook_is_new(out)


def is_gone(pid: int) -> bool:
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_nothing_runs_and_nothing_is_written_for_a_wrong_parameter(write: Write, notebooks: Path, out: Path) -> None:
    write("01_other", f"open({str(out / 'ran')!r}, 'w')")
    for given in ({"dpeths": "2"}, {"depths": "0"}, {"dataset": "digts"}, {"lr; import os; x": "1"}):
        with pytest.raises(UsageError):
            make_report("other", given, out, notebooks=notebooks)
    assert [path.name for path in out.iterdir()] == ["bad"]


def test_a_place_that_cannot_be_written_to_is_refused_before_anything_runs(
    write: Write, notebooks: Path, tmp_path: Path
) -> None:
    write("01_other", f"open({str(tmp_path / 'ran')!r}, 'w')")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="can't write to"):
        make_report("other", {}, tmp_path / "file", notebooks=notebooks)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["index.html", "report.ipynb", "summary.json", "failed.ipynb", "report.pdf"])
@pytest.mark.parametrize("link", [False, True])
def test_files_of_somebody_else_are_not_replaced(
    write: Write, notebooks: Path, tmp_path: Path, name: str, link: bool
) -> None:
    write("01_other", f"open({str(tmp_path / 'ran')!r}, 'w')")
    place = tmp_path / "out" / "other" / name
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "nowhere") if link else place.write_text('{"cells": [], "my": "cna_viz"}')
    with pytest.raises(UsageError, match="and would be replaced: move it away"):
        make_report("other", {}, tmp_path / "out", notebooks=notebooks)
    assert place.is_symlink() if link else "my" in place.read_text()
    assert not (tmp_path / "ran").exists()


@pytest.mark.subprocess
def test_what_appears_while_the_notebook_runs_is_not_replaced(write: Write, notebooks: Path, out: Path) -> None:
    write("01_bad", f"open({str(out / 'bad' / 'summary.json')!r}, 'w').write('mine')")
    with pytest.raises(ReportError, match=r"ran, but can't be written to .*: summary.json was not written by cna-viz"):
        make_report("bad", {}, out, notebooks=notebooks)
    assert (out / "bad" / "summary.json").read_text() == "mine"
    assert_only_the_partial_notebook_is_new(out, "summary.json")


@pytest.mark.subprocess
@pytest.mark.parametrize("name", ["report.ipynb", "failed.ipynb"])
def test_a_notebook_that_somebody_has_edited_is_not_replaced(
    write: Write, notebooks: Path, out: Path, name: str
) -> None:
    write("01_bad", "1 / 0" if name == "failed.ipynb" else "print('fine')", parameters="")
    path = out / "bad" / name
    with suppress(ReportError):
        make_report("bad", {}, out, notebooks=notebooks)
    with suppress(ReportError):  # untouched, it is
        make_report("bad", {}, out, notebooks=notebooks)
    edited = nbformat.read(path, as_version=4)
    edited.cells.append(nbformat.v4.new_markdown_cell("MY CONCLUSIONS"))
    nbformat.write(edited, path)
    with pytest.raises(UsageError, match=f"{name} was edited since it was written and would be replaced"):
        make_report("bad", {}, out, notebooks=notebooks)
    assert "MY CONCLUSIONS" in path.read_text()


@pytest.mark.subprocess
def test_a_notebook_without_parameters_and_figures_makes_a_small_page_and_clears_the_failure(
    write: Write, notebooks: Path, out: Path
) -> None:
    write("01_bad", "print('fine')", parameters="")
    old = nbformat.v4.new_notebook(metadata={"papermill": {"input_path": "01_bad.ipynb", "output_path": None}})
    nbformat.write(old, out / "bad" / "failed.ipynb")  # as they were before they had a mark
    (out / "bad" / "report.pdf").write_bytes(marked(b"an earlier page, printed"))
    result = make_report("bad", {}, out, notebooks=notebooks)
    assert sorted(path.name for path in result.index.parent.iterdir()) == ["index.html", "report.ipynb", "summary.json"]
    page = result.index.read_text()
    assert "<pre>fine</pre>" in page
    assert "<title>bad</title>" in page
    assert len(page) < 30_000
