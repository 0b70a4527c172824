"""Do nodes stay together from layer to layer, or from epoch to epoch?"""

from collections.abc import Sequence
from math import ceil
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from cna_viz.analysis.tables.cluster_flow import Over, cluster_flow
from cna_viz.analysis.tables.node_groups import node_groups
from cna_viz.figures.pieces.marks import add_words
from cna_viz.figures.pieces.nodes import legend_room
from cna_viz.figures.pieces.slot_marks import class_legend, sankey
from cna_viz.figures.style.labels import provenance, snapshot_note
from cna_viz.figures.style.theme import INK, MUTED, finish
from cna_viz.records.record import Record

TOP: Final = 132
"""Pixels above the columns."""
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

    A bar is a cluster, as high as it has nodes, a band is the nodes that two clusters share. Both have the colour of
    the class (or fifth of the target) that is most frequent among them; unlabelled nodes don't count, and are grey
    where there are no others. Clusters are ordered so that few bands cross.

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
    for column, (place, found) in enumerate(zip(flow.places, flow.columns, strict=True)):
        mark = ", selected" if over == "epoch" and place == record.best_epoch else ""
        note = f"{found.empty} of {found.count} empty" if found.empty else f"{found.count} clusters"
        side = "left" if column == 0 else "right" if column == len(flow.places) - 1 else "center"
        words, x = f"<b>{over} {place}{mark}</b><br>{note}", column / (len(flow.places) - 1)
        where: dict[str, Any] = {"xref": "paper", "yref": "paper", "yshift": 4, "align": side}
        add_words(figure, words, x, 1, f"{side} bottom", color=MUTED if found.empty else INK, **where)
    fixed = (
        f"slot after layer {layer}" if over == "epoch" else f"epoch {record.shown_epoch if epoch is None else epoch}"
    )
    some = f"; {len(flow.places)} of {flow.possible} {'snapshots' if over == 'epoch' else 'slots'}"
    notes = [
        f"bar: a cluster, with its number: nodes ({kind} most frequent in it); band: nodes that two share; "
        f"colour: {kind} most frequent in bar or band",
        fixed + (some if len(flow.places) < flow.possible else ""),
        *(["most frequent among labelled nodes; grey: only unlabelled nodes"] if groups.rest is not None else []),
    ]
    notes += snapshot_note([record], epoch) if over == "layer" else []
    footnote, top = provenance([record], *notes), TOP + LEGEND_ROW * (rows - 1) + legend_room([groups], 1)
    finish(figure, f"Do nodes stay together from {over} to {over}?", footnote, height=top + panel, below=-42)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    # Plotly would take more names in a row than it has room for.
    width = {"entrywidth": 30} if groups.kind == "class" and max(map(len, groups.names)) < 3 else {}
    look = {**width, "y": 1 + 44 / panel, "title": {"text": f"<b>{groups.kind}</b>  "}, "itemsizing": "constant"}
    return figure.update_layout(margin={"t": top, "l": 24}, legend=look)
