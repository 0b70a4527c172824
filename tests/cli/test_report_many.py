"""``cna-viz report --all`` and ``-b``: many reports by one command, on notebooks of the tests' own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

Call = Callable[..., Any]


@pytest.fixture
def notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good report and one that fails stand for those of the library."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name, code in (("01_good", "epochs"), ("02_bad", "raise ValueError('no')")):
        cells = [
            nbformat.v4.new_markdown_cell(f"# Is it {name}?"),
            nbformat.v4.new_code_cell("epochs: int = 3  # steps", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(code),
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    monkeypatch.setattr("cna_viz.reports.notebooks.notebooks.notebook_folder", lambda: folder)
    return folder


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no notebook run."""

    def fail(*arguments: object, **options: object) -> None:
        raise AssertionError("ran")

    monkeypatch.setattr("cna_viz.reports.many.many.Many.make", fail)
    monkeypatch.setattr("cna_viz.reports.report.execute", fail)


@pytest.mark.usefixtures("no_report", "notebooks")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("report --all good", "--all makes every report: it goes neither with a NAME nor with -b"),
        ("report --all -b x.yaml", "--all makes every report"),
        ("report --all --parameters", "--parameters needs a NAME"),
        ("report good --only bad", "--only goes with --all"),
        ("report good --jobs 2", "--jobs goes with --all or -b"),
        ("report --all --jobs 0", "--jobs 0 is not accepted: it must be at least 1"),
        ("report --all --jobs two", "argument --jobs: invalid int value: 'two'"),
        ("report -b x.yaml", "report needs a NAME: good, bad, or --all"),
        ("report --all --only", "argument --only: expected one argument"),
        ("report --all --only goood", "unknown report 'goood'; choices, nearest first: good, bad"),
        ("report --all -p epochs many", "report 'good': parameter epochs = 'many' is not of type int; an example: 3"),
        ("report --all -p epoch 3", "unknown parameter of the chosen reports 'epoch'"),
        ("report --all --data there", "unknown parameter of the chosen reports 'data'"),
        ("report good -b nothing.yaml", "nothing.yaml: can't be read: No such file or directory"),
    ],
)
def test_what_means_nothing_is_refused(call: Call, tmp_path: Path, words: str, message: str) -> None:
    answer = call(*words.split())
    assert answer.code == 2
    assert answer.complaint.startswith(message)
    assert not (tmp_path / "reports").exists()


@pytest.mark.usefixtures("no_report", "notebooks")
@pytest.mark.parametrize("words", ["report good --pdf", "report --all --pdf"])
def test_a_pdf_without_a_browser_is_refused_before_anything_runs(
    call: Call, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("BROWSER_PATH", "no-such-browser")
    answer = call(*words.split())
    assert answer.code == 2
    assert answer.complaint.startswith("a PDF needs a browser, and BROWSER_PATH = 'no-such-browser' is not a program")


@pytest.mark.subprocess
@pytest.mark.usefixtures("notebooks")
def test_a_failure_is_told_at_the_end_with_exit_code_1(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cna_viz.reports.pictures.thumbnails.find_browser", lambda: None)
    answer = call("report", "--all", "-p", "epochs", "4", "--json")
    assert answer.code == 1
    found = json.loads(answer.out)
    assert found["index"] == "reports/index.html"
    good, bad = found["reports"]
    assert good["index"] == "reports/good/index.html"
    assert (good["name"], good["status"], good["parameters"]) == ("good", "made", {"epochs": 4})
    assert (bad["name"], bad["status"], bad["index"]) == ("bad", "failed", None)
    assert bad["message"].startswith("ValueError: no (code cell [3]")
    *_, one, last = answer.err.splitlines()
    assert one == f"cna-viz: report bad failed: {bad['message']}"
    assert last == "cna-viz: 1 of 2 reports failed: bad"
    assert "<pre>4</pre>" in Path("reports/good/index.html").read_text()


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.usefixtures("notebooks")
def test_batches_have_a_folder_of_their_own_and_are_printed(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(
        '#!/bin/sh\nfor word in "$@"; do case $word in --print-to*) echo x > "${word#*=}";; esac; done\n'
    )
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(browser))
    (tmp_path / "sets.yaml").write_text("axes: {epochs: [1, 2]}")
    answer = call("report", "good", "-b", "sets.yaml", "--jobs", 2, "--pdf")
    assert answer.code == 0, answer.err
    assert answer.out == "reports/batches/good/index.html\n"
    page = Path("reports/batches/good/index.html").read_text()
    for folder in ("epochs-1", "epochs-2"):
        assert f'href="{folder}/index.html"' in page
        assert f'href="{folder}/report.pdf"' in page
        assert Path("reports/batches/good", folder, "report.pdf").read_text().startswith("x\n")


@pytest.mark.usefixtures("notebooks")
def test_an_interrupt_is_exit_code_130_and_names_the_page(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cna_viz.reports.many.workers.start", interrupt)
    answer = call("report", "--all")
    assert answer.code == 130
    assert answer.err.rstrip().endswith("Finished reports: reports/index.html")
    assert "Not made yet." in Path("reports/index.html").read_text()
