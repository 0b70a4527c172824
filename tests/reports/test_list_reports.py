"""Reports are found by name, with or without their number."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cna_viz.errors import UsageError
from cna_viz.reports.notebooks.notebooks import find_notebook, list_reports, notebook_folder

Write = Callable[..., Path]


def test_reports_are_listed_by_number_and_found_by_name(write: Write, notebooks: Path) -> None:
    second, first = write("02_what_cna_does"), write("01_oversmoothing")
    write("Untitled")
    assert list_reports(notebooks) == {"oversmoothing": first, "what_cna_does": second}
    assert list(list_reports(notebooks)) == ["oversmoothing", "what_cna_does"]
    assert find_notebook("oversmoothing", notebooks) == ("oversmoothing", first)
    assert find_notebook("02_what_cna_does", notebooks) == ("what_cna_does", second)


@pytest.mark.parametrize("name", ["oversmothing", "../01_oversmoothing", "01", "", "Untitled"])
def test_an_unknown_report_is_refused_with_those_that_exist(write: Write, notebooks: Path, name: str) -> None:
    write("01_oversmoothing")
    write("Untitled")
    with pytest.raises(UsageError, match=r"unknown report .* nearest first: oversmoothing\."):
        find_notebook(name, notebooks)


def test_a_folder_without_notebooks_has_no_reports(tmp_path: Path) -> None:
    assert list_reports(tmp_path / "nowhere") == {}


@pytest.mark.subprocess
def test_importing_and_listing_wait_for_nothing_heavy() -> None:
    heavy = {"torch", "papermill", "nbconvert", "plotly"}
    code = f"import sys, cna_viz.reports.report; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_the_notebooks_of_a_checkout_or_of_the_package_are_found() -> None:
    assert notebook_folder().name in {"notebooks", "_notebooks"}
