"""Slots as panels: where the nodes of a cluster go from slot to slot, and the rational functions of one slot."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from cna_viz.analysis.tables.cluster_flow import ClusterFlow
from cna_viz.analysis.tables.node_groups import NodeGroups
from cna_viz.analysis.tables.rational import RationalCurves
from cna_viz.figures.panels.drawing import FONT, HEIGHT, ROW, Drawing, compact, legend_below, legend_rows
from cna_viz.figures.pieces.marks import Trace
from cna_viz.figures.pieces.slot_marks import (
    bars_of_nodes,
    class_legend,
    cluster_traces,
    curve_name,
    reach,
    relu_trace,
    sankey,
    value_range,
)
from cna_viz.figures.style.theme import INK, MUTED

Array = np.ndarray[Any, Any]

SIDE, BELOW, TOP = 20, 24, 54
"""Margins in pixels, beside the columns, below them, and above them without the legend."""
POINTER: Final = 22
"""Height in pixels of the pointer to a column, below the others."""
MOST: Final = 16
"""Columns of a panel."""


def flow_panel(flow: ClusterFlow, groups: NodeGroups, *, place: int | None = None, height: int = 360) -> Drawing:
    """Draw the flow between clusters; ``layout.meta["bars"]`` has the bar of every node.

    Args:
        flow: Clusters in columns.
        groups: What colours stand for: the group that is most frequent in a bar or band.
        place: The layer or epoch to point at; None for none.
        height: Height in pixels.
    """
    legend = class_legend(groups)
    rows = legend_rows([groups.kind, *(str(entry["name"]) for entry in legend)])
    top, below = TOP + ROW * rows, BELOW + (0 if place is None else POINTER)
    bars = sankey(flow, groups, height - top - below)
    bars["node"]["label"] = [""] * len(bars["node"]["label"])  # without room for words; they are shown at the pointer
    first, *others = flow.places
    notes = [_note(flow, first, f"{flow.over} {first}"), *(_note(flow, other, str(other)) for other in others)]
    if place is not None:
        notes.append({**_note(flow, place, f"▲ <b>{flow.over} {place}</b>"), "yshift": -20})
    layout = {
        "annotations": notes,
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "legend": {"title": {"text": f"{groups.kind} ", "font": {"size": FONT}}, "y": 1.01, "itemsizing": "constant"},
        "margin": {"l": SIDE, "r": SIDE, "t": top, "b": below},
        "meta": {"bars": bars_of_nodes(flow)},
    }
    count, empty = (sum(getattr(column, what) for column in flow.columns) for what in ("count", "empty"))
    unused = f"{empty} of {count} clusters empty" if empty else "no cluster empty"
    kind = "fifth of the target" if groups.kind == "target" else groups.kind
    title = f"<b>clusters from {flow.over} to {flow.over}</b> · {unused}<br>colour: {kind} most frequent in bar or band"
    return compact([bars, *legend], title, layout, kept="flow", height=height)


def place_across(places: Sequence[int], place: int) -> float:
    """Return where a layer or epoch is between the first column, 0, and the last, 1; interpolated between columns."""
    return float(np.interp(place, places, np.linspace(0, 1, len(places))))


def _note(flow: ClusterFlow, at: int, text: str) -> dict[str, Any]:
    x = place_across(flow.places, at)
    anchor = "left" if x == 0 else "right" if x == 1 else "center"
    place = {"x": x, "y": 0, "xref": "paper", "yref": "paper", "xanchor": anchor, "yanchor": "top", "yshift": -2}
    return {"text": text, "showarrow": False, "font": {"size": 12, "color": INK}, **place}


def rational_panel(curves: RationalCurves, labels: Array, words: str) -> Drawing:
    """Draw the function of every cluster; ``layout.meta["curve_of_node"]`` has the one of every node.

    Args:
        curves: The functions of one slot.
        labels: Cluster of every node, ``[nodes]``.
        words: Where they are, such as ``after layer 3``.
    """
    lines = [entry for cluster in range(len(curves.y)) for entry in cluster_traces(curves, cluster)]
    width = reach(curves)
    values = [_light(trace) for line, trace in lines if line == "value"]
    below = [_light({**trace, "yaxis": "y2"}) for line, trace in lines if line == "density"]
    named = ["cluster ", "ReLU", *(trace["name"] for trace in values if trace.get("showlegend", True))]
    across = {"range": [-width, width], "zeroline": True, "zerolinecolor": MUTED, "anchor": "y2"}
    layout = {
        "xaxis": {**across, "title": "value entering the rational, z"},
        "yaxis": {"title": "R(z)", "range": value_range(curves), "domain": [0.36, 1]},
        "yaxis2": {"title": "share (%)", "rangemode": "tozero", "domain": [0, 0.28]},
        "legend": {**legend_below("cluster "), "tracegroupgap": 0},
        "margin": {"l": 56, "b": 46 + ROW * legend_rows(named)},
        "meta": {"curve_of_node": [curve_name(cluster) for cluster in labels.tolist()]},
    }
    title = f"<b>rational functions {words}</b><br>bold where the middle 99 % of their values lie"
    return compact([*values, relu_trace(width), *below], title, layout, kept="rational", height=HEIGHT)


def _light(trace: Trace) -> Trace:
    """Return a line that is quicker to send and to draw: in single precision, and straight between its points."""
    line = {name: value for name, value in trace["line"].items() if value != "spline"}
    return {**trace, "y": np.array(trace["y"], dtype=np.float32), "line": line}
