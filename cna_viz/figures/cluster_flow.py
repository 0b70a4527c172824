"""Do nodes stay together from layer to layer, or from epoch to epoch?"""

from collections.abc import Sequence
from math import ceil
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from cna_viz.analysis.cluster_flow import ClusterFlow, Over, cluster_flow
from cna_viz.analysis.cluster_table import count_pairs
from cna_viz.analysis.node_groups import NodeGroups, node_groups
from cna_viz.figures.labels import provenance
from cna_viz.figures.theme import INK, MUTED, PAPER, finish, group_style
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

TOP, BOTTOM = 132, 84
"""Heights in pixels of what is above the columns and below them."""
LEAST, CLUSTER, HIGHEST = 430, 26, 1300
"""Height in pixels of a column at least, per cluster, and at most."""
PAD = 14
"""Pixels between two clusters of a column, at most."""
EDGE: Final = 1e-3
"""Plotly takes a position of exactly 0 for none."""
OPACITY: Final = 0.45
HOVER: Final = "%{customdata}<extra></extra>"
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
    figure = go.Figure(_sankey(flow, groups, panel))
    _add_legend(figure, groups)
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


def _sankey(flow: ClusterFlow, groups: NodeGroups, panel: int) -> go.Sankey:
    """Return bars and bands; a bar's number is its place in all columns, one after the other."""
    most = max(len(order) for order in flow.order)
    pad = min(PAD, panel / 2 / max(most - 1, 1))
    starts = np.cumsum([0, *(len(order) for order in flow.order)])
    # As plotly scales them: the column with most clusters fills the height.
    scale = (panel - (most - 1) * pad) / max(len(flow.columns[0].label), 1)
    bars = [
        {**bar, "y": min(max(middle / panel, EDGE), 1 - EDGE)}
        for column in range(len(flow.places))
        for bar, middle in zip(_bars(flow, groups, column), _middles(flow, column, scale, pad, panel), strict=True)
    ]
    bands = [
        {**band, "source": int(starts[column]) + band["source"], "target": int(starts[column + 1]) + band["target"]}
        for column in range(len(flow.places) - 1)
        for band in _bands(flow, groups, column)
    ]
    node, link = ({key: [one[key] for one in many] for key in many[0]} for many in (bars, bands))
    return go.Sankey(
        arrangement="fixed",
        node={**node, "pad": pad, "thickness": 16, "line": {"color": PAPER, "width": 0.5}, "hovertemplate": HOVER},
        link={**link, "hovertemplate": HOVER},
        textfont={"size": 12, "color": INK},
    )


def _middles(flow: ClusterFlow, column: int, scale: float, pad: float, panel: int) -> list[float]:
    """Return where the middles of the bars of a column are, in pixels from the top; the column is centred."""
    height = scale * flow.columns[column].size[flow.order[column]]
    gaps = pad * np.arange(len(height))
    top = (panel - height.sum() - gaps[-1]) / 2
    return [float(middle) for middle in top + np.cumsum(height) - height / 2 + gaps]


def _bars(flow: ClusterFlow, groups: NodeGroups, column: int) -> list[dict[str, Any]]:
    """Return label, colour and column of the clusters of a column from top to bottom."""
    found, order = flow.columns[column], flow.order[column]
    members = count_pairs(found.label, groups.label, found.count, len(groups.names))
    across = column / (len(flow.places) - 1)
    return [
        {
            "label": f"{cluster}: {found.size[cluster]} ({_name(groups, members[cluster])})",
            "color": _color(groups, members[cluster]),
            "x": min(max(across, EDGE), 1 - EDGE),
            "customdata": f"{flow.over} {flow.places[column]}, cluster {cluster}: {found.size[cluster]} nodes, "
            + _most(groups, members[cluster]),
        }
        for cluster in order
    ]


def _bands(flow: ClusterFlow, groups: NodeGroups, column: int) -> list[dict[str, Any]]:
    """Return the bands between a column and the next; source and target are places in the order of their columns."""
    one, other = flow.columns[column], flow.columns[column + 1]
    pair = one.label * other.count + other.label
    members = count_pairs(pair, groups.label, one.count * other.count, len(groups.names))
    bands = []
    for place, cluster in enumerate(flow.order[column]):
        for target, following in enumerate(flow.order[column + 1]):
            of = members[cluster * other.count + following]
            if not of.any():
                continue
            text = f"cluster {cluster} → cluster {following}: {of.sum()} nodes, {_most(groups, of)}"
            color = f"rgba{(*hex_to_rgb(_color(groups, of)), OPACITY)}"
            value = int(of.sum())
            bands.append({"source": place, "target": target, "value": value, "color": color, "customdata": text})
    return bands


def _color(groups: NodeGroups, members: Array) -> str:
    return group_style(groups.kind, int(members.argmax()))[0]


def _name(groups: NodeGroups, members: Array) -> str:
    return groups.names[int(members.argmax())]


def _most(groups: NodeGroups, members: Array) -> str:
    return f"{100 * members.max() / max(members.sum(), 1):.0f} % of {groups.kind} {_name(groups, members)}"


def _add_legend(figure: go.Figure, groups: NodeGroups) -> None:
    """Say which colour is which class, by marks that stand for all; a Sankey diagram has no legend of its own."""
    for number in np.unique(groups.label):
        color, symbol = group_style(groups.kind, int(number))
        mark = {"size": 13, "color": color, "symbol": "square" if symbol == "circle" else symbol}
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=mark, name=groups.names[number], hoverinfo="skip")


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
