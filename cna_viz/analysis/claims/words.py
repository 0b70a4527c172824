"""How the quantities of claims are written."""

import math

from cna_viz.analysis.claims.kinds import Parameters, Trend, Untestable
from cna_viz.analysis.claims.model import Claim, Trained
from cna_viz.analysis.statistics.intervals import Interval


def amount(value: float, unit: str) -> str:
    """Return a measured quantity without its unit: ``87.3`` %, ``−2.1`` points, ``0.81`` or ``4,700`` times."""
    if unit == "times":
        return f"{value:.2g}" if value < 10 else f"{value:,.0f}"
    text = f"{value:+.1f}" if unit == "points" else f"{value:.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def with_interval(interval: Interval, unit: str) -> str:
    """Return a mean with its unit, and on a line of its own the interval around it."""
    low, high = amount(interval.low, unit), amount(interval.high, unit)
    return f"{amount(interval.mean, unit)} {unit}\n[{low}, {high}]"


def mean_of_arm(value: float, unit: str) -> str:
    """Return the mean of one arm behind a quantity of this unit: an accuracy in percent, or a measure."""
    if unit == "times":
        return f"{float(f'{value:.3g}'):,.6g}"  # three digits that count, written out
    return f"{value:.1f} %"


def published(claim: Claim) -> str:
    """Return the published number as the page shows it, with the numbers of both arms where it is computed from two."""
    if isinstance(claim, Untestable):
        return claim.published
    if isinstance(claim, Parameters):
        return f"{claim.published:,}"
    assert isinstance(claim, Trained)
    if len(claim.arms) == 1:
        spread = "" if claim.arm.spread is None else f" ± {claim.arm.spread:g}"
        return f"{claim.arm.published:g}{spread} {claim.unit}"
    arm, baseline = (f"{one.published:,.6g}" for one in claim.arms.values())
    return f"{_exact(claim, claim.quantity)} {claim.unit} ({arm} against {baseline})"


def wanted(claim: Trained, low: float, high: float) -> str:
    """Return in words which quantities meet a claim: those from ``low`` to ``high``."""
    if math.isinf(high):
        return f"at least {_exact(claim, low)} {claim.unit}"
    if claim.bound == "at most":
        return f"at most {_exact(claim, high)} {claim.unit}"
    return f"from {_exact(claim, low)} to {_exact(claim, high)} {claim.unit}"


def _exact(claim: Trained, value: float) -> str:
    """Return what follows from published numbers, which have two decimals at most."""
    if isinstance(claim, Trend):
        return amount(value, claim.unit)
    sign = "+" if len(claim.arms) > 1 and value > 0 else ""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return sign + ("0" if text == "-0" else text.replace("-", "−"))
