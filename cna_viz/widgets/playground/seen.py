"""What is seen of one pass through the network, in the forms that figures draw."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cna_viz.analysis.positions.graph_layout import graph_layout
from cna_viz.analysis.positions.projection import Projection, project_layers
from cna_viz.analysis.tables.node_groups import NodeGroups, numbered_groups
from cna_viz.live.graphs import LiveGraph, edges_of, live_graph
from cna_viz.live.network import Layer, Pass
from cna_viz.live.settings import LiveSettings

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Seen:
    """One pass, and what was passed through.

    Attributes:
        graph: The graph, edges as they are now.
        settings: The network.
        passed: What every layer made of it.
        trained: Epochs that it was trained; 0 for an untrained network.
    """

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
        """Places of the nodes in every layer, the features first, each turned onto the one before."""
        return project_layers([layer.features for layer in self.passed.layers])

    @cached_property
    def places(self) -> Array:
        """Places of the nodes in the drawing of the graph: those of the graph as it was, whatever edges are now."""
        graph = live_graph(self.graph.name)
        return graph_layout(edges_of(graph), graph.num_nodes)

    def groups(self, layer: int, color: str) -> NodeGroups:
        """Return the nodes by ``class`` or by ``cluster`` of the slot after a layer; by class where there is none."""
        labels = self.passed.layers[layer].labels
        if color == "cluster" and labels is not None:
            return numbered_groups(labels, "cluster")
        return numbered_groups(self.graph.y.numpy(), "class")

    def slot_layer(self, layer: int) -> Layer | None:
        """Return the layer whose slot is shown with it: itself, or the nearest that has one; None without slots."""
        with_slot = [one for one in self.passed.layers if one.entering is not None]
        return min(with_slot, key=lambda one: abs(one.number - layer), default=None)
