"""The marks that several figures share."""

from typing import Final

import pandas as pd
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from cna_viz.figures.style.theme import slot_style

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
    """Draw mean and band of one slot.

    Args:
        figure: Receives the traces.
        slot: Name of the slot, or of an arm of which it is not all; gives the look.
        x: Column on the horizontal axis.
        table: Columns ``x``, mean, low, high and count, ordered by ``x``.
        row: Row of the panel.
        col: Column of the panel.
        legend: Show the slot in the legend.
        markers: Mark the single values, where there are not too many.
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
            fillcolor=f"rgba{(*hex_to_rgb(style.color), 0.15)}",
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


def legend_beside(figure: go.Figure) -> int:
    """Put a legend that is too long to stand above the panels to their right; return its height there, else 0."""
    names = [str(trace.name) for trace in figure.data if trace.showlegend is not False]
    if sum(len(name) + 6 for name in names) <= ROOM:
        return 0
    figure.update_layout(legend={"orientation": "v", "x": 1.02, "y": 1, "xanchor": "left", "yanchor": "top"})
    return ENTRY * len(names)
