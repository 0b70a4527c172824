"""The figures of the playground, each small enough to be redrawn while a slider moves."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from cna_viz.figures.drawing import Drawing, panel
from cna_viz.figures.edges import edge_trace
from cna_viz.figures.labels import MEASURE_LABELS
from cna_viz.figures.nodes import Trace, fitting_size, legend_title, legend_traces, node_traces
from cna_viz.figures.projected import caption, reach
from cna_viz.figures.theme import CLASS_COLORS, GRID, INK, MUTED, log_axis, whole_ticks
from cna_viz.live.graphs import edges_of
from cna_viz.live.network import MEASURES
from cna_viz.live.rationals import Coefficients, evaluate
from cna_viz.live.training import Point
from cna_viz.widgets.playground.seen import Seen

Array = np.ndarray[Any, Any]

HIGH, LOW = 400, 320
"""Heights in pixels of figures of nodes and of curves."""
SHOWN: Final = 4.0
"""How far the axis of a rational reaches to both sides."""
BINS: Final = 40
LEAST: Final = 1e-12
"""Energies below are drawn here: a logarithmic axis has no zero."""
LEFT, RIGHT = [0.0, 0.43], [0.57, 1.0]
"""Where two axes side by side lie."""
CURVES: Final = {"l": 64}
"""Margins of figures of curves."""


def draw_graph(seen: Seen, layer: int, color: str) -> Drawing:
    """Draw the graph, nodes coloured by class or cluster."""
    edges, groups = edges_of(seen.graph), seen.groups(layer, color)
    nodes = np.arange(seen.graph.num_nodes)
    marks = node_traces(seen.places, groups, nodes, size=fitting_size(len(nodes)))
    look = {"title": {"text": legend_title([groups])}, "y": -0.02, "yanchor": "top", "itemsizing": "constant"}
    count = edges.shape[1]
    return panel(
        [edge_trace(seen.places, edges, "scatter"), *marks, *legend_traces([groups])],
        {**_square(1.08), "legend": look},
        words=f"<b>graph {seen.graph.name}</b> · {len(nodes)} nodes, {count} edge{'s' if count != 1 else ''}",
        height=HIGH,
        kept=f"graph {seen.graph.name}",
    )


def draw_nodes(seen: Seen, layer: int, color: str) -> Drawing:
    """Draw the nodes where a layer puts them, on axes that are the same for all layers."""
    projection, nodes = seen.projections[layer], np.arange(seen.graph.num_nodes)
    groups = seen.groups(layer, color)
    traces = node_traces(projection.positions, groups, nodes, size=fitting_size(len(nodes)))
    if projection.collapsed:
        ring = {"symbol": "circle-open", "size": 22, "color": INK, "line": {"width": 2}}
        traces.append(_line([0], [0], mode="markers", marker=ring, hoverinfo="skip"))
    name = f"after convolution {layer}" if layer else "features of the graph"
    words = caption(name, projection)
    return panel(traces, _square(reach(seen.projections)), words=words, height=HIGH, kept=f"nodes {seen.graph.name}")


def draw_measures(seen: Seen, layer: int) -> Drawing:
    """Draw energy and rank of every layer, with a cursor at the one that is shown."""
    layers = [one.number for one in seen.passed.layers]
    traces: list[Trace] = []
    layout: dict[str, Any] = {"shapes": []}
    across = {"title": "layer (0: the features)", "range": [-0.5, layers[-1] + 0.5], **whole_ticks(layers)}
    for number, name, domain in zip(("", "2"), MEASURES, (LEFT, RIGHT), strict=True):
        values = [max(one.measures[name], LEAST if name == "rayleigh" else 0) for one in seen.passed.layers]
        on = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        hover = "layer %{x}: %{y:.3g}<extra></extra>"
        look = {"line": {"color": MUTED, "width": 2}, "marker": {"size": 6, "color": MUTED}, "hovertemplate": hover}
        here = {"color": INK, "symbol": "diamond", "size": 13}
        traces += [_line(layers, values, mode="lines+markers", **look, **on)]
        traces += [_line([layer], [values[layer]], mode="markers", marker=here, hoverinfo="skip", **on)]
        layout["shapes"].append(_cursor(layer, f"x{number}", f"y{number} domain"))
        axis = log_axis(values) if name == "rayleigh" else {"rangemode": "tozero"}
        layout[f"xaxis{number}"] = {**across, "domain": domain, "anchor": f"y{number}"}
        layout[f"yaxis{number}"] = {"title": _small(MEASURE_LABELS[name]), **axis, "anchor": f"x{number}"}
    here_is = seen.passed.layers[layer].measures
    found = f"layer {layer}: energy {here_is['rayleigh']:.2g}, rank {here_is['effective_rank']:.3g}"
    words = f"<b>Do nodes become alike?</b> · {found}"
    return panel(traces, layout, words=words, height=LOW, kept="measures", margin=CURVES)


def draw_rational(seen: Seen, layer: int, rational: Coefficients) -> Drawing:
    """Draw what acts on the values in the slots, over where the values are that enter it in the slot after a layer."""
    z = np.linspace(-SHOWN, SHOWN, 161)
    kind, curve = _function(seen.settings.activation, rational)
    bold, dotted = {"color": CLASS_COLORS[0], "width": 3}, {"color": MUTED, "dash": "dot", "width": 1.5}
    on = {"xaxis": "x", "yaxis": "y", "mode": "lines", "showlegend": True}
    traces = [
        _line(z, np.maximum(z, 0), name="ReLU", line=dotted, **on),
        _line(z, curve(z), name=kind, line=bold, **on),
    ]
    slot = seen.slot_layer(layer)
    if slot is not None and slot.entering is not None:
        traces.append(_histogram(slot.entering))
    legend = {"x": 0.02, "y": 1.0, "yanchor": "top", "orientation": "v"}
    across = {"range": [-SHOWN, SHOWN], "anchor": "y2", "title": "value entering the activation, z"}
    up = {"title": _small("activation"), "range": [-2, SHOWN], "domain": [0.38, 1.0], "anchor": "x"}
    shares = {"title": _small("share (%)"), "rangemode": "tozero", "domain": [0.0, 0.32], "anchor": "x"}
    where = f"slot after layer {slot.number}" if slot is not None else "one layer has no slot"
    words = f"<b>What acts on the values?</b> · {'before training, ' if seen.trained else ''}{where}"
    layout = {"xaxis": across, "yaxis": up, "yaxis2": shares, "bargap": 0, "legend": legend}
    return panel(traces, layout, words=words, height=LOW, kept="rational", margin=CURVES)


def draw_training(curve: Sequence[Point]) -> Drawing:
    """Draw the scores of a training over its epochs, and the loss beside them."""
    epochs = [point.epoch for point in curve]
    looks = {"train": ("solid", CLASS_COLORS[0]), "val": ("dash", CLASS_COLORS[1]), "test": ("dot", CLASS_COLORS[2])}
    traces = [
        _line(
            epochs,
            [100 * getattr(point, part) for point in curve],
            mode="lines",
            name=part,
            showlegend=True,
            line={"dash": dash, "color": color, "width": 2.5},
        )
        for part, (dash, color) in looks.items()
    ]
    losses, on = [point.loss for point in curve], {"xaxis": "x2", "yaxis": "y2"}
    traces.append(_line(epochs, losses, mode="lines", line={"color": INK, "width": 2}, **on))
    epoch = {"title": "epoch", "rangemode": "tozero"}
    layout = {
        "xaxis": {**epoch, "domain": LEFT, "anchor": "y"},
        "yaxis": {"title": _small("right (%)"), "range": [-2, 102], "anchor": "x"},
        "xaxis2": {**epoch, "domain": RIGHT, "anchor": "y2"},
        "yaxis2": {"title": _small("training loss (nats)"), "rangemode": "tozero", "anchor": "x2"},
        "legend": {"x": 0, "y": 1.02},
    }
    return panel(traces, layout, words="<b>Does it learn?</b>", height=LOW, kept="training", margin={"l": 64, "t": 64})


def _line(x: Any, y: Any, **look: Any) -> Trace:
    return {"type": "scatter", "x": x, "y": y, "showlegend": False, **look}


def _cursor(x: float, axis: str, height: str) -> dict[str, Any]:
    line = {"color": INK, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "xref": axis, "yref": height, "line": line}


def _function(activation: str, rational: Coefficients) -> tuple[str, Callable[[Array], Array]]:
    if activation == "rational":
        return "rational R(z)", lambda z: evaluate(rational, z)
    if activation == "relu":
        return "ReLU in the slot", lambda z: np.maximum(z, 0)
    return "nothing (identity)", lambda z: z


def _histogram(entering: Array) -> Trace:
    counts, edges = np.histogram(entering, bins=BINS, range=(-SHOWN, SHOWN))
    middles, shares = (edges[:-1] + edges[1:]) / 2, 100 * counts / entering.size
    look = {"marker": {"color": CLASS_COLORS[0]}, "opacity": 0.6, "showlegend": False}
    hover = "%{y:.2g} % around %{x:.2g}<extra></extra>"
    return {"type": "bar", "x": middles, "y": shares, **look, "hovertemplate": hover, "xaxis": "x", "yaxis": "y2"}


def _small(words: str) -> dict[str, Any]:
    return {"text": words, "font": {"size": 13}}


def _square(far: float) -> dict[str, Any]:
    """Return axes on which a unit is as long in both directions: only distances mean something."""
    look = {"range": [-far, far], "showticklabels": False, "ticks": "", "mirror": True, "linecolor": GRID}
    return {"xaxis": {**look, "constrain": "domain"}, "yaxis": {**look, "constrain": "domain", "scaleanchor": "x"}}
