"""The tables of docs/figures.md and docs/reports.md are those that the code gives."""

from pathlib import Path

import pytest

from cna_viz import figures
from cna_viz.errors import CnaVizError
from cna_viz.reports.notebooks.notebooks import list_reports
from docs import tables
from tests.docs.pages import name


@pytest.mark.parametrize("page", tables.TABLES, ids=name)
def test_tables_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert tables.with_table(text, tables.TABLES[page]()) == text, "run `python docs/tables.py`"


def test_every_figure_has_a_row_that_begins_with_a_question() -> None:
    rows = tables.figure_table().splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
    assert [row[1].strip("`") for row in cells] == [name for name in figures.__all__ if name.startswith("plot_")]
    assert all(row[0].endswith("?") for row in cells)


def test_every_report_has_a_row_with_its_question() -> None:
    rows = tables.report_table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(list_reports())
    assert all(row.endswith("? |") for row in rows)


def test_the_text_around_a_table_stays() -> None:
    page = f"before\n{tables.START}old\n{tables.END}after\n"
    assert tables.with_table(page, "new\n") == f"before\n{tables.START}\nnew\n\n{tables.END}after\n"


@pytest.mark.parametrize("page", ["no marks\n", f"{tables.START}open\n", 2 * f"{tables.START}{tables.END}"])
def test_a_page_without_its_marks_is_refused(page: str) -> None:
    with pytest.raises(CnaVizError, match="needs one line"):
        tables.with_table(page, "new")


def test_what_a_docstring_says_of_an_argument_becomes_one_line_of_markdown() -> None:
    text = (
        "Draw.\n\nArgs:\n    first: A run of :func:`~cna_viz.watch`\n        with ``rank | norm``.\n    second: More."
    )
    assert tables.argument(text, "first") == "A run of `cna_viz.watch` with `rank | norm`."
    assert tables.argument(text, "second") == "More."
    with pytest.raises(CnaVizError, match="does not say what third is"):
        tables.argument(text, "third")
