"""Which functions has the slot learned, and where do they act?"""

from math import ceil
from typing import Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.tables.rational import rational_curves
from cna_viz.figures.pieces.slot_marks import Line, cluster_traces, reach, relu_trace, value_range
from cna_viz.figures.style.labels import provenance, snapshot_note
from cna_viz.figures.style.theme import MUTED, finish, slot_style
from cna_viz.records.record import Record

ROWS: Final[dict[Line, int]] = {"value": 1, "density": 2, "difference": 3}

IN_A_ROW = 14
"""Entries of the legend in a row of a page's width."""


def plot_rational_curves(record: Record, layer: int, *, epoch: int | None = None) -> go.Figure:
    """Draw the rational function of every cluster over the density of what enters it, and its distance from ReLU.

    A curve is bold where the middle 99 % of its values lie and thin elsewhere, where no data constrains it.

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
        for line, trace in cluster_traces(curves, cluster):
            figure.add_trace(trace, row=ROWS[line], col=1)
    width = reach(curves)
    figure.add_trace(relu_trace(width), row=1, col=1)
    figure.update_xaxes(range=[-width, width], zeroline=True, zerolinecolor=MUTED)
    figure.update_xaxes(title="value entering the rational, z", row=3, col=1)
    figure.update_yaxes(title="R(z)", range=value_range(curves), row=1, col=1)
    figure.update_yaxes(title="share per bin (%)", rangemode="tozero", row=2, col=1)
    figure.update_yaxes(title="R(z) − ReLU(z)", row=3, col=1)
    shown = record.shown_epoch if epoch is None else epoch
    note = "bold where the middle 99 % of the values of the cluster lie; bins are 0.2 wide"
    title = f"Which functions has {slot_style(record.config.slot).label} learned after layer {layer}, epoch {shown}?"
    rows = ceil((np.count_nonzero(curves.size) + 1) / IN_A_ROW)
    finish(figure, title, provenance([record], note, *snapshot_note([record], epoch)), height=570 + 20 * rows)
    look = {"title": {"text": "<b>cluster</b>  ", "font": {"size": 14}}, "tracegroupgap": 0}
    return figure.update_layout(margin={"t": 76 + 20 * rows}, legend=look)
