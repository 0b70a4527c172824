"""The ledger as a table, as HTML for a page, and as plain data."""

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Final

import pandas as pd

from cna_viz.analysis.claims.judging import JudgedClaim
from cna_viz.analysis.claims.kinds import Parameters, Untestable
from cna_viz.analysis.claims.measured import Measured
from cna_viz.analysis.claims.model import Claim, Trained
from cna_viz.analysis.claims.rules import amount, exact

COLUMNS: Final = (
    "claim",
    "published",
    "source",
    "protocol",
    "settings here",
    "own split",
    "fair split",
    "verdict",
    "why",
)
"""Columns of the ledger; its rows are named by the ids of the claims."""

TOPICS: Final = {
    "level": "Accuracies",
    "difference": "Gains",
    "slope": "Depth and accuracy",
    "trend": "Depth and energy",
    "parameters": "Numbers of weights",
    "none": "Not testable by any run",
}
"""Heading of every kind of claim."""

NOTES: Final = {"why": "Why", "protocol": "Made under", "source": "Source", "settings here": "Here"}
"""Columns below a row of the HTML table, with their headings."""


def ledger(judged: Sequence[JudgedClaim]) -> pd.DataFrame:
    """Return a row per claim, as text with the columns :data:`COLUMNS`; intervals are 95 % over seeds."""
    rows = [
        {
            "claim": one.claim.text,
            "published": published(one.claim),
            "source": f"{one.claim.source} ({one.claim.standing})",
            "protocol": one.claim.protocol,
            "settings here": _here(one.claim),
            "own split": _measured(one.own)
            if not one.counts
            else f"{one.counts['convolutions'] + getattr(one.claim, 'unused', 0):,}",
            "fair split": "–" if one.counts else _measured(one.fair),
            "verdict": one.verdict,
            "why": one.why,
        }
        for one in judged
    ]
    index = pd.Index([one.claim.id for one in judged], name="id")
    return pd.DataFrame(rows, index=index, columns=list(COLUMNS))


def as_html(judged: Sequence[JudgedClaim]) -> str:
    """Return the ledger as one HTML table, by kind of claim, with the protocol below every published number."""
    heads = ("published", "measured here, its own split", "measured here, fair split", "verdict")
    lines = ["<table><thead><tr>", *(f"<th>{head}</th>" for head in heads), "</tr></thead><tbody>"]
    order = list(TOPICS)
    rows = zip(judged, ledger(judged).to_dict("records"), strict=True)
    by_kind = sorted(rows, key=lambda pair: order.index(pair[0].claim.kind))
    for kind, group in groupby(by_kind, key=lambda pair: pair[0].claim.kind):
        lines.append(f'<tr><th colspan="{len(heads)}">{TOPICS[kind]}</th></tr>')
        for _, row in group:
            plain = {str(name): escape(str(text)).replace("\n", "<br>") for name, text in row.items()}
            first = f"<strong>{plain['published']}</strong><br>{plain['claim']}"
            cells = (first, plain["own split"], plain["fair split"], f"<strong>{plain['verdict']}</strong>")
            notes = "<br>".join(f"<em>{head}:</em> {plain[name]}" for name, head in NOTES.items() if plain[name])
            row_of_cells = "".join(f"<td>{cell}</td>" for cell in cells)
            lines.append(f'<tr>{row_of_cells}</tr><tr><td colspan="{len(heads)}">{notes}</td></tr>')
    return "".join([*lines, "</tbody></table>"])


def as_data(judged: Sequence[JudgedClaim]) -> dict[str, dict[str, object]]:
    """Return the ledger as plain data by claim, for programs: verdict, reason, published quantity and measured ones."""
    return {one.claim.id: _data(one) for one in judged}


def published(claim: Claim) -> str:
    """Return the published number for display, with the numbers of both arms where it is computed from two."""
    if isinstance(claim, Untestable):
        return claim.published
    if isinstance(claim, Parameters):
        return f"{claim.published:,}"
    assert isinstance(claim, Trained)
    if len(claim.arms) == 1:
        spread = "" if claim.arm.spread is None else f" ± {claim.arm.spread:g}"
        return f"{claim.arm.published:g}{spread} {claim.unit}"
    arm, baseline = (f"{one.published:,.6g}" for one in claim.arms.values())
    return f"{exact(claim, claim.quantity)} {claim.unit} ({arm} vs. {baseline})"


def _measured(found: Measured | None) -> str:
    """Return a mean with its unit, then lines with its interval, its arms, and the means of these."""
    if found is None:
        return "–"
    if found.interval is None:
        return f"–\n{found.made}"
    interval = found.interval
    mean, low, high = (amount(value, found.unit) for value in (interval.mean, interval.low, interval.high))
    # A measure is written out with three significant digits.
    arms = [f"{float(f'{x:.3g}'):,.6g}" if found.unit == "times" else f"{x:.1f} %" for x in found.means.values()]
    means = f"\n({' vs. '.join(arms)})" if len(arms) > 1 else ""
    return f"{mean} {found.unit}\n[{low}, {high}]\n{found.made}{means}{_highest(found)}"


def _highest(found: Measured) -> str:
    if found.highest is None:
        return ""
    mean, low, high = (amount(x, found.unit) for x in (found.highest.mean, found.highest.low, found.highest.high))
    return f"\nmaximum test: {mean} {found.unit} [{low}, {high}]"


def _here(claim: Claim) -> str:
    return "; ".join(f"{name}: {why}" for name, why in claim.here.items()) if isinstance(claim, Trained) else ""


def _data(one: JudgedClaim) -> dict[str, object]:
    found: dict[str, object] = {"kind": one.claim.kind, "verdict": one.verdict, "why": one.why}
    if isinstance(one.claim, Trained):
        found |= {"published": one.claim.quantity, "unit": one.claim.unit}
    if isinstance(one.claim, Parameters):
        found |= {"published": one.claim.published, "unit": "weights", "counted": dict(one.counts)}
    for measured in one.measured:
        more = {} if measured.highest is None else {"maximum test": vars(measured.highest)}
        found[measured.protocol] = {
            "made": measured.made,
            **vars(measured.interval),
            "means": dict(measured.means),
            **more,
        }
    return found
