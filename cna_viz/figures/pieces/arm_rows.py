"""Arms as rows: mean and interval of each, one of them standing out, and rules through all rows."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from cna_viz.figures.style.theme import INK, MUTED, slot_style
from cna_viz.scores import SHARES

FAINT: Final = 0.4
"""Opacity of the arms that do not stand out."""


def add_arm_rows(figure: go.Figure, table: pd.DataFrame, chosen: str, metric: str) -> None:
    """Draw a row per arm in the first panel, from top to bottom, with its numbers at the right.

    Args:
        figure: Receives traces, annotations and the vertical axis.
        table: As :func:`~cna_viz.analysis.tables.chosen_arm.score_table` returns it, in the unit of the axis.
        chosen: The arm that stands out, and whose single runs are drawn.
        metric: The score.
    """
    for height, (_, row) in enumerate(table.iterrows()):
        if row["count"]:
            _add_row(figure, row, height, row["arm"] == chosen)
            _write(figure, row, height, metric, row["arm"] == chosen)
    figure.update_yaxes(
        tickvals=list(range(len(table))),
        ticktext=[_label(row, chosen) for _, row in table.iterrows()],
        range=_ends(len(table))[::-1],
        showgrid=False,
        ticks="",
        row=1,
        col=1,
    )


def add_reference(figure: go.Figure, table: pd.DataFrame, baseline: str, *, legend: bool) -> None:
    """Draw an arm through all rows: its mean as a line, its interval as a band; nothing where it has no mean.

    Args:
        figure: Receives the traces.
        table: As in :func:`add_arm_rows`.
        baseline: The arm.
        legend: Whether the line stands in the legend.
    """
    found = table[table["arm"] == baseline]
    if found.empty or not found["count"].iloc[0]:
        return
    style, row, (top, bottom) = slot_style(baseline), found.iloc[0], _ends(len(table))
    if np.isfinite(row["low"]):
        figure.add_scatter(
            x=[row["low"], row["high"], row["high"], row["low"]],
            y=[top, top, bottom, bottom],
            mode="lines",
            fill="toself",
            fillcolor=f"rgba{(*hex_to_rgb(style.color), 0.12)}",
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            name=f"{style.label}, interval",
            row=1,
            col=1,
        )
    look = {"color": style.color, "dash": style.dash, "width": 2}
    add_rule(figure, float(row["mean"]), len(table), look, style.label, legend=legend)


def add_rule(
    figure: go.Figure, x: float, rows: int, look: Mapping[str, object], name: str, *, legend: bool = True
) -> None:
    """Draw a vertical line through so many rows.

    Args:
        figure: Receives the trace.
        x: Where it is.
        rows: How many rows there are.
        look: Colour, dash and width.
        name: What it is.
        legend: Whether it stands in the legend.
    """
    figure.add_scatter(
        x=[x, x],
        y=_ends(rows),
        mode="lines",
        line=look,
        name=name,
        showlegend=legend,
        hovertemplate=f"{name}<br>%{{x:.4~g}}<extra></extra>",
        row=1,
        col=1,
    )


def arm_range(table: pd.DataFrame, further: float) -> list[float] | None:
    """Return the range of an axis on which nothing lies at the edge; None where there is nothing to show.

    Args:
        table: As in :func:`add_arm_rows`.
        further: What is drawn beside; NaN for nothing.
    """
    values = [value for name in ("mean", "low", "high") for value in table[name]] + [further]
    finite = [value for value in values if np.isfinite(value)]
    room = 0.05 * ((max(finite) - min(finite)) or 1.0) if finite else 0.0
    return [min(finite) - room, max(finite) + room] if finite else None


def _label(row: "pd.Series[Any]", chosen: str) -> str:
    label = slot_style(str(row["arm"])).label
    words = label if row["count"] else f"{label} · a run diverged"
    return f"<b>{words} ◂</b>" if row["arm"] == chosen else words


def _add_row(figure: go.Figure, row: "pd.Series[Any]", height: int, chosen: bool) -> None:
    """Draw mean and interval of an arm; of the chosen one the single runs, too."""
    style = slot_style(str(row["arm"]))
    if chosen:
        runs = row["values"]
        look = {"size": 7, "color": MUTED, "symbol": "line-ns-open", "line": {"width": 2}}
        figure.add_scatter(
            x=runs,
            y=[height] * len(runs),
            mode="markers",
            marker=look,
            name="one run",
            showlegend=False,
            hoverinfo="x",
            row=1,
            col=1,
        )
    ends = {"array": [row["high"] - row["mean"]], "arrayminus": [row["mean"] - row["low"]], "symmetric": False}
    figure.add_scatter(
        x=[row["mean"]],
        y=[height],
        mode="markers",
        marker={"color": style.color, "symbol": style.symbol, "size": 15 if chosen else 9},
        error_x={**ends, "color": style.color, "thickness": 4 if chosen else 2, "width": 0},
        opacity=1 if chosen else FAINT,
        name=style.label,
        showlegend=False,
        hovertemplate=f"{style.label}<br>%{{x:.4~g}}, {int(row['count'])} runs<extra></extra>",
        row=1,
        col=1,
    )


def _write(figure: go.Figure, row: "pd.Series[Any]", height: int, metric: str, chosen: bool) -> None:
    """Write the numbers of an arm at the right of its row."""
    digits = ".1f" if metric in SHARES else ".3g"
    ends = f" [{row['low']:{digits}}, {row['high']:{digits}}]" if np.isfinite(row["low"]) else ""
    words = f"{row['mean']:{digits}}{ends}".replace("-", "−")
    figure.add_annotation(
        text=f"<b>{words}</b>" if chosen else words,
        xref="x domain",
        x=1,
        xanchor="left",
        xshift=6,
        yref="y",
        y=height,
        yanchor="middle",
        showarrow=False,
        font={"size": 12, "color": INK if chosen else MUTED},
    )


def _ends(rows: int) -> list[float]:
    """Return where the panel of so many rows begins, at the top, and ends."""
    return [-0.6, rows - 0.4]
