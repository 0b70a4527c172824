"""The process of a report: how it went is sent, also where only the printing failed."""

from pathlib import Path
from typing import Any

import pytest

from cna_viz.errors import ReportError
from cna_viz.reports.many import workers
from cna_viz.reports.many.workers import MADE, Job, Outcome
from cna_viz.reports.report import ReportResult


class Heard:
    """The end of a connection at which everything is heard."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, message: Any) -> None:
        self.sent.append(message)


def test_a_page_that_was_not_printed_is_made_all_the_same_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ReportResult("one", tmp_path / "index.html", tmp_path / "report.ipynb", 1.5)
    monkeypatch.setattr("cna_viz.reports.report.make_report", lambda *_, **__: result)

    def fail(page: Path, browser: str) -> None:
        raise ReportError(f"{page.name} is there, but {browser} did not print it")

    monkeypatch.setattr("cna_viz.reports.pictures.browser.print_page", fail)
    job, heard = Job("one", tmp_path / "01_one.ipynb", {}, tmp_path, "one"), Heard()
    outcome = workers._outcome(heard, job, "chrome", log=False)  # type: ignore[arg-type]
    assert outcome == Outcome(MADE, "no PDF: index.html is there, but chrome did not print it", 1.5)
    assert workers._outcome(heard, job, None, log=False) == Outcome(MADE, seconds=1.5)  # type: ignore[arg-type]
