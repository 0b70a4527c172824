"""Where the nodes of a cluster go from slot to slot."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from cna_viz.analysis.tables.cluster_flow import ClusterFlow
from cna_viz.analysis.tables.node_groups import NodeGroups
from cna_viz.figures.panels.compact import FONT, ROW, compact, legend_rows
from cna_viz.figures.panels.drawing import Drawing
from cna_viz.figures.pieces.flow_marks import bars_of_nodes, class_legend, sankey
from cna_viz.figures.style.theme import INK

SIDE, BELOW, TOP = 20, 24, 54
"""Margins in pixels, beside the columns, below them, and above them without the legend."""
POINTER: Final = 22
"""Pixels of what points to a column, below the others."""
MOST: Final = 16
"""Columns of a panel."""


def flow_panel(
    flow: ClusterFlow,
    groups: NodeGroups,
    *,
    place: int | None = None,
    height: int = 360,
    kept: str = "flow",
) -> Drawing:
    """Draw the flow between clusters; ``layout.meta["bars"]`` says in which bar every node is.

    Args:
        flow: Clusters in columns.
        groups: What colours stand for: the group that is most frequent in a bar or band.
        place: The layer or epoch to point at; None for none.
        height: Height in pixels.
        kept: Zoom is kept between panels that have this in common.
    """
    legend = class_legend(groups)
    rows = legend_rows([groups.kind, *(str(entry["name"]) for entry in legend)])
    top = TOP + ROW * rows
    below = BELOW + (0 if place is None else POINTER)
    bars = sankey(flow, groups, height - top - below)
    bars["node"]["label"] = [""] * len(bars["node"]["label"])  # without room for words; they are shown at the pointer
    notes = [*_numbers(flow), *([] if place is None else [_pointer(flow, place)])]
    hidden = {"visible": False}
    layout = {
        "annotations": notes,
        "xaxis": hidden,
        "yaxis": hidden,
        "legend": {"title": {"text": f"{groups.kind} ", "font": {"size": FONT}}, "y": 1.01, "itemsizing": "constant"},
        "margin": {"l": SIDE, "r": SIDE, "t": top, "b": below},
        "meta": {"bars": bars_of_nodes(flow)},
    }
    return compact([bars, *legend], _title(flow, groups), layout, kept=kept, height=height)


def place_across(places: Sequence[int], place: int) -> float:
    """Return where a layer or epoch is between the first column, 0, and the last, 1; between two where it has none."""
    return float(np.interp(place, places, np.linspace(0, 1, len(places))))


def _title(flow: ClusterFlow, groups: NodeGroups) -> str:
    count, empty = (sum(getattr(column, what) for column in flow.columns) for what in ("count", "empty"))
    unused = f"{empty} of {count} clusters empty" if empty else "no cluster empty"
    kind = "fifth of the target" if groups.kind == "target" else groups.kind
    return f"<b>clusters from {flow.over} to {flow.over}</b> · {unused}<br>colour: {kind} most frequent in bar or band"


def _numbers(flow: ClusterFlow) -> list[dict[str, Any]]:
    across = [place_across(flow.places, place) for place in flow.places]
    return [
        _note(x, f"{flow.over} {place}" if x == 0 else str(place), INK)
        for x, place in zip(across, flow.places, strict=True)
    ]


def _pointer(flow: ClusterFlow, place: int) -> dict[str, Any]:
    return {**_note(place_across(flow.places, place), f"▲ <b>{flow.over} {place}</b>", INK), "yshift": -20}


def _note(x: float, text: str, color: str) -> dict[str, Any]:
    anchor = "left" if x == 0 else "right" if x == 1 else "center"
    place = {"x": x, "y": 0, "xref": "paper", "yref": "paper", "xanchor": anchor, "yanchor": "top", "yshift": -2}
    return {"text": text, "showarrow": False, "font": {"size": 12, "color": color}, **place}
