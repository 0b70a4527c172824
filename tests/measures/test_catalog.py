"""The catalog: complete, printed for people, and the same as in docs/measures.md."""

from dataclasses import fields
from pathlib import Path

import pytest

from cna_viz.config.vocabulary import MEASURES
from cna_viz.errors import UsageError
from cna_viz.measures import describe
from cna_viz.measures.catalog import ENTRIES, table
from cna_viz.measures.entry import Entry

PAGE = Path(__file__).parents[2] / "docs" / "measures.md"


def test_every_measure_has_one_entry_in_the_order_of_the_vocabulary() -> None:
    assert tuple(ENTRIES) == MEASURES


@pytest.mark.parametrize("name", MEASURES)
def test_entries_say_everything_in_plain_words(name: str) -> None:
    entry = ENTRIES[name]
    for field in fields(Entry):
        text = getattr(entry, field.name)
        assert text == text.strip() != ""
        assert "\\" not in text
        assert "$" not in text
    assert entry.asks.endswith("?")


@pytest.mark.parametrize("name", MEASURES)
def test_describe_prints_the_entry(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    describe(name)
    printed = capsys.readouterr().out
    assert printed.startswith(f"{name}\n  asks ")
    flat = " ".join(printed.split())
    for field in fields(Entry):
        assert " ".join(getattr(ENTRIES[name], field.name).split()) in flat
    assert all(len(line) <= 100 for line in printed.splitlines())


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown measure 'raleigh'; choices, nearest first: rayleigh, "):
        describe("raleigh")


def test_the_page_holds_the_table() -> None:
    assert table() in PAGE.read_text(encoding="utf-8"), "docs/measures.md: paste cna_viz.measures.catalog.table()"


def test_the_page_cites_the_criticism() -> None:
    page = PAGE.read_text(encoding="utf-8")
    cited = ("2502.04591", "2512.09890", "2407.11876", "2506.04653", "2502.10818", "2505.15547", "2601.07419")
    assert all(number in page for number in cited)
