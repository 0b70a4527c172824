"""Differences and verdicts in words: shares in points, with sign and interval."""

import math
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import pandas as pd

from cna_viz.scores import SHARES, WORDS, factor, written


class JudgedDifference(NamedTuple):
    """A difference of scores with its interval, its verdict (one of :data:`VERDICTS`) and a reason for the latter."""

    difference: float
    low: float
    high: float
    verdict: str = ""
    metric: str = "accuracy"
    reason: str = ""


VERDICTS: Final = ("better", "worse", "equal", "identical", "inconclusive")

Rows = Mapping[str, JudgedDifference]


def judged_rows(found: pd.DataFrame) -> dict[str, JudgedDifference]:
    """Return the rows of :func:`~cna_viz.analysis.statistics.paired.verdict_table` by name."""
    metric = metric_of(found)
    rows = zip(found.index, found["difference"], found["low"], found["high"], found["verdict"], strict=True)
    judged = {}
    for name, difference, low, high, words in rows:
        verdict, _, reason = str(words).partition(": ")
        ends = float(difference), float(low), float(high)
        judged[str(name)] = JudgedDifference(*ends, verdict.split()[0], metric, reason)
    return judged


def metric_of(table: pd.DataFrame) -> str:
    """Return the score in a table of pairs or differences; accuracy by default."""
    return str(table.attrs.get("metric", "accuracy"))


def with_verdict(rows: Rows, *verdicts: str) -> dict[str, JudgedDifference]:
    """Return the rows that have one of these verdicts."""
    return {name: row for name, row in rows.items() if row.verdict in verdicts}


def by_verdict(rows: Rows, margin: float, baseline: str = "") -> list[str]:
    """Return a phrase per verdict, such as ``better than relu: cna (+2.1 points [+0.9, +3.2]) and n (…)``."""
    than, to = (f" {word} {baseline}" if baseline else "" for word in ("than", "to"))
    groups: dict[str, list[str]] = {}
    for verdict in VERDICTS:
        for name, row in with_verdict(rows, verdict).items():
            groups.setdefault(verdict_words(row, margin, than, to), []).append(f"{name} ({points(row)})")
    return [f"{words}: {listed(members)}" for words, members in groups.items()]


def verdict_words(row: JudgedDifference, margin: float, than: str = "", to: str = "") -> str:
    """Return ``better``, ``worse``, ``equal within 1 point``, ``identical in every pair`` or ``inconclusive``.

    The last with its reason, such as ``inconclusive, too few pairs (3 of 6)``.
    """
    if row.verdict == "equal":
        return f"equal{to} within {amount(margin, row.metric)}"
    if row.verdict == "identical":
        return f"identical{to} in every pair"
    if row.verdict == "inconclusive":
        return f"inconclusive, {row.reason}" if row.reason else row.verdict
    return f"{row.verdict}{than}"


def interval_words(family: int) -> str:
    """Return what the intervals of so many differences are: ``95 % intervals by Student's t, for all 7 together``."""
    return "95 % intervals by Student's t" + (f", for all {family} together" if family > 1 else "")


def signed(value: float, decimals: int = 1) -> str:
    """Return a number with its sign, a real minus, and no minus before a zero; ``undefined`` for NaN."""
    if math.isnan(value):
        return "undefined"
    text = f"{value:+.{decimals}f}"
    return (text.replace("-", "+") if float(text) == 0 else text).replace("-", "−")


def points(found: JudgedDifference, unit: bool = True) -> str:
    """Return a difference with its interval: ``+2.1 points [+0.9, +3.2]``, or ``−0.0210 NMSE [−0.0320, −0.0090]``.

    A single pair has no interval.
    """
    if math.isnan(found.difference):
        return "undefined"
    scale, word, decimals = _unit(found.metric)
    mean, low, high = (signed(scale * value, decimals) for value in found[:3])
    ends = "" if math.isnan(found.low) or math.isnan(found.high) else f" [{low}, {high}]"
    return f"{mean}{f' {word}' if unit else ''}{ends}"


def size(found: JudgedDifference) -> str:
    """Return how large a difference is, without its sign: ``2.1 points [0.9, 3.2]``, ends turned with the sign."""
    turn = -1 if found.difference < 0 else 1
    low, high = sorted((turn * found.low, turn * found.high))
    return points(found._replace(difference=turn * found.difference, low=low, high=high)).replace("+", "")


def amount(difference: float, metric: str) -> str:
    """Return a chosen difference, such as a margin: ``1 point``, ``0.5 points``, ``0.01 NMSE``."""
    value = factor(metric) * difference
    return f"{value:g} {('point' if value == 1 else 'points') if metric in SHARES else WORDS[metric]}"


def extent(difference: float, metric: str) -> str:
    """Return a measured difference without its sign: ``2.0 points``, ``0.0210 NMSE``."""
    scale, word, decimals = _unit(metric)
    return f"{abs(scale * difference):.{decimals}f} {word}"


def span(metric: str, scores: Mapping[str, float]) -> str:
    """Return the lowest and the highest of some scores by name: ``from 60.0 % (gat) to 80.0 % (gcn)``.

    At a tie for an end the first has it; scores that are written alike are alike ``throughout``.
    """
    ends = [pick(scores, key=scores.__getitem__) for pick in (min, max)]
    least, most = (written(metric, scores[name]) for name in ends)
    if least == most:
        return f"{least} throughout" if len(scores) > 1 else f"{least} ({ends[0]})"
    return f"from {least} ({ends[0]}) to {most} ({ends[1]})"


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence lists them: ``a, b and c``."""
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(number: int, word: str) -> str:
    """Return a number with its noun: ``1 run``, ``2 runs``, ``1,000 classes``."""
    return f"{number:,} {word}{'' if number == 1 else 'es' if word.endswith('s') else 's'}"


def runs_each(counts: Iterable[int]) -> str:
    """Return over how many runs some means are: ``1 run each``, ``2 to 3 runs each``, ``3 runs`` for a single mean."""
    known = sorted(counts)
    if known[0] < known[-1]:
        return f"{known[0]} to {known[-1]} runs each"
    return counted(known[0], "run") + (" each" if len(known) > 1 else "")


def _unit(metric: str) -> tuple[float, str, int]:
    """Return factor, name and decimals of a difference."""
    return (100.0, "points", 1) if metric in SHARES else (1.0, WORDS[metric], 4)
