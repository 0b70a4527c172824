"""The figures of the playground, each small enough to be redrawn while a slider moves."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from cna_viz.config.measures import MEASURES
from cna_viz.figures.panels import embedding_panel, graph_panel
from cna_viz.figures.panels.drawing import Drawing, compact
from cna_viz.figures.panels.nodes import reach_of
from cna_viz.figures.pieces.marks import Trace
from cna_viz.figures.style.theme import CLASS_COLORS, INK, MUTED, log_axis, whole_ticks
from cna_viz.live.graphs import edges_of
from cna_viz.live.network import MEASURED
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
CURVES: Final = {"l": 60, "b": 46}
"""Margins of figures of curves."""


def draw_graph(seen: Seen, layer: int, color: str) -> Drawing:
    """Draw the graph, nodes coloured by class or cluster."""
    kept = f"graph {seen.graph.name}"
    return graph_panel(seen.places, edges_of(seen.graph), seen.groups(layer, color), height=HIGH, kept=kept)


def draw_nodes(seen: Seen, layer: int, color: str) -> Drawing:
    """Draw the nodes where a layer puts them, on axes that are the same for all layers."""
    name = f"after convolution {layer}" if layer else "features of the graph"
    groups, far = seen.groups(layer, color), reach_of(seen.projections)
    kept = f"nodes {seen.graph.name}"
    return embedding_panel(seen.projections[layer], groups, far, name, height=HIGH, kept=kept)


def draw_measures(seen: Seen, layer: int) -> Drawing:
    """Draw energy and rank of every layer, with a cursor at the one that is shown."""
    layers = [one.number for one in seen.passed.layers]
    traces: list[Trace] = []
    layout: dict[str, Any] = {"shapes": []}
    across = {"title": "layer (0: the features)", "range": [-0.5, layers[-1] + 0.5], **whole_ticks(layers)}
    for number, name, domain in zip(("", "2"), MEASURED, (LEFT, RIGHT), strict=True):
        values = _drawn(name, seen)
        on = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        hover = "layer %{x}: %{y:.3g}<extra></extra>"
        look = {"line": {"color": MUTED, "width": 2}, "marker": {"size": 6, "color": MUTED}, "hovertemplate": hover}
        here = {"color": INK, "symbol": "diamond", "size": 13}
        traces += [_line(layers, values, mode="lines+markers", **look, **on)]
        traces += [_line([layer], [values[layer]], mode="markers", marker=here, hoverinfo="skip", **on)]
        layout["shapes"].append(_cursor(layer, f"x{number}", f"y{number} domain"))
        axis = log_axis([value for value in values if value]) if name == "rayleigh" else {"rangemode": "tozero"}
        layout[f"xaxis{number}"] = {**across, "domain": domain, "anchor": f"y{number}"}
        layout[f"yaxis{number}"] = {"title": MEASURES[name].label, **axis, "anchor": f"x{number}"}
    here_is = seen.passed.layers[layer].measures
    energy = f"{here_is['rayleigh']:.2g}" if seen.has_edges else "has no meaning without edges"
    found = f"layer {layer}: energy {energy}, rank {here_is['effective_rank']:.3g}"
    words = f"<b>Do nodes become alike?</b><br>{found}"
    return compact(traces, words, {**layout, "margin": CURVES}, kept="measures", height=LOW)


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
    up = {"title": "activation", "range": [-2, SHOWN], "domain": [0.38, 1.0], "anchor": "x"}
    shares = {"title": "share (%)", "rangemode": "tozero", "domain": [0.0, 0.32], "anchor": "x"}
    where = f"slot after layer {slot.number}" if slot is not None else "one layer has no slot"
    words = f"<b>What acts on the values?</b><br>{'before training, ' if seen.trained else ''}{where}"
    layout = {"xaxis": across, "yaxis": up, "yaxis2": shares, "bargap": 0, "legend": legend, "margin": CURVES}
    return compact(traces, words, layout, kept="rational", height=LOW)


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
        "yaxis": {"title": "right (%)", "range": [-2, 102], "anchor": "x"},
        "xaxis2": {**epoch, "domain": RIGHT, "anchor": "y2"},
        "yaxis2": {"title": "training loss (nats)", "rangemode": "tozero", "anchor": "x2"},
        "legend": {"x": 0, "y": 1.02},
        "margin": {**CURVES, "t": 64},
    }
    return compact(traces, "<b>Does it learn?</b>", layout, kept="training", height=LOW)


def _drawn(name: str, seen: Seen) -> list[float | None]:
    """Return a measure of every layer as it is drawn: without edges nobody has neighbours to differ from."""
    values = [one.measures[name] for one in seen.passed.layers]
    if name != "rayleigh":
        return [value if np.isfinite(value) else None for value in values]
    return [max(value, LEAST) if seen.has_edges and np.isfinite(value) else None for value in values]


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
