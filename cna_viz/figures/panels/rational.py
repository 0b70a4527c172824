"""The rational functions of one slot, over the density of what enters them."""

from typing import Any

import numpy as np

from cna_viz.analysis.tables.rational import RationalCurves
from cna_viz.figures.panels.compact import HEIGHT, ROW, compact, legend_below, legend_rows
from cna_viz.figures.panels.drawing import Drawing
from cna_viz.figures.pieces.nodes import Trace
from cna_viz.figures.pieces.rational_marks import cluster_traces, curve_name, reach, relu_trace, value_range
from cna_viz.figures.style.theme import MUTED

Array = np.ndarray[Any, Any]


def rational_panel(
    curves: RationalCurves,
    labels: Array,
    words: str,
    *,
    height: int = HEIGHT,
    kept: str = "rational",
) -> Drawing:
    """Draw the function of every cluster; ``layout.meta["curve_of_node"]`` says which is the one of every node.

    Args:
        curves: The functions of one slot.
        labels: Cluster of every node, ``[nodes]``.
        words: Where they are, such as ``after layer 3``.
        height: Height in pixels.
        kept: Zoom is kept between panels that have this in common.
    """
    lines = [entry for cluster in range(len(curves.y)) for entry in cluster_traces(curves, cluster)]
    width = reach(curves)
    values = [_light(trace) for part, trace in lines if part == "value"]
    below = [_light({**trace, "yaxis": "y2"}) for part, trace in lines if part == "density"]
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
    return compact([*values, relu_trace(width), *below], title, layout, kept=kept, height=height)


def _light(trace: Trace) -> Trace:
    """Return a line that is quicker to send and to draw: in single precision, and not rounded between its points."""
    line = {name: value for name, value in trace["line"].items() if value != "spline"}
    return {**trace, "y": np.array(trace["y"], dtype=np.float32), "line": line}
