"""The figures of the playground, each fast enough to follow a slider."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from cna_viz.analysis.positions.graph_layout import graph_layout
from cna_viz.analysis.positions.projection import Projection, project_layers
from cna_viz.analysis.tables.node_groups import NodeGroups, numbered_groups
from cna_viz.config.measures import MEASURES
from cna_viz.figures.panels import embedding_panel, graph_panel
from cna_viz.figures.panels.drawing import Drawing, compact
from cna_viz.figures.panels.nodes import reach_of
from cna_viz.figures.pieces.marks import Trace
from cna_viz.figures.style.theme import CLASS_COLORS, INK, MUTED, log_axis, whole_ticks
from cna_viz.live.graphs import LiveGraph, edges_of, live_graph
from cna_viz.live.network import MEASURED, Layer, Pass
from cna_viz.live.rationals import Coefficients, evaluate
from cna_viz.live.settings import LiveSettings
from cna_viz.live.training import Point

Array = np.ndarray[Any, Any]

HIGH, LOW = 400, 320
"""Heights in pixels of figures of nodes and of curves."""
SHOWN: Final = 4.0
"""Largest absolute value on the axis of a rational."""
BINS: Final = 40
LEAST: Final = 1e-12
"""The logarithmic axis draws smaller energies here."""
LEFT, RIGHT = [0.0, 0.43], [0.57, 1.0]
"""Domains of two axes side by side."""
CURVES: Final = {"l": 60, "b": 46}
"""Margins of figures of curves."""


@dataclass(frozen=True)
class Seen:
    """One forward pass of a graph through a network, trained for some epochs, and the values that figures draw."""

    graph: LiveGraph
    settings: LiveSettings
    passed: Pass
    trained: int = 0

    @property
    def has_edges(self) -> bool:
        """Whether any node has a neighbour."""
        return self.graph.edge_index.shape[1] > 0

    @cached_property
    def projections(self) -> list[Projection]:
        """Positions of the nodes in every layer, each rotated to match the previous one."""
        return project_layers([layer.features for layer in self.passed.layers])

    @cached_property
    def places(self) -> Array:
        """Positions of the nodes in the drawing of the graph, those of its original edges."""
        graph = live_graph(self.graph.name)
        return graph_layout(edges_of(graph), graph.num_nodes)

    def groups(self, layer: int, color: str) -> NodeGroups:
        """Return the nodes by ``class``, or by ``cluster`` of the slot after a layer if it has one."""
        labels = self.passed.layers[layer].labels
        if color == "cluster" and labels is not None:
            return numbered_groups(labels, "cluster")
        return numbered_groups(self.graph.y.numpy(), "class")

    def slot_layer(self, layer: int) -> Layer | None:
        """Return the nearest layer with a slot, if any."""
        with_slot = [one for one in self.passed.layers if one.entering is not None]
        return min(with_slot, key=lambda one: abs(one.number - layer), default=None)


def draw_graph(seen: Seen, layer: int, color: str) -> Drawing:
    """Draw the graph, with nodes coloured by class or cluster."""
    kept = f"graph {seen.graph.name}"
    return graph_panel(seen.places, edges_of(seen.graph), seen.groups(layer, color), height=HIGH, kept=kept)


def draw_nodes(seen: Seen, layer: int, color: str) -> Drawing:
    """Draw the nodes in the features of a layer, on the same axes for all layers."""
    name = f"after convolution {layer}" if layer else "features of the graph"
    groups, far = seen.groups(layer, color), reach_of(seen.projections)
    kept = f"nodes {seen.graph.name}"
    return embedding_panel(seen.projections[layer], groups, far, name, height=HIGH, kept=kept)


def draw_measures(seen: Seen, layer: int) -> Drawing:
    """Draw energy and rank of every layer, with a cursor at the layer that is shown."""
    layers = [one.number for one in seen.passed.layers]
    traces: list[Trace] = []
    layout: dict[str, Any] = {"shapes": [], "margin": CURVES}
    across = {"title": "layer (0: the features)", "range": [-0.5, layers[-1] + 0.5], **whole_ticks(layers)}
    look = {"line": {"color": MUTED, "width": 2}, "marker": {"size": 6, "color": MUTED}}
    here, dotted = {"color": INK, "symbol": "diamond", "size": 13}, {"color": INK, "width": 1, "dash": "dot"}
    cursor = {"type": "line", "x0": layer, "x1": layer, "y0": 0, "y1": 1, "line": dotted}
    for number, name, domain in zip(("", "2"), MEASURED, (LEFT, RIGHT), strict=True):
        values = _drawn(name, seen)
        on = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        hover = "layer %{x}: %{y:.3g}<extra></extra>"
        traces += [_line(layers, values, mode="lines+markers", **look, hovertemplate=hover, **on)]
        traces += [_line([layer], [values[layer]], mode="markers", marker=here, hoverinfo="skip", **on)]
        layout["shapes"].append({**cursor, "xref": f"x{number}", "yref": f"y{number} domain"})
        axis = log_axis([value for value in values if value]) if name == "rayleigh" else {"rangemode": "tozero"}
        layout[f"xaxis{number}"] = {**across, "domain": domain, "anchor": f"y{number}"}
        layout[f"yaxis{number}"] = {"title": MEASURES[name].label, **axis, "anchor": f"x{number}"}
    measures = seen.passed.layers[layer].measures
    energy, rank = (
        "undefined" if np.isnan(measures[name]) else f"{measures[name]:{digits}}"
        for name, digits in (("rayleigh", ".2g"), ("effective_rank", ".3g"))
    )
    found = f"layer {layer}: energy {energy if seen.has_edges else 'has no meaning without edges'}, rank {rank}"
    return compact(traces, f"<b>Do nodes become alike?</b><br>{found}", layout, kept="measures", height=LOW)


def draw_rational(seen: Seen, layer: int, rational: Coefficients) -> Drawing:
    """Draw the activation of the slots, above a histogram of its inputs in the slot after a layer."""
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
    where = f"slot after layer {slot.number}" if slot is not None else "one layer has no slot"
    words = f"<b>What acts on the values?</b><br>{'before training, ' if seen.trained else ''}{where}"
    layout = {
        "xaxis": {"range": [-SHOWN, SHOWN], "anchor": "y2", "title": "value entering the activation, z"},
        "yaxis": {"title": "activation", "range": [-2, SHOWN], "domain": [0.38, 1.0], "anchor": "x"},
        "yaxis2": {"title": "share (%)", "rangemode": "tozero", "domain": [0.0, 0.32], "anchor": "x"},
        "bargap": 0,
        "legend": {"x": 0.02, "y": 1.0, "yanchor": "top", "orientation": "v"},
        "margin": CURVES,
    }
    return compact(traces, words, layout, kept="rational", height=LOW)


def draw_training(curve: Sequence[Point]) -> Drawing:
    """Draw the accuracies of a training over its epochs, and the loss beside them."""
    epochs = [point.epoch for point in curve]
    traces = []
    for part, dash, color in zip(("train", "val", "test"), ("solid", "dash", "dot"), CLASS_COLORS, strict=False):
        line, percent = {"dash": dash, "color": color, "width": 2.5}, [100 * getattr(point, part) for point in curve]
        traces.append(_line(epochs, percent, mode="lines", name=part, showlegend=True, line=line))
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
    """Return the drawn values of a measure by layer; energy needs edges."""
    values = [one.measures[name] for one in seen.passed.layers]
    if name != "rayleigh":
        return [value if np.isfinite(value) else None for value in values]
    return [max(value, LEAST) if seen.has_edges and np.isfinite(value) else None for value in values]


def _line(x: Any, y: Any, **look: Any) -> Trace:
    return {"type": "scatter", "x": x, "y": y, "showlegend": False, **look}


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
