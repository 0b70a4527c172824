"""Errors for people: what was wrong and what to do instead, nearest first."""

import pytest

from cna_viz.errors import CnaVizError, DataError, RecordError, ReportError, UsageError, nearest_first, unknown_name


def test_exit_codes() -> None:
    assert UsageError.exit_code == 2
    assert {cls.exit_code for cls in (CnaVizError, DataError, RecordError, ReportError)} == {1}
    assert all(issubclass(cls, CnaVizError) for cls in (UsageError, DataError, RecordError, ReportError))
    assert not issubclass(CnaVizError, ValueError)  # pydantic would swallow it


@pytest.mark.parametrize(
    ("value", "choices", "wanted"),
    [
        ("coar", ["digits", "cora-full", "cora"], ["cora", "cora-full", "digits"]),
        ("CORA", ["citeseer", "cora"], ["cora", "citeseer"]),
        ("zz", ["b", "a", "c"], ["a", "b", "c"]),  # nothing alike: alphabetical
        ("", ["b", "a"], ["a", "b"]),
        ("a", [], []),
    ],
)
def test_nearest_first(value: str, choices: list[str], wanted: list[str]) -> None:
    before = list(choices)
    assert nearest_first(value, choices) == wanted
    assert choices == before


def test_exact_name_is_nearest() -> None:
    names = ["relu", "rational", "cna", "none"]
    for name in names:
        assert nearest_first(name, names)[0] == name


def test_unknown_name() -> None:
    error = unknown_name("slot", "rely", iter(["cna", "relu"]), "More\n  in the README.")
    assert isinstance(error, UsageError)
    assert str(error) == "unknown slot 'rely'; choices, nearest first: relu, cna. More in the README."
    assert str(unknown_name("slot", "x", [])) == "unknown slot 'x'; choices, nearest first: none."


def test_value_of_several_lines_stays_on_one() -> None:
    assert "\n" not in str(unknown_name("slot", "a\nb", ["cna"]))
    assert "'a\\nb'" in str(unknown_name("slot", "a\nb", ["cna"]))


def test_what_was_said_at_length_is_cut() -> None:
    assert len(str(unknown_name("dataset", "x" * 100_000, ["cora"]))) < 200
