"""Names and formats of scores: shares in per cent, everything else as it is."""

import math
from typing import Final

from cna_viz.config.vocabulary import LOWER_IS_BETTER, SCORES

WORDS: Final = {"accuracy": "accuracy", "macro_f1": "macro F1", "roc_auc": "ROC AUC", "nmse": "NMSE", "r2": "R²"}
"""Display names of all scores."""
SHARES: Final = frozenset({"accuracy", "macro_f1", "roc_auc"})
"""Scores from 0 to 1, written in per cent; differences of them are points."""


def recorded(task: str, metric: str) -> tuple[str, ...]:
    """Return the scores of a run on a dataset with this task and metric, in the order of the vocabulary."""
    classes = {"accuracy", "macro_f1", metric}
    return tuple(name for name in SCORES if name in ({"nmse", "r2"} if task == "node-regression" else classes))


def factor(metric: str) -> float:
    """Return the factor of a score for display."""
    return 100.0 if metric in SHARES else 1.0


def bounds(metric: str) -> tuple[float, float]:
    """Return the possible range of a score, to clip intervals."""
    if metric in SHARES:
        return 0.0, 1.0
    return (0.0, math.inf) if metric in LOWER_IS_BETTER else (-math.inf, 1.0)


def label(metric: str, split: str = "") -> str:
    """Return an axis title, such as ``test accuracy (%)``; it says if less is better."""
    note = " (%)" if metric in SHARES else ", less is better" if metric in LOWER_IS_BETTER else ""
    return f"{split} {WORDS[metric]}{note}".strip()


def written(metric: str, value: float | None) -> str:
    """Return a score for display: ``81.3 %``, ``0.207``, or ``–`` if there is none."""
    if value is None or math.isnan(value):
        return "–"
    return f"{100 * value:.1f} %" if metric in SHARES else f"{value:.3g}"
