"""Graphs small enough for immediate computation, with edges that can be changed."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Final

import numpy as np
import torch

from cna_viz.config import CSBMConfig, DataConfig
from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.embedded import EMBEDDED, digits, nearest_digits
from cna_viz.data.graph import Graph
from cna_viz.errors import UsageError, unknown_name

LiveGraph = Graph
"""A graph of the playground, under a name for modules that may not import :mod:`cna_viz.data`."""

DIGITS: Final = 160
"""Digits of the subset, the same number of each."""

SMALL_CSBM: Final = CSBMConfig(nodes=120, classes=3, features=16, degree=5, homophily=0.85, noise=0.4)

NEIGHBOURS: Final = 6
"""Nearest neighbours of each digit in the subset."""


@cache
def live_graph(name: str) -> Graph:
    """Return one of the small graphs by name.

    Args:
        name: ``karate`` (34 nodes), ``grid`` (100), ``csbm`` (120) or ``digits`` (160 of the handwritten digits).

    Raises:
        UsageError: When the name is unknown; lists the known ones.
    """
    if name not in _MAKERS:
        raise unknown_name("graph of the playground", name, LIVE_GRAPHS)
    return _MAKERS[name]()


def toggle_edge(graph: Graph, one: int, other: int) -> Graph:
    """Return the graph with the edge between two nodes added, or removed if it exists.

    Raises:
        UsageError: When a node does not exist, or both are the same.
    """
    for node in (one, other):
        if not isinstance(node, int | np.integer) or not 0 <= node < graph.num_nodes:
            raise UsageError(f"node {node} is not there: {graph.name} has the nodes 0 to {graph.num_nodes - 1}")
    if one == other:
        raise UsageError(f"an edge joins two nodes, not node {one} with itself")
    pair = torch.tensor([[one, other], [other, one]])
    there = ((graph.edge_index == pair[:, :1]).all(dim=0)) | ((graph.edge_index == pair[:, 1:]).all(dim=0))
    kept = graph.edge_index[:, ~there] if bool(there.any()) else torch.cat([graph.edge_index, pair], dim=1)
    return replace(graph, edge_index=kept[:, torch.argsort(kept[0] * graph.num_nodes + kept[1])])


def without_edges(graph: Graph) -> Graph:
    """Return the graph without its edges."""
    return replace(graph, edge_index=graph.edge_index[:, :0])


def edges_of(graph: Graph) -> np.ndarray[Any, Any]:
    """Return every edge once, ``[2, edges]``, the lower number first."""
    first, second = graph.edge_index.numpy()
    return np.stack([first, second])[:, first < second]


def _some_digits() -> Graph:
    """Return the first digits of each class, joined to their nearest neighbours."""
    whole = digits()
    each = DIGITS // whole.num_classes
    chosen = torch.cat([torch.nonzero(whole.y == number).flatten()[:each] for number in range(whole.num_classes)])
    chosen = chosen.sort().values
    x = whole.x[chosen]
    return clean("digits", RawGraph(x, whole.y[chosen], nearest_digits(x, NEIGHBOURS)))


_MAKERS: Final[dict[str, Callable[[], Graph]]] = {
    "karate": lambda: EMBEDDED["karate"](DataConfig(dataset="karate")),
    "grid": lambda: EMBEDDED["grid"](DataConfig(dataset="grid")),
    "csbm": lambda: EMBEDDED["csbm"](DataConfig(dataset="csbm", csbm=SMALL_CSBM)),
    "digits": _some_digits,
}

LIVE_GRAPHS: Final = tuple(_MAKERS)
"""Names of the graphs."""
