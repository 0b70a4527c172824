"""Which functions has the slot learned, and where do they act?"""

from math import ceil
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.rational import RationalCurves, rational_curves
from cna_viz.figures.labels import provenance
from cna_viz.figures.theme import CLASS_COLORS, INK, MUTED, OTHER_DASHES, class_style, finish, slot_style
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

SHOWN = 4.0
"""How far the axis reaches at least to both sides; nearly all normalized values lie within."""

IN_A_ROW = 14
"""Entries of the legend in a row of a page's width."""


def plot_rational_curves(record: Record, layer: int, *, epoch: int | None = None) -> go.Figure:
    """Draw the rational function of every cluster over the density of what enters it, and its distance from ReLU.

    A curve is bold where the middle 99 % of its values lie and thin elsewhere, where nothing holds it.

    Args:
        record: A run with rationals and snapshots.
        layer: 1 … number of layers - 1.
        epoch: A snapshot's epoch; the selected model's when left out.

    Raises:
        UsageError: When the slot has no rationals, or there is no such layer or snapshot.
    """
    curves = rational_curves(record, layer, epoch)
    figure = make_subplots(3, 1, shared_xaxes=True, row_heights=[0.46, 0.24, 0.3], vertical_spacing=0.04)
    for cluster in range(len(curves.y)):
        _add_cluster(figure, curves, cluster)
    width = max(SHOWN, np.abs(curves.z[curves.lives.any(axis=0)]).max(initial=0) + 0.1)
    _add_relu(figure, width)
    # What is drawn thin may leave the picture: it would press flat what has values.
    held = curves.y[curves.lives & np.isfinite(curves.y)]
    low, high = held.min(initial=-0.5), held.max(initial=width)
    margin = 0.06 * (high - low)
    figure.update_xaxes(range=[-width, width], zeroline=True, zerolinecolor=MUTED)
    figure.update_xaxes(title="value entering the rational, z", row=3, col=1)
    figure.update_yaxes(title="R(z)", range=[low - margin, high + margin], row=1, col=1)
    figure.update_yaxes(title="share per bin (%)", rangemode="tozero", row=2, col=1)
    figure.update_yaxes(title="R(z) − ReLU(z)", row=3, col=1)
    shown = record.best_epoch if epoch is None else epoch
    note = "bold where the middle 99 % of the values of the cluster lie; bins are 0.2 wide"
    title = f"Which functions has {slot_style(record.config.slot).label} learned after layer {layer}, epoch {shown}?"
    rows = ceil((np.count_nonzero(curves.size) + 1) / IN_A_ROW)
    finish(figure, title, provenance([record], note), height=680 + 20 * rows, bottom=110)
    look = {"title": {"text": "<b>cluster</b>  ", "font": {"size": 14}}, "tracegroupgap": 0}
    return figure.update_layout(margin={"t": 76 + 20 * rows}, legend=look)


def _add_relu(figure: go.Figure, width: float) -> None:
    figure.add_scatter(
        x=[-width, 0, width],
        y=[0, 0, width],
        mode="lines",
        line={"color": INK, "dash": "dot", "width": 1.5},
        name="ReLU",
        hoverinfo="skip",
        row=1,
        col=1,
    )


def _add_cluster(figure: go.Figure, curves: RationalCurves, cluster: int) -> None:
    color, _ = class_style(cluster)
    # Colours come again after ten clusters.
    line = {"color": color, "dash": OTHER_DASHES[cluster // len(CLASS_COLORS) % len(OTHER_DASHES)]}
    look = {"x": curves.z, "legendgroup": f"cluster {cluster}", "name": str(cluster), "col": 1}
    value, where = curves.y[cluster], curves.lives[cluster]
    hover = f"cluster {cluster}<br>R(%{{x:.2g}}) = %{{y:.3g}}<extra></extra>"
    curve = {**look, "row": 1, "hovertemplate": hover}
    if np.isfinite(value).any():
        thin = {**line, "width": 1, "shape": "spline"}
        figure.add_scatter(**curve, y=value, mode="lines", line=thin, opacity=0.5, showlegend=False)
    if not where.any():
        return
    if np.isfinite(value[where]).any():
        # A line through a single point can't be seen.
        mode = "lines" if np.count_nonzero(where) > 1 else "lines+markers"
        bold = {"mode": mode, "line": {**line, "width": 3, "shape": "spline"}, "marker": {"color": color, "size": 9}}
        figure.add_scatter(**curve, **bold, y=_where(value, where))
        hover = f"cluster {cluster}<br>R − ReLU at %{{x:.2g}}: %{{y:.3g}}<extra></extra>"
        apart = {**look, "row": 3, "showlegend": False, "hovertemplate": hover}
        bold["line"] = {**line, "width": 2}  # not rounded: ReLU has a corner at 0
        figure.add_scatter(**apart, **bold, y=_where(value - np.maximum(curves.z, 0), where))
    figure.add_scatter(
        **look,
        y=100 * curves.density[cluster],
        mode="lines",
        line={**line, "width": 2, "shape": "hvh"},
        showlegend=False,
        hovertemplate=f"cluster {cluster}<br>%{{y:.2g}} % around %{{x:.2g}}<extra></extra>",
        row=2,
    )


def _where(value: Array, where: Array) -> list[float | None]:
    """Return the values with gaps where a rational does not live or is not finite."""
    return [float(y) if here and np.isfinite(y) else None for y, here in zip(value, where, strict=True)]
