"""How did the functions of a slot move during training?"""

from dataclasses import replace
from math import ceil
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.tables.cluster_flow import spread
from cna_viz.analysis.tables.rational import RationalMovement, rational_movement
from cna_viz.errors import UsageError
from cna_viz.figures.pieces.marks import Trace
from cna_viz.figures.pieces.slot_marks import SHOWN, with_gaps
from cna_viz.figures.style.labels import provenance, snapshot_note
from cna_viz.figures.style.theme import GRID, MUTED, ORDERED_COLORS, finish, slot_style
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

MOST, COLUMNS = 12, 4
"""Panels, and panels in a row."""
LEAST: Final = 1e-3
"""How far the axis of changes reaches at least; less is no movement worth looking at."""
ROOM: Final = 4.0
"""The density takes one part in so many of a panel's height."""
TOP, PANEL, SINGLE = 128, 190, 380
"""Heights in pixels: above the panels, of a row of panels, and of a single panel."""


def plot_rational_movement(
    record: Record, layer: int, *, cluster: int | None = None, change: bool = False
) -> go.Figure:
    """Draw the rational of every cluster at every snapshot, light to dark, over the density of what enters it.

    The first snapshot is dashed. The selected model's curve is bold where the middle 99 % of its values lie; outside no
    data constrains it.

    Args:
        record: A run with rationals and snapshots.
        layer: 1 … number of layers - 1.
        cluster: Draw this one alone; the twelve with most values when left out.
        change: Draw the difference from the first snapshot, for steps too small to be seen in the curves.

    Raises:
        UsageError: When the slot has no rationals, there is no such layer or cluster, or the run keeps no snapshots.
    """
    found = rational_movement(record, layer)
    if change:
        found = replace(found, y=found.y - found.y[:1])
    shown = _chosen(record, found, cluster)
    columns = min(COLUMNS, len(shown))
    rows = ceil(len(shown) / columns)
    figure = make_subplots(
        rows,
        columns,
        specs=[[{"secondary_y": True}] * columns] * rows,
        subplot_titles=[_title(found, number) for number in shown],
        horizontal_spacing=0.14 / columns,
        vertical_spacing=0.2 / rows,
    )
    first, *others = epochs = _epochs(found)
    lines = {first: {"color": MUTED, "width": 1.5, "dash": "dash", "shape": "spline"}}
    for epoch, color in zip(others, ORDERED_COLORS[: len(others)][::-1], strict=True):
        lines[epoch] = {"color": color, "width": 1.5, "shape": "spline"}
    for place, number in enumerate(shown):
        _add_panel(figure, found, number, lines, {"row": place // columns + 1, "col": place % columns + 1})
    _scale(figure, found, shown, change=change)
    _title_axes(figure, rows, columns, len(shown), "R(z) − R₀(z)" if change else "R(z)")
    figure.update_annotations(font={"size": 13})
    notes = [
        f"bold: epoch {found.selected}, where the middle 99 % of the values of the cluster lie; grey: how its values "
        "are spread at that epoch (bins 0.2 wide)",
        "; ".join(_notes(found, shown, epochs, cluster, change)),
    ]
    label = slot_style(record.config.slot).label
    title = f"How did the functions of {label} move during training? (slot after layer {layer})"
    inner = PANEL * rows + 30 * (rows - 1) if len(shown) > 1 else SINGLE
    finish(figure, title, provenance([record], *notes, *snapshot_note([record])), height=TOP + inner, below=-6)
    look = {"title": {"text": "<b>epoch</b>  "}, "y": 1 + 30 / inner, "traceorder": "normal"}
    return figure.update_layout(margin={"t": TOP}, legend=look)


def _chosen(record: Record, found: RationalMovement, cluster: int | None) -> list[int]:
    """Return the clusters to draw: one, or in ascending order those with most values."""
    count = len(found.curves.y)
    if cluster is None:
        return sorted(np.argsort(-found.curves.size, kind="stable")[:MOST].tolist())
    if cluster not in range(count):
        raise UsageError(f"no cluster {cluster} in this slot of run {record.id}: clusters are 0 to {count - 1}")
    return [int(cluster)]


def _epochs(found: RationalMovement) -> list[int]:
    """Return the snapshots to draw: all, or as many as colours distinguish, including the selected one."""
    most = len(ORDERED_COLORS) + 1
    enough = len(found.epochs) <= most
    return list(found.epochs) if enough else sorted({*spread(found.epochs, most - 1), found.selected})


def _add_panel(
    figure: go.Figure, found: RationalMovement, number: int, lines: dict[int, Trace], where: dict[str, int]
) -> None:
    z = found.curves.z
    figure.add_scatter(
        x=z,
        y=100 * found.curves.density[number],
        mode="lines",
        line={"color": GRID, "width": 1, "shape": "hvh"},
        fill="tozeroy",
        fillcolor=GRID,
        name="density",
        showlegend=False,
        hovertemplate="%{y:.2g} % around %{x:.2g}<extra></extra>",
        **where,
    )
    for epoch, line in lines.items():
        value, shown = found.y[found.epochs.index(epoch), number], np.full(len(z), fill_value=True)
        selected = epoch == found.selected
        same = {
            "x": z,
            "mode": "lines",
            "name": f"{epoch} (selected)" if selected else str(epoch),
            "legendgroup": str(epoch),
            "hovertemplate": f"cluster {number}, epoch {epoch}<br>R(%{{x:.2g}}) = %{{y:.3g}}<extra></extra>",
            "secondary_y": True,
            **where,
        }
        if selected:
            figure.add_scatter(**same, y=with_gaps(value, shown), line={**line, "width": 1}, showlegend=False)
            line, shown = {**line, "width": 3.5}, found.curves.lives[number]
        first = where == {"row": 1, "col": 1}
        figure.add_scatter(**same, y=with_gaps(value, shown), line=line, showlegend=first)


def _scale(figure: go.Figure, found: RationalMovement, shown: list[int], change: bool) -> None:
    """Give all panels the same axes, which hold every bold curve and the earlier values there."""
    lives = found.curves.lives[shown]
    width = max(SHOWN, np.abs(found.curves.z[lives.any(axis=0)]).max(initial=0) + 0.1)
    values = found.y[:, shown]
    held = values[np.broadcast_to(lives, values.shape) & np.isfinite(values)]
    least = (-LEAST, LEAST) if change else (-0.5, width)
    low, high = float(held.min(initial=least[0])), float(held.max(initial=least[1]))
    margin = 0.06 * (high - low)
    peak = 100 * max(float(found.curves.density[shown].max(initial=0)), 1e-3)
    figure.update_xaxes(range=[-width, width], zeroline=True, zerolinecolor=GRID)
    figure.update_yaxes(range=[0, ROOM * peak], showticklabels=False, ticks="", showgrid=False, secondary_y=False)
    figure.update_yaxes(range=[low - margin, high + margin], side="left", tickmode="auto", secondary_y=True)
    figure.update_yaxes(zeroline=True, zerolinecolor=GRID, secondary_y=True)


def _title_axes(figure: go.Figure, rows: int, columns: int, panels: int, title: str) -> None:
    """Write titles and ticks of axes only at the left and below the lowest panel of a column."""
    figure.update_yaxes(showticklabels=False, ticks="", secondary_y=True)
    for row in range(1, rows + 1):
        figure.update_yaxes(showticklabels=True, ticks="outside", title=title, secondary_y=True, row=row, col=1)
    figure.update_xaxes(showticklabels=False, ticks="")
    for col in range(1, columns + 1):
        last = (panels - col) // columns + 1
        figure.update_xaxes(showticklabels=True, ticks="outside", title="value entering, z", row=last, col=col)


def _title(found: RationalMovement, number: int) -> str:
    change = found.change[number]
    moved = "no values" if np.isnan(change) else f"moved by {change:.2g}"
    return f"cluster {number} · {moved}" if len(found.curves.y) > 1 else f"all nodes · {moved}"


def _notes(
    found: RationalMovement, shown: list[int], epochs: list[int], cluster: int | None, change: bool
) -> list[str]:
    """Return the notes on words and letters, and on what is not drawn."""
    first = found.epochs[0]
    notes = [f"R₀: the function at epoch {first}"] if change else []
    notes.append(f"moved: from epoch {first} to {found.selected}, root mean square over these values")
    if cluster is None and len(shown) < len(found.curves.y):
        notes.append(f"the {len(shown)} of {len(found.curves.y)} clusters with most values")
    if len(epochs) < len(found.epochs):
        notes.append(f"{len(epochs)} of {len(found.epochs)} snapshots")
    return notes
