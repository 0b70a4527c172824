"""Numbers and tables as text; names that would move the cursor of a terminal, or write its title, are escaped."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.cli.printing import markdown, number, printable, table
from cna_viz.config import RunConfig, WatchedConfig
from cna_viz.records.synthetic import synthetic_record

Call = Callable[..., Any]
NAME = "\x1b[2Jnet\x1b]0;title\x07\r\nline"


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [("größe ∈ A", "größe ∈ A"), ("a\nb", "a\\nb"), ("\x1b[2J", "\\x1b[2J"), ("\u202eabc", "\\u202eabc"), ("", "")],
)
def test_what_can_not_be_printed_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_row_of_a_table_is_one_line() -> None:
    assert table(["name"], [[NAME]]).count("\n") == 1
    assert markdown(["name"], [[NAME]]).count("\n") == 2


@pytest.mark.parametrize("words", ["list", "show ID", "verify", "verify ID", "gc"])
def test_commands_on_records_write_no_control_characters(call: Call, words: str, tmp_path: Path) -> None:
    watched = WatchedConfig(name=NAME, model=NAME, dataset=NAME, layers=2, key="a")
    record = synthetic_record(tmp_path / "runs", RunConfig(watched=watched), warnings=[NAME])
    (record.folder / NAME).write_text("not its own")
    if "show" in words:
        (record.folder / NAME).unlink()
    left = tmp_path / "runs" / f"{record.id}.unfinished-1"
    (left / "snapshots").mkdir(parents=True)
    (left / "snapshots" / NAME).write_text("left")
    answer = call("runs", *words.replace("ID", record.id).split())
    assert answer.out
    said = (answer.out + answer.err).replace("\n", "")
    assert [letter for letter in said if not letter.isprintable()] == []
