"""Do nodes stay together from layer to layer, or from epoch to epoch?"""

from collections.abc import Sequence
from math import ceil

import numpy as np
import plotly.graph_objects as go

from cna_viz.analysis.tables.cluster_flow import ClusterFlow, Over, cluster_flow
from cna_viz.analysis.tables.node_groups import node_groups
from cna_viz.figures.pieces.flow_marks import class_legend, sankey
from cna_viz.figures.style.labels import provenance
from cna_viz.figures.style.theme import INK, MUTED, finish
from cna_viz.records.record import Record

TOP, BOTTOM = 132, 84
"""Heights in pixels of what is above the columns and below them."""
LEAST, CLUSTER, HIGHEST = 430, 26, 1300
"""Height in pixels of a column at least, per cluster, and at most."""
IN_A_ROW, LEGEND_ROW = 12, 21
"""Entries of the legend in a row of a page's width, and the height of a row in pixels."""


def plot_cluster_flow(
    record: Record,
    *,
    over: Over = "layer",
    layer: int | None = None,
    layers: Sequence[int] | None = None,
    epoch: int | None = None,
    epochs: Sequence[int] | None = None,
) -> go.Figure:
    """Draw which nodes go from which cluster to which, between the slots of a network or the snapshots of one slot.

    A bar is a cluster, as high as it has nodes, a band is the nodes that two clusters have in common. Both have the
    colour of the class (or fifth of the target) that is most frequent among them. Clusters are ordered so that few
    bands cross.

    Args:
        record: A run whose slots have clusters, with snapshots.
        over: ``layer``: columns are slots; ``epoch``: columns are snapshots of one slot.
        layer: The slot after this layer is followed; needed where columns are epochs.
        layers: Where columns are layers, which; up to eight, evenly spread, when left out.
        epoch: Where columns are layers, a snapshot's epoch; the selected model's when left out.
        epochs: Where columns are epochs, snapshots to show; up to eight when left out.

    Raises:
        UsageError: When fewer than two columns are left, an argument belongs to the other kind of columns, the slot has
            no clusters, or there is no such layer or snapshot.
    """
    flow = cluster_flow(record, over, layer=layer, layers=layers, epoch=epoch, epochs=epochs)
    groups = node_groups(record)
    kind = "fifth of the target" if groups.kind == "target" else groups.kind
    rows = ceil((1 + len(np.unique(groups.label))) / IN_A_ROW)
    panel = min(max(LEAST, CLUSTER * max(len(order) for order in flow.order)), HIGHEST)
    figure = go.Figure([sankey(flow, groups, panel), *class_legend(groups)])
    for column, place in enumerate(flow.places):
        _write_title(figure, flow, column, f"{over} {place}" + _mark(record, over, place))
    notes = [
        f"bar: a cluster, with its number: nodes ({kind} most frequent in it); band: nodes that two share; "
        f"colour: {kind} most frequent in bar or band",
        _which(record, flow, layer, epoch),
    ]
    finish(
        figure,
        f"Do nodes stay together from {over} to {over}?",
        provenance([record], *notes),
        height=TOP + panel + BOTTOM + LEGEND_ROW * (rows - 1),
        bottom=BOTTOM,
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    # Plotly would take more names in a row than it has room for.
    width = {"entrywidth": 30} if groups.kind == "class" else {}
    look = {**width, "y": 1 + 44 / panel, "title": {"text": f"<b>{groups.kind}</b>  "}, "itemsizing": "constant"}
    return figure.update_layout(margin={"t": TOP + LEGEND_ROW * (rows - 1), "l": 24}, legend=look)


def _write_title(figure: go.Figure, flow: ClusterFlow, column: int, title: str) -> None:
    empty, last = flow.columns[column].empty, len(flow.places) - 1
    note = f"{empty} of {flow.columns[column].count} empty" if empty else f"{flow.columns[column].count} clusters"
    figure.add_annotation(
        text=f"<b>{title}</b><br>{note}",
        x=column / last,
        y=1,
        xref="paper",
        yref="paper",
        xanchor="left" if column == 0 else "right" if column == last else "center",
        yanchor="bottom",
        yshift=4,
        showarrow=False,
        align="left" if column == 0 else "right" if column == last else "center",
        font={"size": 13, "color": INK if not empty else MUTED},
    )


def _mark(record: Record, over: Over, place: int) -> str:
    return ", selected" if over == "epoch" and place == record.best_epoch else ""


def _which(record: Record, flow: ClusterFlow, layer: int | None, epoch: int | None) -> str:
    """Say what is held fixed, and how many of the possible columns are shown."""
    held = f"slot after layer {layer}" if flow.over == "epoch" else f"epoch {_shown(record, epoch)}"
    things = "snapshots" if flow.over == "epoch" else "slots"
    left = f"; {len(flow.places)} of {flow.possible} {things}" if len(flow.places) < flow.possible else ""
    return f"{held}{left}"


def _shown(record: Record, epoch: int | None) -> int:
    return record.best_epoch if epoch is None else epoch
