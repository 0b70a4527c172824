"""When an interval speaks for a claim, when against it, and the verdict of two protocols together.

A claim is met by the quantities in a region R around the published quantity q, with tolerance τ: [q − τ, ∞) for the
bound ``at least``, (−∞, q + τ] for ``at most``, [q − τ, q + τ] for ``about``. The runs give the mean of the quantity
over seeds and its 95 % interval (Student's t). Under one protocol the claim

- *holds* when the whole interval lies in R. The claim gets the benefit of the doubt: it also holds when the interval
  only reaches into R, if (a) half its width is at most the precision asked for and (b), where an effect larger than τ
  was published and the bound is not ``about``, the interval does not contain "no effect";
- *fails* when the interval lies outside R, however wide it is;
- is *undecided* in every other case: too few seeds for their spread. So are missing, failed and diverged runs.

Trends are ratios. All of this is done with their logarithms: q − τ is then q / τ, and no effect is a ratio of 1. The
fair protocol decides, and the claim's own one is asked where the fair one fails; docs/claims.md has the table.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from cna_viz.analysis.claims.kinds import Trend
from cna_viz.analysis.claims.model import Trained
from cna_viz.analysis.statistics.intervals import Interval, confidence_interval

Outcome = Literal["holds", "fails", "undecided"]
Verdict = Literal["reproduced", "only under its own split", "not reproduced", "cannot be tested here"]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)


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


def interval_of(claim: Trained, values: ArrayLike) -> Interval:
    """Return mean and 95 % interval of the quantity over at least two seeds; geometric where it is a ratio."""
    if isinstance(claim, Trend):
        logs = confidence_interval(np.log(values))
        mean, low, high = np.exp([logs.mean, logs.low, logs.high]).tolist()
        return Interval(mean, low, high, logs.count)
    return confidence_interval(values, bounds=(0, 100) if claim.unit == "%" else (-100, 100))


def outcome(claim: Trained, interval: Interval) -> tuple[Outcome, str]:
    """Return whether the claim holds by the rules of this module, and why."""
    meets = region(claim)
    needs = wanted(claim, meets.low, meets.high)
    if meets.low <= interval.low and interval.high <= meets.high:
        return "holds", f"the whole interval is {needs}"
    if interval.high < meets.low:
        return "fails", f"the interval ends at {amount(interval.high, claim.unit)}, but the claim needs {needs}"
    if interval.low > meets.high:
        return "fails", f"the interval begins at {amount(interval.low, claim.unit)}, but the claim needs {needs}"
    if _too_wide(claim, interval):
        return "undecided", f"with {interval.count} seeds the interval is too wide to tell whether it is {needs}"
    if claim.shows_effect and interval.low <= claim.no_effect <= interval.high:
        return "undecided", f"with {interval.count} seeds the interval reaches {needs}, but also contains no effect"
    return "holds", f"the interval reaches {needs}"


def verdict(fair: Outcome, own: Outcome | None) -> Verdict:
    """Combine the outcomes under both protocols; ``own`` is None where there is no such protocol."""
    if fair == "holds":
        return "reproduced"
    if fair == "fails" and own == "holds":
        return "only under its own split"
    if fair == "fails" and own in {"fails", None}:
        return "not reproduced"
    return "cannot be tested here"


def _too_wide(claim: Trained, interval: Interval) -> bool:
    if isinstance(claim, Trend):
        return math.log(interval.high / interval.mean) > math.log(claim.precision)
    # The two differ where one end was cut.
    return max(interval.high - interval.mean, interval.mean - interval.low) > claim.precision


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
