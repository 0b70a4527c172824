"""Do published numbers hold?"""

import math
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.claims.judging import JudgedClaim
from cna_viz.analysis.claims.model import ProtocolName, Trained
from cna_viz.analysis.claims.rules import region
from cna_viz.errors import UsageError
from cna_viz.figures.pieces.marks import error_bars
from cna_viz.figures.style.labels import provenance
from cna_viz.figures.style.theme import BAND, INK, SLOT_STYLES, escaped, finish, log_axis

ROW: Final = 50
"""Height of a claim in pixels."""
TOP: Final = 96
"""Space above the panels in pixels."""
GAP: Final = 90
"""Space between two panels in pixels, for the title of an axis."""
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


LOOKS: Final[dict[ProtocolName, tuple[str, str, str, float]]] = {
    "own": ("ours, its own split", SLOT_STYLES["relu"].color, "square", -0.14),
    "fair": ("ours, fair split", SLOT_STYLES["cna"].color, "circle", 0.14),
}
"""Name, colour, marker and shift of the values measured under a protocol."""


def plot_claims(judged: Sequence[JudgedClaim]) -> go.Figure:
    """Draw published numbers against ours, a row per claim and a panel per unit.

    The grey bar has the quantities that meet a claim; an interval that touches no grey contradicts it.

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
        raise UsageError("no claims to draw: none of them can be tested by training")
    heights = [ROW * len(rows) for rows in panels.values()]
    inner = sum(heights) + GAP * (len(panels) - 1)
    spacing = GAP / inner if len(panels) > 1 else 0
    figure = make_subplots(rows=len(panels), cols=1, row_heights=heights, vertical_spacing=spacing)
    for number, (unit, rows) in enumerate(panels.items(), start=1):
        _draw_panel(figure, number, unit, rows)
    records = list({record.id: record for one in judged for found in one.measured for record in found.records}.values())
    note = "mean and 95 % interval over seeds (Student t); grey: values that meet the claim, including its tolerance"
    finish(figure, "Do published numbers hold?", provenance(records, note), height=TOP + inner, below=40)
    figure.update_layout(margin={"l": LEFT, "t": TOP})
    figure.layout.annotations[-1].update(xshift=20 - LEFT)  # the footnote has more room below the labels
    return figure


def _draw_panel(figure: go.Figure, number: int, unit: str, rows: Sequence[JudgedClaim]) -> None:
    claims = [one.claim for one in rows if isinstance(one.claim, Trained)]
    shown = [claim.quantity for claim in claims]
    intervals = [found.interval for one in rows for found in one.measured if found.interval is not None]
    shown += [end for interval in intervals for end in (interval.low, interval.high)]
    low, high = _range(unit, shown)
    where = {"row": number, "col": 1}
    for place, claim in enumerate(claims):
        met = region(claim)
        ends = {"x0": max(met.low, low), "x1": min(met.high, high), "y0": place - 0.3, "y1": place + 0.3}
        figure.add_shape(type="rect", **ends, fillcolor=BAND, line={"width": 0}, layer="below", **where)
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
    ticks = log_axis([low, high]) if unit == "times" else {}
    reach = [math.log10(low), math.log10(high)] if unit == "times" else [low, high]
    figure.update_xaxes(title=AXES[unit], range=reach, **ticks, **where)
    figure.update_yaxes(
        tickvals=list(range(len(claims))),
        ticktext=["<br>".join(wrap(escaped(claim.text), LABEL)) for claim in claims],
        tickfont={"size": 12},
        range=[len(claims) - 0.5, -0.5],
        showgrid=False,
        **where,
    )


def _draw_measured(
    figure: go.Figure, protocol: ProtocolName, rows: Sequence[JudgedClaim], *, first: bool, where: dict[str, int]
) -> None:
    name, color, symbol, shift = LOOKS[protocol]
    found = [(place, one) for place, row in enumerate(rows) for one in row.measured if one.protocol == protocol]
    intervals = [one.interval for _, one in found if one.interval is not None]
    figure.add_scatter(
        x=[interval.mean for interval in intervals],
        y=[place + shift for place, _ in found],
        error_x=error_bars(intervals, thickness=2, width=5),
        mode="markers",
        marker={"symbol": symbol, "size": 9, "color": color},
        name=name,
        legendgroup=protocol,
        showlegend=first,
        customdata=[escaped(one.made) for _, one in found],
        hovertemplate="%{x:.4g}<br>%{customdata}<extra></extra>",
        **where,
    )


def _range(unit: str, values: Iterable[float]) -> tuple[float, float]:
    """Return the ends of an axis that shows all values, with some space beside them."""
    low, high = min(values := list(values)), max(values)
    if unit == "times":
        return low / 2, high * 2
    space = max(1.0, 0.06 * (high - low))
    return (max(0.0, low - space), min(100.0, high + space)) if unit == "%" else (min(0.0, low) - space, high + space)
