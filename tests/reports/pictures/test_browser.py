"""Browsers that are not there, fail or hang: one line, nothing left behind, and what was there before stays."""

import os
import time
from pathlib import Path

import pytest

from cna_viz.errors import ReportError, UsageError
from cna_viz.reports.pictures.browser import find_browser, print_page, require_browser
from cna_viz.reports.written import marked

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the browsers of these tests are shell scripts")

OLDER = marked(b"older")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page with an older PDF beside it."""
    (tmp_path / "index.html").write_text("<p>page</p>")
    (tmp_path / "report.pdf").write_bytes(OLDER)
    return tmp_path / "index.html"


def test_a_pdf_of_somebody_else_is_not_replaced(page: Path) -> None:
    page.with_name("report.pdf").write_text("mine")
    with pytest.raises(UsageError, match=r"report.pdf was not written by cna-viz and would be replaced"):
        print_page(page, "browser")
    assert page.with_name("report.pdf").read_text() == "mine"


def browser(folder: Path, *lines: str) -> str:
    path = folder / "browser"
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return str(path)


def test_a_page_is_printed_beside_itself(page: Path, tmp_path: Path) -> None:
    script = 'for word in "$@"; do case $word in --print-to-pdf=*) echo "$@" > "${word#--print-to-pdf=}";; esac; done'
    printed = print_page(page, browser(tmp_path, script))
    assert printed == tmp_path / "report.pdf"
    assert printed.read_text().splitlines()[0].endswith(page.as_uri())


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("exit 3", "it ended with exit code 3"),
        ("true", "it left no PDF"),
        ("sleep 60", "it took longer than 0.5 s"),
    ],
)
def test_a_browser_that_does_not_print_is_told(page: Path, tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(ReportError, match=f"index.html is there, but .*browser did not print it: {why}$"):
        print_page(page, browser(tmp_path, line), seconds=0.5 if "sleep" in line else 30)
    assert (tmp_path / "report.pdf").read_bytes() == OLDER
    assert sorted(path.name for path in tmp_path.iterdir()) == ["browser", "index.html", "report.pdf"]


def test_a_browser_that_hangs_is_ended_with_its_children(page: Path, tmp_path: Path) -> None:
    with pytest.raises(ReportError):
        print_page(page, browser(tmp_path, "sleep 60 &", f"echo $! > {tmp_path}/pid", "wait"), seconds=1)
    child = Path("/proc") / (tmp_path / "pid").read_text().strip()
    if not Path("/proc").is_dir():
        pytest.skip("needs /proc, to tell an ended process")
    for _ in range(100):
        if not child.exists() or "\nState:\tZ" in (child / "status").read_text():
            return
        time.sleep(0.05)
    pytest.fail("the child of the browser still runs")


def test_the_environment_names_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER_PATH", browser(tmp_path, "true"))
    assert find_browser() == require_browser() == str(tmp_path / "browser")


def test_no_browser_is_one_line_that_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nothing"))
    assert find_browser() is None
    with pytest.raises(
        UsageError, match=r"^a PDF needs a browser, and BROWSER_PATH = '.*nothing' is not a program: install"
    ):
        require_browser()
    monkeypatch.delenv("BROWSER_PATH")
    monkeypatch.setattr("cna_viz.reports.pictures.browser.find_browser", lambda: None)
    with pytest.raises(UsageError, match=r"neither Chrome nor Chromium was found: install one, or set BROWSER_PATH"):
        require_browser()
