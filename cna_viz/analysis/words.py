"""How sentences write differences: in points where the score is a share, with a sign, with their interval."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import pandas as pd

from cna_viz.scores import SHARES, WORDS, factor


class Interval(Protocol):
    """A difference of scores with the ends of its interval."""

    @property
    def difference(self) -> float:
        """Mean difference."""

    @property
    def low(self) -> float:
        """Lower end."""

    @property
    def high(self) -> float:
        """Upper end."""


class Judged(NamedTuple):
    """A difference with its interval and its verdict in one word: better, worse, equal or undecided."""

    difference: float
    low: float
    high: float
    verdict: str
    metric: str = "accuracy"


def judged(found: pd.DataFrame) -> dict[str, Judged]:
    """Return the rows of a table of differences with verdicts by their names.

    Args:
        found: As :func:`~cna_viz.analysis.statistics.paired.with_verdicts` returns it.
    """
    metric = metric_of(found)
    rows = zip(found["difference"], found["low"], found["high"], found["verdict"], strict=True)
    return {
        str(name): Judged(float(difference), float(low), float(high), str(verdict).split()[0], metric)
        for name, (difference, low, high, verdict) in zip(found.index, rows, strict=True)
    }


def metric_of(table: pd.DataFrame) -> str:
    """Return the score in a table of pairs or of differences; accuracy where the table does not say."""
    return str(table.attrs.get("metric", "accuracy"))


def with_verdict(rows: dict[str, Judged], verdict: str) -> dict[str, Judged]:
    """Return the rows that have this verdict."""
    return {name: row for name, row in rows.items() if row.verdict == verdict}


def signed(value: float, decimals: int = 1) -> str:
    """Return a number with its sign, a real minus, and no minus before a zero."""
    text = f"{value:+.{decimals}f}"
    return (text.replace("-", "+") if float(text) == 0 else text).replace("-", "−")


def points(found: Interval) -> str:
    """Return a difference with its interval: ``+2.1 points [+0.9, +3.2]``, or ``−0.0210 NMSE [−0.0320, −0.0090]``."""
    scale, unit, decimals = _unit(found)
    low, high = signed(scale * found.low, decimals), signed(scale * found.high, decimals)
    return f"{signed(scale * found.difference, decimals)} {unit} [{low}, {high}]"


def size(found: Interval) -> str:
    """Return how large a difference is, without its sign: ``2.1 points [0.9, 3.2]``, ends turned with the sign."""
    scale, unit, decimals = _unit(found)
    turn = -scale if found.difference < 0 else scale
    low, high = sorted((turn * found.low, turn * found.high))
    zero = f"{0:.{decimals}f}"
    ends = f"[{low:.{decimals}f}, {high:.{decimals}f}]".replace(f"-{zero}", zero).replace("-", "−")
    return f"{abs(scale * found.difference):.{decimals}f} {unit} {ends}"


def amount(difference: float, metric: str) -> str:
    """Return a difference that somebody chose: ``1 point``, ``0.5 points``, ``0.01 NMSE``."""
    value = factor(metric) * difference
    return f"{value:g} {('point' if value == 1 else 'points') if metric in SHARES else WORDS[metric]}"


def extent(difference: float, metric: str) -> str:
    """Return a difference that was found, without its sign and rounded: ``2.0 points``, ``0.0210 NMSE``."""
    share = metric in SHARES
    return f"{abs(factor(metric) * difference):.{1 if share else 4}f} {'points' if share else WORDS[metric]}"


def _unit(found: Interval) -> tuple[float, str, int]:
    """Return factor, name and decimals of a difference; of what does not say its metric those of an accuracy."""
    metric = getattr(found, "metric", "accuracy")
    return (100.0, "points", 1) if metric in SHARES else (1.0, WORDS[metric], 4)


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence lists them: ``a, b and c``."""
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(number: int, word: str) -> str:
    """Return a number with its noun: ``1 run``, ``2 runs``."""
    return f"{number} {word}{'' if number == 1 else 's'}"
