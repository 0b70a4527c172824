"""Do published numbers hold?"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.claims.judging import JudgedClaim
from cna_viz.analysis.claims.measured import Measured
from cna_viz.analysis.claims.model import ProtocolName, Trained
from cna_viz.analysis.claims.rules import Region, region
from cna_viz.errors import UsageError
from cna_viz.figures.style.labels import provenance
from cna_viz.figures.style.theme import BAND, INK, SLOT_STYLES, escaped, finish, log_axis

ROW: Final = 50
"""Height of a claim in pixels."""
TOP: Final = 96
"""Space above the panels in pixels."""
GAP: Final = 90
"""Space between two panels in pixels, for the title of an axis."""
BOTTOM: Final = 150
"""Space below the panels in pixels."""
LEFT: Final = 360
"""Space for the labels in pixels."""
LABEL: Final = 46
"""Most characters in a line of a label."""
AXES: Final = {
    "%": "test accuracy (%)",
    "points": "difference of two test accuracies (points)",
    "times": "ratio of two measured values (times)",
}
"""Title of the axis of every unit."""


@dataclass(frozen=True)
class _Look:
    """How what was measured under a protocol is drawn."""

    name: str
    color: str
    symbol: str
    shift: float


LOOKS: Final[dict[ProtocolName, _Look]] = {
    "own": _Look("ours, its own split", SLOT_STYLES["relu"].color, "square", -0.14),
    "fair": _Look("ours, fair split", SLOT_STYLES["cna"].color, "circle", 0.14),
}


def plot_claims(judged: Sequence[JudgedClaim]) -> go.Figure:
    """Draw published numbers against ours, a row per claim and a panel per unit.

    The grey bar has the quantities that meet a claim; an interval that touches no grey speaks against it.

    Args:
        judged: Claims with their verdicts; those that training can't test are left out.

    Raises:
        UsageError: When nothing is left.
    """
    panels: dict[str, list[JudgedClaim]] = {unit: [] for unit in AXES}
    for one in judged:
        if isinstance(one.claim, Trained):
            panels[one.claim.unit].append(one)
    panels = {unit: rows for unit, rows in panels.items() if rows}
    if not panels:
        raise UsageError("no claims to draw: none of them is about what training gives")
    heights = [ROW * len(rows) for rows in panels.values()]
    inner = sum(heights) + GAP * (len(panels) - 1)
    spacing = GAP / inner if len(panels) > 1 else 0
    figure = make_subplots(rows=len(panels), cols=1, row_heights=heights, vertical_spacing=spacing)
    for number, (unit, rows) in enumerate(panels.items(), start=1):
        _draw_panel(figure, number, unit, rows)
    records = list({record.id: record for one in judged for found in one.measured for record in found.records}.values())
    note = "mean and 95 % interval over seeds (Student t); grey: what meets the claim, its tolerance included"
    figure = finish(
        figure, "Do published numbers hold?", provenance(records, note), height=TOP + inner + BOTTOM, bottom=BOTTOM
    )
    figure.update_layout(margin={"l": LEFT, "t": TOP})
    figure.layout.annotations[-1].update(xshift=20 - LEFT)  # the footnote has more room below the labels
    return figure


def _draw_panel(figure: go.Figure, number: int, unit: str, rows: Sequence[JudgedClaim]) -> None:
    claims = [one.claim for one in rows if isinstance(one.claim, Trained)]
    shown = [claim.quantity for claim in claims]
    shown += [end for one in rows for found in one.measured for end in _ends(found)]
    low, high = _range(unit, shown)
    where = {"row": number, "col": 1}
    for place, claim in enumerate(claims):
        _draw_met(figure, place, _cut(region(claim), low, high), where)
    for protocol in LOOKS:
        _draw_measured(figure, protocol, rows, first=number == 1, where=where)
    figure.add_scatter(
        x=[claim.quantity for claim in claims],
        y=list(range(len(claims))),
        mode="markers",
        marker={"symbol": "diamond-open", "size": 12, "color": INK, "line": {"width": 2}},
        name="published",
        legendgroup="published",
        showlegend=number == 1,
        customdata=[escaped(one.verdict) for one in rows],
        hovertemplate="published: %{x:.4g}<br>%{customdata}<extra></extra>",
        **where,
    )
    logarithmic = unit == "times"
    ticks = log_axis([low, high]) if logarithmic else {}
    ends = [math.log10(low), math.log10(high)] if logarithmic else [low, high]
    figure.update_xaxes(title=AXES[unit], range=ends, **ticks, **where)
    figure.update_yaxes(
        tickvals=list(range(len(claims))),
        ticktext=["<br>".join(wrap(escaped(claim.text), LABEL)) for claim in claims],
        tickfont={"size": 12},
        range=[len(claims) - 0.5, -0.5],
        showgrid=False,
        **where,
    )


def _draw_met(figure: go.Figure, place: int, met: Region, where: dict[str, int]) -> None:
    figure.add_shape(
        type="rect",
        x0=met.low,
        x1=met.high,
        y0=place - 0.3,
        y1=place + 0.3,
        fillcolor=BAND,
        line={"width": 0},
        layer="below",
        **where,
    )


def _draw_measured(
    figure: go.Figure, protocol: ProtocolName, rows: Sequence[JudgedClaim], *, first: bool, where: dict[str, int]
) -> None:
    look = LOOKS[protocol]
    found = [(place, one) for place, row in enumerate(rows) for one in row.measured if one.protocol == protocol]
    intervals = [one.interval for _, one in found if one.interval is not None]
    figure.add_scatter(
        x=[interval.mean for interval in intervals],
        y=[place + look.shift for place, _ in found],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [interval.high - interval.mean for interval in intervals],
            "arrayminus": [interval.mean - interval.low for interval in intervals],
            "thickness": 2,
            "width": 5,
        },
        mode="markers",
        marker={"symbol": look.symbol, "size": 9, "color": look.color},
        name=look.name,
        legendgroup=protocol,
        showlegend=first,
        customdata=[escaped(one.made) for _, one in found],
        hovertemplate="%{x:.4g}<br>%{customdata}<extra></extra>",
        **where,
    )


def _ends(found: Measured) -> list[float]:
    return [] if found.interval is None else [found.interval.low, found.interval.high]


def _range(unit: str, values: Iterable[float]) -> tuple[float, float]:
    """Return the ends of an axis that shows all values, with some space beside them."""
    low, high = min(values := list(values)), max(values)
    if unit == "times":
        return low / 2, high * 2
    space = max(1.0, 0.06 * (high - low))
    return (max(0.0, low - space), min(100.0, high + space)) if unit == "%" else (min(0.0, low) - space, high + space)


def _cut(met: Region, low: float, high: float) -> Region:
    return Region(max(met.low, low), min(met.high, high))
