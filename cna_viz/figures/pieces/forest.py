"""Rows of differences with their intervals: the form that comparisons share."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.words import listed, signed
from cna_viz.figures.pieces.marks import add_words, legend_mark
from cna_viz.figures.style.theme import MUTED, PAPER

ROW: Final = 30
"""Height of a row in pixels."""
ZOOM: Final = 12
"""Where something lies further from 0 than so many margins, a second panel shows the middle."""
REACH: Final = 4
"""Margins that the second panel reaches from 0."""
BAND: Final = "rgba(91, 98, 112, 0.14)"


@dataclass(frozen=True)
class Row:
    """A mean difference with its interval and verdict, in the unit of the axis.

    Rows of one ``group`` share a line of the legend, none without a name; ``label`` may have markup; ``points`` are the
    single differences, if they are shown.
    """

    label: str
    mean: float
    low: float
    high: float
    verdict: str
    color: str
    symbol: str
    points: Sequence[float] = ()
    group: str = ""


def difference_row(
    found: Any, scale: float, label: str, look: tuple[str, str], points: Sequence[float] = (), group: str = ""
) -> Row:
    """Return the row of a table of differences with verdicts, times ``scale``; the look is colour and marker."""
    mean, low, high = (scale * float(found[name]) for name in ("difference", "low", "high"))
    return Row(label, mean, low, high, str(found["verdict"]), *look, [scale * point for point in points], group)


def reasons(rows: Sequence[Row]) -> list[str]:
    """Return a note with the reasons of inconclusive verdicts, which have no room beside their rows; else none."""
    labels: dict[str, list[str]] = {}
    for row in rows:
        if reason := row.verdict.partition(": ")[2]:
            labels.setdefault(reason, []).append(row.label)
    words = [f"{reason}: {listed(some) if len(some) < 5 else f'{len(some)} rows'}" for reason, some in labels.items()]
    return [f"inconclusive also because of {'; '.join(words)}"] if words else []


def forest(rows: Sequence[Row], margin: float) -> go.Figure:
    """Draw the rows from top to bottom, without title and footnote; rows of one label stand together.

    The shaded band shows the margin, below which a difference counts as none. Where the rows reach far, a second panel
    shows what lies near 0.
    """
    values = [value for row in rows for value in (row.low, row.high, *row.points)] + [-margin, margin]
    zoomed = max(map(abs, values)) > ZOOM * margin
    figure = make_subplots(1, 2 if zoomed else 1, shared_yaxes=True, horizontal_spacing=0.03)
    heights, ticks = _heights([row.label for row in rows])
    for panel in range(1, 3 if zoomed else 2):
        for group in dict.fromkeys(row.group for row in rows):
            members = [(row, height) for row, height in zip(rows, heights, strict=True) if row.group == group]
            _add_group(figure, members, panel)
        figure.add_vrect(x0=-margin, x1=margin, fillcolor=BAND, line_width=0, layer="below", row=1, col=panel)
        figure.add_vline(x=0, line_color=MUTED, line_width=1, row=1, col=panel)
    _add_legend(figure, margin, points=any(row.points for row in rows))
    for row, height in zip(rows, heights, strict=True):
        words = f"{signed(row.mean)} [{signed(row.low)}, {signed(row.high)}]  <b>{row.verdict.partition(':')[0]}</b>"
        add_words(figure, words, 1, height, "left middle", xref="paper", xshift=8, yref="y")
    room = 0.04 * (max(values) - min(values))
    figure.update_xaxes(range=[min(values) - room, max(values) + room], row=1, col=1)
    if zoomed:
        figure.update_xaxes(range=[-REACH * margin, REACH * margin], title="the same, near 0", row=1, col=2)
        for row, height in zip(rows, heights, strict=True):
            if isfinite(row.mean) and abs(row.mean) > (end := REACH * margin):
                mark, x, anchor = ("▸", end, "right middle") if row.mean > 0 else ("◂", -end, "left middle")
                add_words(figure, mark, x, height, anchor, size=16, color=row.color, xref="x2", yref="y")
    figure.update_yaxes(
        range=[max(heights) + 0.7, min(heights) - 0.7],
        tickvals=list(ticks.values()),
        ticktext=list(ticks),
        showgrid=False,
        ticks="",
    )
    return figure.update_layout(margin={"r": 262, "t": 96 if len({row.group for row in rows}) < 3 else 130})


def height_of(rows: Sequence[Row], around: int = 100) -> int:
    """Return the height in pixels of a title and these rows."""
    return around + ROW * max(4, len(rows))


def _heights(labels: Sequence[str]) -> tuple[list[float], dict[str, float]]:
    """Return the height of every row, with gaps between labels of several rows, and the height of each label."""
    several = len(set(labels)) < len(labels)
    heights: list[float] = []
    for number, label in enumerate(labels):
        gap = several and number > 0 and label != labels[number - 1]
        heights.append((heights[-1] + 1 if heights else 0.0) + 0.6 * gap)
    own = {label: [h for h, other in zip(heights, labels, strict=True) if other == label] for label in labels}
    return heights, {label: sum(places) / len(places) for label, places in own.items()}


def _add_group(figure: go.Figure, members: Sequence[tuple[Row, float]], panel: int) -> None:
    first, where = members[0][0], {"row": 1, "col": panel}
    points = [(value, height, row.color) for row, height in members for value in row.points]
    if points:
        x, y, colors = zip(*points, strict=True)
        figure.add_scatter(
            x=x,
            y=y,
            mode="markers",
            marker={"size": 6, "color": colors, "opacity": 0.4},
            name="pairs",
            showlegend=False,
            hovertemplate="one pair<br>%{x:+.4~g}<extra></extra>",
            **where,
        )
    for row, height in members:  # a bar of its own colour each
        figure.add_scatter(
            x=[row.low, row.high],
            y=[height, height],
            mode="lines",
            line={"color": row.color, "width": 5},
            opacity=0.55,
            name="interval",
            showlegend=False,
            hoverinfo="skip",
            **where,
        )
    figure.add_scatter(
        x=[row.mean for row, _ in members],
        y=[height for _, height in members],
        mode="markers",
        marker={
            "size": 11,
            "color": [row.color for row, _ in members],
            "symbol": [row.symbol for row, _ in members],
            "line": {"color": PAPER, "width": 1},
        },
        name=first.group or "mean",
        legendgroup=first.group,
        showlegend=bool(first.group) and panel == 1,
        customdata=[[row.label, row.low, row.high, row.verdict] for row, _ in members],
        hovertemplate="%{customdata[0]}<br>%{x:+.4~g} [%{customdata[1]:+.4~g}, %{customdata[2]:+.4~g}]"
        "<br>%{customdata[3]}<extra></extra>",
        **where,
    )


def _add_legend(figure: go.Figure, margin: float, *, points: bool) -> None:
    """Explain dots, bars and band by marks that stand for all."""
    if points:
        figure.add_trace(legend_mark("one pair", {"size": 6, "color": MUTED, "opacity": 0.6}))
    bar = {"mode": "lines", "line": {"color": MUTED, "width": 5}, "opacity": 0.6}
    figure.add_trace(legend_mark("95 % interval", {}, **bar))
    figure.add_trace(legend_mark(f"equal (±{margin:g})", {"size": 14, "color": BAND, "symbol": "square"}))
