"""Statistics of paired runs: mean differences, their intervals, and verdicts that follow from these.

Tables are those of :func:`.comparison.paired_table`: a row per pair, a column per arm, scores such as accuracies from 0
to 1 in its cells. docs/statistics.md says why, and what simulations say of the error rates.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.errors import UsageError, unknown_name
from cna_viz.scores import factor

MARGIN: Final = 0.01
"""Difference below which two arms count as equally good: one point of accuracy, 0.01 of any other score."""
FEWEST: Final = 6
"""Pairs that it takes to call two arms equal."""
UNEVEN: Final = 5
"""Margins from the median from which a pair is uneven: another kind of outcome, such as a collapse."""
ASSURANCE: Final = 0.8
"""Probability with which as many pairs as :func:`seeds_needed` says are enough."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PairedDifference:
    """A mean difference of pairs.

    Attributes:
        pairs: Number of pairs.
        difference: Mean difference.
        low: Lower end of the interval.
        high: Upper end.
        p: p value of the two-sided t test, times the number of comparisons; below 1 - level where, and only where, the
            interval excludes 0.
        effect_size: Cohen's d_z: mean by standard deviation of the differences; infinite where these are all equal.
    """

    pairs: int
    difference: float
    low: float
    high: float
    p: float
    effect_size: float


def compare(table: pd.DataFrame, baseline: str, *, level: float = 0.95, margin: float = MARGIN) -> pd.DataFrame:
    """Compare every arm with one of them, pair by pair.

    Args:
        table: Row per pair, column per arm. Its attribute ``items``, the number of scored nodes or graphs, bounds the
            spread from below.
        baseline: The arm that the others are compared with.
        level: Level of the intervals, for all arms together.
        margin: Difference below which arms count as equally good.

    Returns:
        A row per other arm with the columns of :func:`verdict_table`.

    Raises:
        UsageError: When the arm is unknown, or there are fewer than two pairs.
    """
    if baseline not in table.columns:
        raise unknown_name("arm", baseline, map(str, table.columns))
    samples = {arm: (table[arm] - table[baseline]).to_numpy() for arm in table.columns if arm != baseline}
    rows = verdict_table(samples, table.attrs, level=level, margin=margin).rename_axis("arm")
    rows.attrs |= {"baseline": baseline}
    return rows


def verdict_table(
    samples: Mapping[Any, Array], attrs: Mapping[Any, Any], *, level: float = 0.95, margin: float = MARGIN
) -> pd.DataFrame:
    """Return a row per sample of paired differences: the fields of :class:`PairedDifference` and ``verdict``.

    The intervals hold for all m samples together: each has the level ``1 - (1 - level) / m`` (Bonferroni). Verdicts are
    read off them: ``better`` or ``worse`` where the interval excludes 0 (of an error less is better), ``equal (±1)``
    where it lies within the margin, ``identical`` where no pair differs, else ``inconclusive``, followed by the reason
    if something else than its width stands against "equal": fewer than :data:`FEWEST` pairs, or a pair more than
    :data:`UNEVEN` margins from the median.

    Args:
        samples: Differences by name.
        attrs: Attributes of the table that they come from: ``metric``, accuracy by default, and ``items``, the number
            of scored nodes or graphs. The standard deviation is at least one of these.
        level: Level of the intervals, for all samples together.
        margin: Difference below which arms count as equally good.
    """
    if not margin > 0:
        raise UsageError(f"margin = {margin} is out of range: it must be greater than 0")
    metric, floor = attrs.get("metric", "accuracy"), resolution(attrs)
    found = [difference(values, level, family=len(samples), floor=floor) for values in samples.values()]
    rows = pd.DataFrame(map(vars, found), index=pd.Index(list(samples)))
    if samples:
        rows["verdict"] = [
            _verdict(one, values, margin, metric) for one, values in zip(found, samples.values(), strict=True)
        ]
    rows.attrs |= {**attrs, "metric": metric}
    return rows


def difference(values: Array, level: float = 0.95, *, family: int = 1, floor: float = 0.0) -> PairedDifference:
    r"""Return the mean of paired differences with Student's interval and test.

    .. math:: \bar d \pm t_{1 - \alpha / 2m,\, n - 1} \, s / \sqrt n

    Args:
        values: Differences, one per pair.
        level: :math:`1 - \alpha`, the level for all comparisons of the family together.
        family: Number of comparisons m.
        floor: Smallest standard deviation s, the resolution of the score: a few equal differences don't show that all
            would be.

    Raises:
        UsageError: When there are fewer than two, or one is not finite.
    """
    values = _checked(values)
    mean, count = float(values.mean()), len(values)
    # What rounding leaves of equal values is no spread.
    spread = float(values.std(ddof=1)) if np.ptp(values) > 1e-12 else 0.0
    error = max(spread, floor) / count**0.5
    half = float(stats.t.ppf(1 - (1 - level) / 2 / family, count - 1)) * error
    p = 2 * float(stats.t.sf(abs(mean) / error, count - 1)) if error else float(mean == 0)
    effect = mean / spread if spread else float(np.copysign(np.inf, mean)) if mean else 0.0
    return PairedDifference(count, mean, mean - half, mean + half, min(1.0, family * p), effect)


def resolution(attrs: Mapping[Any, Any]) -> float:
    """Return what one scored node or graph is worth, by the attributes of a paired table; 0 where that is unknown."""
    return 1 / items if (items := attrs.get("items")) else 0.0


def check_pairs(count: int) -> None:
    """Refuse fewer than two pairs, before runs are made for them; raises :class:`~cna_viz.errors.UsageError`."""
    if count < 2:
        raise UsageError(
            f"too few pairs ({count}): an interval needs two, and the verdict that arms are equal {FEWEST}; "
            "run more seeds"
        )


def seeds_needed(values: Array, precision: float, *, level: float = 0.95, family: int = 1) -> int:
    """Return how many pairs an interval of the mean no wider than ± ``precision`` takes, with :data:`ASSURANCE`.

    The spread of new pairs is only known as well as these few tell it: the ratio of the variances of a new and this
    sample has an F distribution. At least two.

    Args:
        values: Differences of the pairs there are.
        precision: Half the width of the interval.
        level: Level of the interval, for all comparisons of the family together.
        family: Number of comparisons.
    """
    values = _checked(values)
    if not precision > 0:
        raise UsageError(f"precision = {precision} is out of range: it must be greater than 0")
    spread, tail = float(values.std(ddof=1)), 1 - (1 - level) / 2 / family

    def half(count: int) -> float:
        larger = stats.f.ppf(ASSURANCE, count - 1, len(values) - 1) ** 0.5
        return float(stats.t.ppf(tail, count - 1) * larger * spread / count**0.5)

    enough = 2
    while half(enough) > precision:
        enough *= 2
    counts = range(enough // 2 + 1, enough + 1) if enough > 2 else range(2, 3)
    return counts[bisect_left(counts, True, key=lambda count: half(count) <= precision)]


def _checked(values: Array) -> Array:
    values = np.asarray(values, dtype=float)
    check_pairs(len(values))
    if not np.isfinite(values).all():
        raise UsageError(
            f"pairs without a score: {int((~np.isfinite(values)).sum())} of {len(values)}, because a run diverged; "
            "leave the arm out, or repeat it with a lower lr"
        )
    return values


def _verdict(found: PairedDifference, values: Array, margin: float, metric: str) -> str:
    if not values.any():
        return "identical"
    if found.low > 0 or found.high < 0:
        return "better" if (found.difference > 0) != (metric in LOWER_IS_BETTER) else "worse"
    if found.pairs < FEWEST:
        return f"inconclusive: too few pairs ({found.pairs} of {FEWEST})"
    uneven = int((abs(values - np.median(values)) > UNEVEN * margin).sum())
    if 0 < uneven < found.pairs / 2:
        return f"inconclusive: uneven pairs ({uneven} of {found.pairs})"
    if -margin < found.low and found.high < margin:
        return f"equal (±{factor(metric) * margin:g})"
    return "inconclusive"
