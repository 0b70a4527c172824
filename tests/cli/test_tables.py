"""Numbers and tables as text."""

import math

from cna_viz.cli.tables import markdown, number, table


def test_number() -> None:
    assert [number(value) for value in (0, 1234567, None)] == ["0", "1,234,567", "–"]
    assert number(math.pi, 2) == "3.14"


def test_columns_are_aligned() -> None:
    text = table(("name", "n", "x"), [("a", "1", "yes"), ("long name", "1,000", "")], right=("n",))
    assert text.splitlines() == ["name           n  x", "a              1  yes", "long name  1,000"]


def test_a_table_without_rows_is_its_header() -> None:
    assert table(("a", "b"), []) == "a  b"


def test_a_table_in_markdown_keeps_what_its_cells_say() -> None:
    text = markdown(("name", "95 %"), [("a|b", "[1, 2]"), ("<b>*x*_`\\", "")])
    assert text.splitlines() == [
        "| name | 95 % |",
        "| --- | --- |",
        "| a\\|b | [1, 2] |",
        "| \\<b\\>\\*x\\*\\_\\`\\\\ |  |",
    ]
