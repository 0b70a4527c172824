"""What happens to edges on the way into a graph, in sentences with counts."""

from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from cna_viz.data.graph import Graph
from cna_viz.data.own.parts import plural
from cna_viz.errors import DataError


def check_edges(edges: Tensor, nodes: int) -> None:
    """Refuse edges to nodes that are not there.

    Raises:
        DataError: There are some.
    """
    if edges.numel() and not 0 <= int(edges.min()) <= int(edges.max()) < nodes:
        raise DataError(
            f"edges name nodes {int(edges.min())} to {int(edges.max())}, and the {nodes} nodes are 0 to {nodes - 1}"
        )


def check_weights(weights: Tensor, edges: int) -> Tensor:
    """Return weights, a number for each edge.

    Raises:
        DataError: Their number is another, or some are missing, infinite or negative.
    """
    flat = weights.flatten() if weights.numel() == edges else weights
    if flat.shape != (edges,) or flat.dtype == torch.bool:
        raise DataError(f"weights are {flat.dtype} of shape {list(flat.shape)}, not a number for each of {edges} edges")
    wrong = ~torch.isfinite(flat.double()) | (flat < 0)
    if bool(wrong.any()):
        raise DataError(
            f"{plural(int(wrong.sum()), 'weight')} missing, infinite or negative, first {flat[wrong][0].item()}: "
            "weights are finite and at least 0; --weights drop leaves them out"
        )
    lost = ~torch.isfinite(flat.float()) | ((flat.float() == 0) & (flat > 0))
    if bool(lost.any()):
        raise DataError(f"weight {flat[lost][0].item()} is more or less than float32 can hold: scale the weights")
    return flat


def edge_changes(edges: Tensor, weights: Tensor | None, graph: Graph, *, directed: bool) -> list[str]:
    """Return what normal form changed in the edges as read."""
    source, target = edges.numpy()
    loops = source == target
    distinct = _distinct(source, target, ~loops, graph.num_nodes)
    repeats = int((~loops).sum()) - distinct
    pairs = distinct - _distinct(np.minimum(source, target), np.maximum(source, target), ~loops, graph.num_nodes)
    said = [f"{plural(edges.shape[1], 'edge')} read: {plural(graph.edge_index.shape[1] // 2, 'undirected edge')}"]
    if pairs:
        said.append(f"{plural(pairs, 'edge')} given in both directions")
    if loops.any():
        said.append(f"{plural(int(loops.sum()), 'self-loop')} removed")
    if repeats:
        said.append(f"{plural(repeats, 'repeated edge')} merged" + (", weights summed" if weights is not None else ""))
    said += _weight_changes(weights, graph)
    return said + (
        [f"direction kept: {plural(_arcs(graph), 'arc')}; measures see edges without direction"] if directed else []
    )


def _distinct(source: Any, target: Any, kept: Any, nodes: int) -> int:
    keys = np.sort((source * nodes + target)[kept])  # np.unique would hash them, which takes four times as long
    return int(np.count_nonzero(np.diff(keys))) + (len(keys) > 0)


def _arcs(graph: Graph) -> int:
    return 0 if graph.arcs is None else graph.arcs.shape[1]


def _weight_changes(weights: Tensor | None, graph: Graph) -> list[str]:
    if weights is None:
        return []
    zero = int((weights == 0).sum())
    said = [f"{plural(zero, 'edge')} of weight 0 left out"] if zero else []
    return [*said, "all weights are 1: the graph has none"] if graph.edge_weight is None else said


def shape_notes(graph: Graph) -> list[str]:
    """Return the number of isolated nodes, and of components where one graph has several."""
    isolated = int((graph.degree() == 0).sum())
    said = [f"{plural(isolated, 'isolated node')} kept"] if isolated else []
    if graph.graph_of_node is None and (components := _components(graph)) > 1:
        said.append(f"{components:,} components")
    return said


def _components(graph: Graph) -> int:
    ones: Any = np.ones(graph.edge_index.shape[1], dtype=np.int8)
    shape = (graph.num_nodes, graph.num_nodes)
    count, _ = connected_components(sp.csr_matrix((ones, graph.edge_index.numpy()), shape=shape), directed=False)
    return int(count)
