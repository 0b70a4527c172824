"""Statistics of paired runs: differences with intervals, tests and equivalence.

Tables are those of :func:`.comparison.paired_table`: a row per pair, a column per arm, scores such as accuracies from 0
to 1 in its cells.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
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
RESAMPLES: Final = 9999
"""Number of resamples of bootstrap and permutation test; with fewer possible sign flips, all are taken."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PairedDifference:
    """A mean difference of pairs with its tests.

    Attributes:
        pairs: Number of pairs.
        difference: Mean difference.
        low: Lower end of the bootstrap interval.
        high: Upper end.
        p_flip: p value of the two-sided sign-flip permutation test.
        p_wilcoxon: p value of Wilcoxon's signed-rank test.
        effect_size: Cohen's d_z: mean by standard deviation of the differences; infinite where these are all equal.
        p_equivalence: p value of two one-sided t tests that the difference is as large as the margin.
    """

    pairs: int
    difference: float
    low: float
    high: float
    p_flip: float
    p_wilcoxon: float
    effect_size: float
    p_equivalence: float


def compare(
    table: pd.DataFrame, baseline: str, *, level: float = 0.95, margin: float = MARGIN, seed: int = 0
) -> pd.DataFrame:
    """Compare every arm with one of them, pair by pair.

    Args:
        table: Row per pair, column per arm.
        baseline: The arm that the others are compared with.
        level: Level of intervals and verdicts.
        margin: Difference below which arms count as equally good.
        seed: Seed of the resampling.

    Returns:
        A row per other arm with the fields of :class:`PairedDifference`; ``p_holm``, the p value of the sign-flip test
        after Holm's correction for the number of arms; and ``verdict``: ``better`` (lower, where the metric is an
        error), ``worse``, ``equal (±1)`` or ``inconclusive``. The attribute ``smallest_p`` has the smallest p value
        that so many pairs can have.

    Raises:
        UsageError: When the arm is unknown, or there are fewer than two pairs.
    """
    if baseline not in table.columns:
        raise unknown_name("arm", baseline, map(str, table.columns))
    samples = {arm: (table[arm] - table[baseline]).to_numpy() for arm in table.columns if arm != baseline}
    metric = table.attrs.get("metric", "accuracy")
    rows = verdict_table(samples, level=level, margin=margin, metric=metric, seed=seed).rename_axis("arm")
    rows.attrs |= {**table.attrs, "baseline": baseline, "smallest_p": smallest_p(len(table))}
    return rows


def verdict_table(
    samples: Mapping[Any, Array],
    *,
    level: float = 0.95,
    margin: float = MARGIN,
    metric: str = "accuracy",
    seed: int = 0,
) -> pd.DataFrame:
    """Return a row per sample of paired differences with the columns of :func:`compare`.

    Holm's correction is for all samples; of an error less is better.
    """
    from statsmodels.stats.multitest import multipletests

    found = [vars(difference(values, level, margin, seed)) for values in samples.values()]
    rows = pd.DataFrame(found, index=pd.Index(list(samples)))
    if samples:
        rows["p_holm"] = multipletests(rows["p_flip"], method="holm")[1]
        rows["verdict"] = [_verdict(row, 1 - level, margin, metric) for _, row in rows.iterrows()]
    rows.attrs["metric"] = metric
    return rows


def difference(values: Array, level: float = 0.95, margin: float = MARGIN, seed: int = 0) -> PairedDifference:
    """Return the statistics of paired differences.

    Raises:
        UsageError: When there are fewer than two, one is not finite, or the margin is not greater than 0.
    """
    values = _checked(values)
    if not margin > 0:
        raise UsageError(f"margin = {margin} is out of range: it must be greater than 0")
    spread, mean = float(values.std(ddof=1)), float(values.mean())
    low, high = _bootstrap(values, level, seed)
    return PairedDifference(
        pairs=len(values),
        difference=mean,
        low=low,
        high=high,
        p_flip=_sign_flip(values, seed),
        p_wilcoxon=1.0 if not values.any() else float(stats.wilcoxon(values).pvalue),
        effect_size=mean / spread if spread else float(np.copysign(np.inf, mean)) if mean else 0.0,
        p_equivalence=_equivalence(values, margin),
    )


def check_pairs(count: int) -> None:
    """Refuse fewer than two pairs, before runs are made for them; raises :class:`~cna_viz.errors.UsageError`."""
    if count < 2:
        raise UsageError(
            f"too few pairs ({count}): an interval needs two, and a sign-flip test six to fall below 5 %; "
            "run more seeds"
        )


def smallest_p(pairs: int) -> float:
    """Return the smallest possible two-sided p value of a sign-flip test, 0.0625 with five pairs."""
    return min(1.0, 2.0 ** (1 - pairs))


def pairs_needed(arms: int, level: float) -> int:
    """Return the fewest pairs with which one of so many arms can be significant after Holm's correction."""
    pairs = 2
    while max(1, arms) * smallest_p(pairs) > level:
        pairs += 1
    return pairs


def seeds_needed(values: Array, precision: float, *, level: float = 0.95) -> int:
    """Return how many pairs it takes until the interval of the mean difference is no wider than ± ``precision``.

    From the spread of these pairs, with Student's t. At least two.
    """
    values = _checked(values)
    if not precision > 0:
        raise UsageError(f"precision = {precision} is out of range: it must be greater than 0")
    spread, tail = float(values.std(ddof=1)), (1 + level) / 2
    count = max(2, ceil(float(stats.norm.ppf(tail) * spread / precision) ** 2))  # Student's t asks for a few more
    while stats.t.ppf(tail, count - 1) * spread / count**0.5 > precision:
        count += 1
    return count


def _checked(values: Array) -> Array:
    values = np.asarray(values, dtype=float)
    check_pairs(len(values))
    if not np.isfinite(values).all():
        raise UsageError(
            f"pairs without an accuracy: {int((~np.isfinite(values)).sum())} of {len(values)}, because a run diverged; "
            "leave the arm out, or repeat it with a lower lr"
        )
    return values


def _bootstrap(values: Array, level: float, seed: int) -> tuple[float, float]:
    """Return the bias-corrected and accelerated bootstrap interval of the mean; a point where all values are equal."""
    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    low, high = np.nan, np.nan
    for method in ("BCa", "percentile"):
        if np.isnan(low) or np.isnan(high):  # as BCa's are where nearly all resamples are the same
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore", stats.DegenerateDataWarning)
                found = stats.bootstrap(
                    (values,),
                    np.mean,
                    n_resamples=RESAMPLES,
                    confidence_level=level,
                    method=method,
                    rng=np.random.default_rng(seed),
                )
            low, high = found.confidence_interval
    return float(low), float(high)


def _sign_flip(values: Array, seed: int) -> float:
    if not values.any():
        return 1.0
    found = stats.permutation_test(
        (values,),
        _mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def _mean(x: Array, axis: int = -1) -> Any:
    return np.mean(x, axis=axis)


def _equivalence(values: Array, margin: float) -> float:
    if values.std(ddof=1) < np.finfo(float).tiny:
        return 0.0 if abs(values[0]) < margin else 1.0
    from statsmodels.stats.weightstats import DescrStatsW

    return float(DescrStatsW(values).ttost_mean(-margin, margin)[0])


def _verdict(row: "pd.Series[Any]", alpha: float, margin: float, metric: str) -> str:
    if row["p_equivalence"] < alpha:
        return f"equal (±{factor(metric) * margin:g})"
    if row["p_holm"] < alpha:
        return "better" if (row["difference"] > 0) != (metric in LOWER_IS_BETTER) else "worse"
    return "inconclusive"
