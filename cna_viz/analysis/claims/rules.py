"""When an interval speaks for a claim, when against it, and the verdict of two protocols together.

A claim is met by the quantities in a region R around the published quantity q, with tolerance τ: [q − τ, ∞) for the
bound ``at least``, (−∞, q + τ] for ``at most``, [q − τ, q + τ] for ``about``. The runs give the mean of the quantity
over seeds and its 95 % interval. Under one protocol, with at least five seeds, the claim *holds* when the whole
interval lies in R, *fails* when it lies wholly outside, and is *undecided* otherwise, as it is with fewer seeds. It is
*untestable* where runs are missing, failed or diverged, or were made with fewer epochs than the claim asks for.

A true quantity at the border of R or beyond therefore holds in at most 2.5 % of ledgers, where the quantity is normal
over seeds; ``benchmarks/claims.py`` has the error rates. The arms are paired by seed; arms on two splits are no pairs,
and the interval is then Welch's. Trends are ratios, and all of this is done with their logarithms: q − τ is q / τ. The
fair protocol decides, and the claim's own one is asked where the fair one fails; docs/claims.md has the table.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from cna_viz.analysis.claims.kinds import Trend
from cna_viz.analysis.claims.model import Trained
from cna_viz.analysis.statistics.intervals import Interval, confidence_interval
from cna_viz.analysis.statistics.welch import welch_interval

Outcome = Literal["holds", "fails", "undecided", "untestable"]
Verdict = Literal["reproduced", "only under its own split", "not reproduced", "undecided", "cannot be tested here"]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)

SEEDS: Final = 5
"""Fewest seeds for a verdict."""


@dataclass(frozen=True)
class Region:
    """The quantities that meet a claim: from ``low`` to ``high``, both included, in the unit of the claim."""

    low: float
    high: float


def region(claim: Trained) -> Region:
    """Return which quantities meet the claim."""
    q, tolerance = claim.quantity, claim.tolerance
    ratio = isinstance(claim, Trend)
    below, above = (q / tolerance, q * tolerance) if ratio else (q - tolerance, q + tolerance)
    return Region(
        low=(0.0 if ratio else -math.inf) if claim.bound == "at most" else below,
        high=math.inf if claim.bound == "at least" else above,
    )


def interval_of(claim: Trained, arms: Sequence[ArrayLike], *, paired: bool = True) -> Interval:
    """Return mean and 95 % interval of the quantity over at least two seeds; geometric where it is a ratio.

    Args:
        claim: The claim.
        arms: Values of the arm, and of the baseline where there is one, in the order of the seeds.
        paired: Whether the two are pairs (Student's t) or not (Welch).
    """
    ratio = isinstance(claim, Trend)
    arm, *others = (np.log(values) if ratio else np.asarray(values, dtype=float) for values in arms)
    found = welch_interval(arm, others[0]) if others and not paired else confidence_interval(arm - sum(others))
    if ratio:
        mean, low, high = np.exp([found.mean, found.low, found.high]).tolist()
        return Interval(mean, low, high, found.count)
    least = -100 if others else 0
    return Interval(found.mean, max(found.low, least), min(found.high, 100), found.count)


def outcome(claim: Trained, interval: Interval) -> tuple[Outcome, str]:
    """Return whether the claim holds by the rules of this module, and why."""
    if interval.count < SEEDS:
        return "undecided", f"undecided: {interval.count} of {SEEDS} seeds"
    meets = region(claim)
    needs = wanted(claim, meets.low, meets.high)
    if meets.low <= interval.low and interval.high <= meets.high:
        return "holds", f"the whole interval is {needs}"
    if interval.high < meets.low:
        return "fails", f"the interval ends at {amount(interval.high, claim.unit)}, but the claim needs {needs}"
    if interval.low > meets.high:
        return "fails", f"the interval begins at {amount(interval.low, claim.unit)}, but the claim needs {needs}"
    return "undecided", f"only a part of the interval is {needs}"


def verdict(fair: Outcome, own: Outcome | None) -> Verdict:
    """Combine the outcomes under both protocols; ``own`` is None where there is no such protocol."""
    if fair == "holds":
        return "reproduced"
    decides = own if fair == "fails" and own is not None else fair
    if decides == "undecided":
        return "undecided"
    if decides == "untestable":
        return "cannot be tested here"
    return "only under its own split" if decides == "holds" else "not reproduced"


def amount(value: float, unit: str) -> str:
    """Return a measured quantity without its unit: ``87.3`` %, ``−2.1`` points, ``0.81`` or ``4,700`` times."""
    if unit == "times":
        return f"{value:.2g}" if value < 10 else f"{value:,.0f}"
    text = f"{value:+.1f}" if unit == "points" else f"{value:.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def exact(claim: Trained, value: float) -> str:
    """Return a quantity computed from published numbers, which have at most two decimals."""
    if isinstance(claim, Trend):
        return amount(value, claim.unit)
    sign = "+" if len(claim.arms) > 1 and value > 0 else ""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return sign + ("0" if text == "-0" else text.replace("-", "−"))


def wanted(claim: Trained, low: float, high: float) -> str:
    """Return in words which quantities meet a claim: those from ``low`` to ``high``."""
    if math.isinf(high):
        return f"at least {exact(claim, low)} {claim.unit}"
    if claim.bound == "at most":
        return f"at most {exact(claim, high)} {claim.unit}"
    return f"from {exact(claim, low)} to {exact(claim, high)} {claim.unit}"
