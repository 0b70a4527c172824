"""Marks and axes that several figures share."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from cna_viz.config.measures import MEASURES
from cna_viz.figures.style.theme import INK, SEQUENTIAL, log_axis, slot_style, whole_ticks

if TYPE_CHECKING:
    from cna_viz.analysis.statistics.intervals import Interval

Trace = dict[str, Any]
"""A trace as plotly stores it: made by the hundred for the frames of an animation, and checked only there."""

ROOM: Final = 130
"""Letters of a legend above the panels, beyond which it would reach into the title."""
ENTRY: Final = 32
"""Height of an entry of a legend beside the panels in pixels."""


def add_slot_line(
    figure: go.Figure,
    slot: str,
    x: str,
    table: pd.DataFrame,
    *,
    row: int | None = None,
    col: int | None = None,
    legend: bool = True,
    markers: bool = True,
) -> None:
    """Draw mean and band of a slot or an arm, which gives the look.

    The table has the columns ``x``, mean, low, high and count, ordered by ``x``; beyond 40 rows single values have no
    markers.
    """
    style = slot_style(slot)
    where = {"row": row, "col": col} if row else {}
    if (table["count"] > 1).any():
        band = table.dropna(subset=["low", "high"])
        figure.add_scatter(
            x=[*band[x], *band[x][::-1]],
            y=[*band["high"], *band["low"][::-1]],
            mode="lines",
            fill="toself",
            fillcolor=faint(style.color, 0.15),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            legendgroup=slot,
            name=f"{style.label}, over seeds",
            **where,
        )
    figure.add_scatter(
        x=table[x],
        y=table["mean"],
        mode="lines+markers" if markers and len(table) <= 40 else "lines",
        line={"color": style.color, "dash": style.dash, "width": 2.5},
        marker={"symbol": style.symbol, "size": 9},
        name=style.label,
        legendgroup=slot,
        showlegend=legend,
        hovertemplate=f"{style.label}<br>{x} %{{x}}<br>%{{y:.4g}}<extra></extra>",
        **where,
    )


def add_words(
    figure: go.Figure, text: str, x: float, y: float, anchor: str, *, size: int = 13, color: str = INK, **more: object
) -> None:
    """Write words at a place; the anchor is such as ``left bottom``."""
    across, up = anchor.split()
    look = {"xanchor": across, "yanchor": up, "showarrow": False, "font": {"size": size, "color": color}}
    figure.add_annotation(text=text, x=x, y=y, **look, **more)


def faint(color: str, opacity: float) -> str:
    """Return a colour ``#rrggbb`` with an opacity."""
    return f"rgba{(*hex_to_rgb(color), opacity)}"


def error_bars(found: "pd.DataFrame | Sequence[Interval]", **look: object) -> dict[str, object]:
    """Return the bars of a table with columns mean, low and high, or of intervals."""
    table = pd.DataFrame(found, columns=["mean", "low", "high"])
    ends = {"array": table["high"] - table["mean"], "arrayminus": table["mean"] - table["low"]}
    return {"type": "data", "symmetric": False, **ends, **look}


def legend_mark(name: str, marker: Trace, **more: object) -> Trace:
    """Return an entry of the legend without a point in the panels."""
    mark = {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "marker": marker}
    return {**mark, "name": name, "hoverinfo": "skip", **more}


def legend_beside(figure: go.Figure) -> int:
    """Put a legend that is too long to stand above the panels to their right; return its height there, else 0."""
    names = [str(trace.name) for trace in figure.data if trace.showlegend is not False]
    if sum(len(name) + 6 for name in names) <= ROOM:
        return 0
    figure.update_layout(legend={"orientation": "v", "x": 1.02, "y": 1, "xanchor": "left", "yanchor": "top"})
    return ENTRY * len(names)


def color_scale(title: str, **more: object) -> dict[str, object]:
    """Return the layout of the sequential colour axis."""
    bar = {"title": {"text": title, "side": "right"}}
    return {"coloraxis": {"colorscale": SEQUENTIAL, "colorbar": bar, **more}}


def share_heatmap(counts: Sequence[Sequence[int]], *, written: bool, hover: str, **more: Any) -> go.Heatmap:
    """Return a table of counts, coloured by their shares of their row (%); a row without any stays blank."""
    sizes = [sum(row) for row in counts]
    text = [[str(count) if count else "" for count in row] for row in counts]
    return go.Heatmap(
        z=[[100 * count / size if size else None for count in row] for row, size in zip(counts, sizes, strict=True)],
        texttemplate="%{text}" if written else None,
        coloraxis="coloraxis",
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate=f"{hover}<extra></extra>",
        **{"text": text, **more},
    )


def layer_axis(deepest: int) -> dict[str, object]:
    """Return the horizontal axis of figures from layer to layer."""
    return {"title": "layer", "range": [0.5, deepest + 0.5], **whole_ticks([1, deepest])}


def measure_axis(measure: str, values: Iterable[float]) -> dict[str, object]:
    """Return the vertical axis of a measure, logarithmic where it spans orders of magnitude."""
    scale = log_axis(values) if MEASURES[measure].log else {"rangemode": "tozero"}
    return {"title": MEASURES[measure].label, **scale}
