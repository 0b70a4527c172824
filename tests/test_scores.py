"""Scores in words."""

import math

import pytest

from cna_viz import scores
from cna_viz.config import vocabulary


def test_every_score_has_words() -> None:
    assert set(scores.WORDS) == set(vocabulary.SCORES)
    assert set(vocabulary.SCORES) >= scores.SHARES
    assert not scores.SHARES & vocabulary.LOWER_IS_BETTER


@pytest.mark.parametrize(
    ("metric", "value", "wanted"),
    [
        ("accuracy", 0.8134, "81.3 %"),
        ("roc_auc", 1.0, "100.0 %"),
        ("nmse", 0.20749, "0.207"),
        ("r2", -0.5, "-0.5"),
        ("accuracy", None, "–"),
        ("nmse", math.nan, "–"),
    ],
)
def test_written(metric: str, value: float | None, wanted: str) -> None:
    assert scores.written(metric, value) == wanted


def test_labels_have_units_and_say_where_less_is_better() -> None:
    assert scores.label("accuracy", "test") == "test accuracy (%)"
    assert scores.label("roc_auc") == "ROC AUC (%)"
    assert scores.label("nmse", "val") == "val NMSE, less is better"
    assert scores.label("r2", "train") == "train R²"
    assert [scores.factor(name) for name in ("macro_f1", "nmse")] == [100, 1]
    assert scores.bounds("accuracy") == (0, 1)
    assert scores.bounds("nmse") == (0, math.inf)
    assert scores.bounds("r2") == (-math.inf, 1)
