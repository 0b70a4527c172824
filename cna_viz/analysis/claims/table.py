"""The ledger as a table, and as HTML for a page."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Final

import pandas as pd

from cna_viz.analysis.claims import words
from cna_viz.analysis.claims.judging import Judged
from cna_viz.analysis.claims.kinds import Parameters
from cna_viz.analysis.claims.measured import Measured
from cna_viz.analysis.claims.model import Trained

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
    "slope": "What depth does to accuracy",
    "trend": "What depth does to the energy",
    "parameters": "Numbers of weights",
    "none": "Not testable by any run",
}
"""Heading of every kind of claim."""


def ledger(judged: Sequence[Judged]) -> pd.DataFrame:
    """Return a row per claim: what is published, under which protocol, what was measured here, and the verdict.

    Args:
        judged: Claims with their verdicts.

    Returns:
        A table of text with the columns :data:`COLUMNS`; measured values come with their 95 % interval over seeds.
    """
    rows = [
        {
            "claim": one.claim.text,
            "published": words.published(one.claim),
            "source": f"{one.claim.source} ({one.claim.standing})",
            "protocol": one.claim.protocol,
            "settings here": getattr(one.claim, "here", ""),
            "own split": _counted(one) or _measured(one.own),
            "fair split": "–" if one.counts else _measured(one.fair),
            "verdict": one.verdict,
            "why": one.why,
        }
        for one in judged
    ]
    index = pd.Index([one.claim.id for one in judged], name="id")
    return pd.DataFrame(rows, index=index, columns=list(COLUMNS))


def as_html(judged: Sequence[Judged]) -> str:
    """Return the ledger as one HTML table, by kind of claim; the protocol stands below every published number.

    Args:
        judged: Claims with their verdicts, in any order.
    """
    heads = ("published", "measured here, its own split", "measured here, fair split", "verdict")
    lines = ["<table><thead><tr>", *(f"<th>{head}</th>" for head in heads), "</tr></thead><tbody>"]
    order = list(TOPICS)
    rows = zip(judged, ledger(judged).to_dict("records"), strict=True)
    by_kind = sorted(rows, key=lambda pair: order.index(pair[0].claim.kind))
    for kind, group in groupby(by_kind, key=lambda pair: pair[0].claim.kind):
        lines.append(f'<tr><th colspan="{len(heads)}">{TOPICS[kind]}</th></tr>')
        for _, row in group:
            plain = {str(name): escape(str(text)).replace("\n", "<br>") for name, text in row.items()}
            cells = "".join(f"<td>{cell}</td>" for cell in _numbers(plain))
            lines.append(f'<tr>{cells}</tr><tr><td colspan="{len(heads)}">{"<br>".join(_notes(plain))}</td></tr>')
    return "".join([*lines, "</tbody></table>"])


def _numbers(plain: Mapping[str, str]) -> Iterator[str]:
    yield f"<strong>{plain['published']}</strong><br>{plain['claim']}"
    yield from (plain["own split"], plain["fair split"])
    yield f"<strong>{plain['verdict']}</strong>"


def _notes(plain: Mapping[str, str]) -> Iterator[str]:
    for head, name in (("Why", "why"), ("Made under", "protocol"), ("Source", "source"), ("Here", "settings here")):
        if plain[name]:
            yield f"<em>{head}:</em> {plain[name]}"


def _measured(measured: Measured | None) -> str:
    if measured is None:
        return "–"
    if measured.interval is None:
        return f"–\n{measured.made}"
    value = words.with_interval(measured.interval, measured.unit)
    return f"{value}\n{measured.made}{_of_arms(measured)}"


def _of_arms(measured: Measured) -> str:
    numbers = [words.mean_of_arm(value, measured.unit) for value in measured.means.values()]
    return f"\n({' against '.join(numbers)})" if len(numbers) > 1 else ""


def _counted(one: Judged) -> str:
    if not one.counts or not isinstance(one.claim, Parameters):
        return ""
    return f"{one.counts['convolutions'] + one.claim.unused:,}"


def as_data(judged: Sequence[Judged]) -> dict[str, dict[str, object]]:
    """Return the ledger as plain data by claim, for programs: verdict, reason, published quantity and measured ones."""
    return {one.claim.id: _data(one) for one in judged}


def _data(one: Judged) -> dict[str, object]:
    found: dict[str, object] = {"kind": one.claim.kind, "verdict": one.verdict, "why": one.why}
    if isinstance(one.claim, Trained):
        found |= {"published": one.claim.quantity, "unit": one.claim.unit}
    if isinstance(one.claim, Parameters):
        found |= {"published": one.claim.published, "unit": "weights", "counted": dict(one.counts)}
    for measured in one.measured:
        found[measured.protocol] = {"made": measured.made, **vars(measured.interval), "means": dict(measured.means)}
    return found
