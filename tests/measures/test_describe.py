"""The table of measures: complete, printed for people, and the same as in docs/measures.md."""

from dataclasses import fields
from pathlib import Path

import pytest

from cna_viz.config.measures import MEASURES, Measure
from cna_viz.errors import UsageError
from cna_viz.measures import describe

PAGE = Path(__file__).parents[2] / "docs" / "measures.md"
PRINTED = ("question", "formula", "source", "range", "scale", "degenerate", "trust", "criticism", "cost")


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_rows_say_everything_in_plain_words(measure: Measure) -> None:
    for field in fields(Measure)[:-2]:
        text = getattr(measure, field.name)
        assert text == text.strip() != ""
        assert "\\" not in text
        assert "$" not in text
        assert "{" not in text or field.name == "formula"
    assert measure.question.endswith("?")


@pytest.mark.parametrize("name", MEASURES)
def test_describe_prints_the_row(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    describe(name)
    printed = capsys.readouterr().out
    assert printed.startswith(f"{name}\n  label ")
    flat = " ".join(printed.split())
    for field in PRINTED:
        assert " ".join(getattr(MEASURES[name], field).split()) in flat
    assert all(len(line) <= 100 for line in printed.splitlines())


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown measure 'raleigh'; choices, nearest first: rayleigh, "):
        describe("raleigh")


def test_the_page_cites_the_criticism() -> None:
    page = PAGE.read_text(encoding="utf-8")
    cited = ("2502.04591", "2512.09890", "2407.11876", "2506.04653", "2502.10818", "2505.15547", "2601.07419")
    assert all(number in page for number in cited)
