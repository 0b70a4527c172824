"""A flow between clusters as bars and bands, coloured by the class that is most frequent among their nodes."""

from typing import Any, Final

import numpy as np
from plotly.colors import hex_to_rgb

from cna_viz.analysis.tables.cluster_flow import ClusterFlow
from cna_viz.analysis.tables.cluster_labels import count_pairs
from cna_viz.analysis.tables.node_groups import NodeGroups
from cna_viz.figures.pieces.nodes import Trace
from cna_viz.figures.style.theme import INK, PAPER, group_style

Array = np.ndarray[Any, Any]

PAD = 14
"""Pixels between two clusters of a column, at most."""
EDGE: Final = 1e-3
"""Plotly takes a position of exactly 0 for none."""
OPACITY: Final = 0.45
HOVER: Final = "%{customdata}<extra></extra>"


def sankey(flow: ClusterFlow, groups: NodeGroups, panel: int) -> Trace:
    """Return bars and bands.

    Args:
        flow: Clusters in columns.
        groups: What colours stand for.
        panel: Height of the columns in pixels.
    """
    most = max(len(order) for order in flow.order)
    pad = min(PAD, panel / 2 / max(most - 1, 1))
    starts = first_bars(flow)
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
    look = {"pad": pad, "thickness": 16, "line": {"color": PAPER, "width": 0.5}, "hovertemplate": HOVER}
    return {
        "type": "sankey",
        "arrangement": "fixed",
        "node": {**node, **look},
        "link": {**link, "hovertemplate": HOVER},
        "textfont": {"size": 12, "color": INK},
    }


def class_legend(groups: NodeGroups) -> list[Trace]:
    """Return marks that say which colour is which class; a Sankey diagram has no legend of its own."""
    return [_entry(groups, int(number)) for number in np.unique(groups.label)]


def first_bars(flow: ClusterFlow) -> Array:
    """Return the number of the first bar of every column: bars are numbered column by column, from top to bottom."""
    return np.cumsum([0, *(len(order) for order in flow.order)])[:-1]


def bars_of_nodes(flow: ClusterFlow) -> list[list[int]]:
    """Return the number of the bar in which every node is, a list per column."""
    return [_bars_of_column(flow, column, int(start)) for column, start in enumerate(first_bars(flow))]


def _bars_of_column(flow: ClusterFlow, column: int, start: int) -> list[int]:
    found = flow.columns[column]
    place = np.zeros(found.count, dtype=np.int64)
    place[flow.order[column]] = np.arange(len(flow.order[column]))
    bars: list[int] = (start + place[found.label]).tolist()
    return bars


def _entry(groups: NodeGroups, number: int) -> Trace:
    color, symbol = group_style(groups.kind, number)
    mark = {"size": 13, "color": color, "symbol": "square" if symbol == "circle" else symbol}
    look = {"mode": "markers", "marker": mark, "name": groups.names[number], "hoverinfo": "skip"}
    return {"type": "scatter", "x": [None], "y": [None], **look}


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
