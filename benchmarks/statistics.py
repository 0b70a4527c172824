"""What the intervals and verdicts of comparisons keep in simulation: seeded, and the same on every machine."""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cna_viz.analysis.statistics.paired import difference, seeds_needed, verdict_table
from cna_viz.analysis.tables.groups import split_effect

Sampler = Callable[[np.random.Generator, int], NDArray[np.float64]]
DRAWS: Final = 4000
"""Samples per cell: a share of 95 % is then known to ±0.7 points."""
PAIRS: Final = (3, 5, 10, 20)
SPREAD: Final = 0.01
"""Standard deviation of the differences, one point."""
ITEMS: Final = {"items": 500}


def normal(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return differences with mean 0."""
    return rng.normal(0, SPREAD, count)


def exponential(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return skewed differences with mean 0."""
    return rng.exponential(SPREAD, count) - SPREAD


def collapsing(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return differences of 0.2 points or less, and of -50 points for one seed in five."""
    return np.where(rng.random(count) < 0.2, -0.5, 0.0) + rng.normal(0, 0.002, count)


def crossed(rng: np.random.Generator, splits: int, seeds: int) -> NDArray[np.float64]:
    """Return differences with mean 0 of several seeds on each of several splits, which matter as much as the seeds."""
    return rng.normal(0, SPREAD, (splits, 1)) + rng.normal(0, SPREAD, (splits, seeds))


def coverage(sample: Sampler, pairs: int) -> float:
    """Return how often the interval of a difference contains its true mean, 0."""
    rng = np.random.default_rng(pairs)
    found = (difference(sample(rng, pairs)) for _ in range(DRAWS))
    return float(np.mean([one.low <= 0 <= one.high for one in found]))


def family_coverage(pairs: int, arms: int = 7) -> float:
    """Return how often all intervals of so many arms, which share a baseline, contain the true 0 together."""
    rng = np.random.default_rng(pairs)
    right = []
    for _ in range(DRAWS // 4):
        baseline = normal(rng, pairs)
        rows = verdict_table({arm: normal(rng, pairs) - baseline for arm in range(arms)}, {})
        right.append(bool(((rows["low"] <= 0) & (rows["high"] >= 0)).all()))
    return float(np.mean(right))


def called_equal(sample: Sampler, pairs: int) -> float:
    """Return how often a difference is called equal within one point."""
    rng = np.random.default_rng(pairs)
    found = (verdict_table({"arm": sample(rng, pairs)}, ITEMS)["verdict"].iloc[0] for _ in range(DRAWS // 2))
    return float(np.mean([verdict.startswith("equal") for verdict in found]))


def crossed_coverage(splits: int = 3, seeds: int = 5, *, averaged: bool) -> float:
    """Return how often the interval of splits times seeds contains the true 0, with seeds averaged or as pairs."""
    rng, right = np.random.default_rng(splits), []
    for _ in range(DRAWS):
        values = crossed(rng, splits, seeds)
        found = difference(values.mean(axis=1) if averaged else values.ravel())
        right.append(found.low <= 0 <= found.high)
    return float(np.mean(right))


def split_coverage(seeds: int) -> float:
    """Return how often the interval of Welch contains the true 0 between two splits, one of which varies more."""
    rng, right = np.random.default_rng(seeds), []
    for _ in range(DRAWS):
        found = split_effect(pd.Series(normal(rng, seeds)), pd.Series(3 * normal(rng, seeds)))
        right.append(found.low <= 0 <= found.high)
    return float(np.mean(right))


def enough(pairs: int, precision: float = 0.005) -> float:
    """Return how often the pairs that so many ask for give an interval as narrow as the precision."""
    rng, right = np.random.default_rng(pairs), []
    for _ in range(DRAWS // 8):
        found = difference(normal(rng, seeds_needed(normal(rng, pairs), precision)))
        right.append((found.high - found.low) / 2 <= precision)
    return float(np.mean(right))


def table() -> pd.DataFrame:
    """Return the shares with the bounds that they must keep, NaN where there is none."""
    rows: list[tuple[str, int, float, float, float]] = []
    for count in PAIRS:
        rows.append(("coverage, normal differences", count, coverage(normal, count), 0.93, 0.97))
        rows.append(("coverage, exponential differences", count, coverage(exponential, count), np.nan, np.nan))
        rows.append(("coverage of 7 arms together", count, family_coverage(count), 0.93, 1.0))
        rows.append(("coverage, two splits (Welch)", count, split_coverage(count), 0.93, 0.98))
        rows.append(("pairs asked for are enough", count, enough(count), 0.78, 1.0))
    for count in (3, 5, 6, 10, 20):
        bound = 0.0 if count < 6 else 0.8**count + 0.03
        rows.append(("rare collapse called equal", count, called_equal(collapsing, count), 0.0, bound))
    for name, averaged in (("averaged within the split", True), ("taken for pairs", False)):
        low = 0.93 if averaged else np.nan
        rows.append((f"coverage, 3 splits x 5 seeds, {name}", 15, crossed_coverage(averaged=averaged), low, low + 0.04))
    return pd.DataFrame(rows, columns=["what", "pairs", "share", "at least", "at most"])
