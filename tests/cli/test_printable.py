"""Names that would move the cursor of a terminal, or write its title, are shown as escapes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.cli.printable import printable
from cna_viz.cli.tables import markdown, table
from cna_viz.config import RunConfig, WatchedConfig
from cna_viz.records.synthetic import synthetic_record

Call = Callable[..., Any]
NAME = "\x1b[2Jnet\x1b]0;title\x07\r\nline"


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
