"""Differences, ends and counts in words, at their edges."""

import numpy as np
import pandas as pd
import pytest

from cna_viz.analysis import words
from cna_viz.analysis.words import JudgedDifference

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(0.0, 1, "+0.0"), (-0.04, 1, "+0.0"), (-0.05, 1, "−0.1"), (2.14, 1, "+2.1"), (-3, 0, "−3"), (NAN, 1, "undefined")],
)
def test_signed(value: float, decimals: int, text: str) -> None:
    assert words.signed(value, decimals) == text


@pytest.mark.parametrize(
    ("found", "text", "size"),
    [
        ((0.021, 0.009, 0.032), "+2.1 points [+0.9, +3.2]", "2.1 points [0.9, 3.2]"),
        ((-0.021, -0.032, 0.009), "−2.1 points [−3.2, +0.9]", "2.1 points [−0.9, 3.2]"),
        ((0.0, 0.0, 0.0), "+0.0 points [+0.0, +0.0]", "0.0 points [0.0, 0.0]"),
        ((0.02, NAN, NAN), "+2.0 points", "2.0 points"),  # of a single pair
        ((NAN, NAN, NAN), "undefined", "undefined"),
    ],
)
def test_differences(found: tuple[float, float, float], text: str, size: str) -> None:
    assert words.points(JudgedDifference(*found)) == text
    assert words.size(JudgedDifference(*found)) == size


def test_differences_of_errors_have_no_points() -> None:
    found = JudgedDifference(-0.021, -0.032, -0.009, "better", "nmse")
    assert words.points(found) == "−0.0210 NMSE [−0.0320, −0.0090]"
    assert words.points(found, unit=False) == "−0.0210 [−0.0320, −0.0090]"
    assert words.extent(-0.021, "nmse") == "0.0210 NMSE"


@pytest.mark.parametrize(
    ("margin", "metric", "text"),
    [
        (0.01, "accuracy", "1 point"),
        (0.005, "accuracy", "0.5 points"),
        (0.02, "roc_auc", "2 points"),
        (1, "r2", "1 R²"),
    ],
)
def test_margins(margin: float, metric: str, text: str) -> None:
    assert words.amount(margin, metric) == text


@pytest.mark.parametrize(
    ("scores", "text"),
    [
        ({"gat": 0.6, "gcn": 0.8}, "from 60.0 % (gat) to 80.0 % (gcn)"),
        ({"gat": 0.6, "sage": 0.6, "gcn": 0.8}, "from 60.0 % (gat) to 80.0 % (gcn)"),
        ({"gat": 0.6, "gcn": 0.6}, "60.0 % throughout"),
        ({"gat": 0.6001, "gcn": 0.6004}, "60.0 % throughout"),
        ({"gat": 0.6}, "60.0 % (gat)"),
    ],
)
def test_spans(scores: dict[str, float], text: str) -> None:
    assert words.span("accuracy", scores) == text


@pytest.mark.parametrize(
    ("names", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")]
)
def test_lists(names: list[str], text: str) -> None:
    assert words.listed(names) == text


@pytest.mark.parametrize(
    ("counts", "text"),
    [([1], "1 run"), ([3], "3 runs"), ([1, 1], "1 run each"), ([3, 3], "3 runs each"), ([3, 1, 2], "1 to 3 runs each")],
)
def test_runs_each(counts: list[int], text: str) -> None:
    assert words.runs_each(counts) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs")])
def test_counts(number: int, text: str) -> None:
    assert words.counted(number, "run") == text


def test_verdicts_have_a_phrase_each_in_their_order() -> None:
    verdicts = ["inconclusive: too few pairs (3 of 6)", "equal (±1)", "better", "better", "worse"]
    found = pd.DataFrame(
        {"difference": np.arange(5) / 100, "low": 0.0, "high": 0.1, "verdict": verdicts}, index=list("abcde")
    )
    rows = words.judged_rows(found)
    assert [text.partition(": ")[0] for text in words.by_verdict(rows, 0.01, "relu")] == [
        "better than relu",
        "worse than relu",
        "equal to relu within 1 point",
        "inconclusive, too few pairs (3 of 6)",
    ]
    assert words.by_verdict(words.with_verdict(rows, "better"), 0.01) == [
        "better: c (+2.0 points [+0.0, +10.0]) and d (+3.0 points [+0.0, +10.0])"
    ]
    assert words.by_verdict({}, 0.01) == []
