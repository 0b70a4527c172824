"""Normal form of every graph: edges sorted, no duplicates or self-loops, float32 features, classes 0..C-1."""

from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch_geometric.utils import coalesce, remove_self_loops, to_undirected

from cna_viz.data.graph import Graph, Masks

UNLABELLED: Final = -1
"""Class of nodes without one."""


class RawGraph(NamedTuple):
    """A graph as its files describe it.

    Attributes:
        x: Features, any numeric type, dense or sparse, shape ``[nodes, features]``.
        y: Classes, any integers, shape ``[nodes]`` or ``[nodes, 1]``; floating point are numbers to predict. -1 and NaN
            are unlabelled.
        edge_index: Edges in one or both directions, shape ``[2, edges]``.
        masks: Published masks, shape ``[nodes]`` or ``[nodes, repetitions]``, where there are any.
        graph_of_node: Number of the graph of every node, shape ``[nodes]``, in a dataset of graphs; ``y`` then has a
            class for each graph.
        edge_weight: Weights, finite, at least 0, shape ``[edges]``; those of repeated edges are summed, those of both
            directions averaged. Edges of weight 0 are left out, and weights that are all 1 are none.
        directed: Whether the direction of edges is kept.
        class_names: Name of every class; ``y`` then has 0 ... C - 1.
    """

    x: Tensor
    y: Tensor
    edge_index: Tensor
    masks: Masks | None = None
    graph_of_node: Tensor | None = None
    edge_weight: Tensor | None = None
    directed: bool = False
    class_names: tuple[str, ...] = ()


def clean(name: str, raw: RawGraph, protocol: str | None = None) -> Graph:
    """Make a :class:`Graph` of ``raw``, whose tensors are neither changed nor shared.

    Args:
        name: Name of the dataset.
        raw: The graph as read.
        protocol: Split protocol of the masks of ``raw``.

    Raises:
        ValueError: The parts do not fit together: an edge to no node, too few classes or masks, features not finite.
    """
    x = _features(raw.x)
    nodes = x.shape[0]
    edge_index, edge_weight, arcs = clean_edges(raw.edge_index, raw.edge_weight, nodes, directed=raw.directed)
    published = {protocol: _masks(raw.masks, nodes)} if raw.masks is not None and protocol is not None else {}
    more: dict[str, Any] = {"edge_weight": edge_weight, "arcs": arcs, "class_names": raw.class_names}
    if raw.graph_of_node is not None:
        member = clean_membership(raw.graph_of_node, edge_index, nodes)
        count, y = _numbered(_classes(raw.y, int(member[-1]) + 1, "graphs"))
        return Graph(name, x, y[member], edge_index, count, published, member, **more)
    if raw.y.is_floating_point():
        return Graph(name, x, _numbers(raw.y, nodes), edge_index, 0, published, **more)
    count, y = _numbered(_classes(raw.y, nodes, "nodes"))
    return Graph(name, x, y, edge_index, count, published, **more)


def _numbered(y: Tensor) -> tuple[int, Tensor]:
    """Return the number of classes, and classes 0, 1, 2 ... in the place of any numbers; -1 stays."""
    classes = torch.unique(y[y != UNLABELLED])
    return len(classes), torch.where(y == UNLABELLED, UNLABELLED, torch.searchsorted(classes, y))


def clean_membership(graph_of_node: Tensor, edge_index: Tensor, nodes: int) -> Tensor:
    """Return the number of the graph of every node.

    Raises:
        ValueError: The graphs are not numbered in the order of their nodes, or an edge joins two.
    """
    member = graph_of_node.to(torch.int64).clone()
    steps = member.diff()
    if member.shape != (nodes,) or int(member[0]) != 0 or not bool(((steps == 0) | (steps == 1)).all()):
        raise ValueError(f"the graphs of {nodes} nodes are not numbered 0, 1, 2 ... in the order of the nodes")
    if not bool((member[edge_index[0]] == member[edge_index[1]]).all()):
        raise ValueError("an edge joins two graphs")
    return member


def _numbers(y: Tensor, nodes: int) -> Tensor:
    flat = (y.squeeze(-1) if y.dim() == 2 else y).to(torch.float32).clone(memory_format=torch.contiguous_format)
    if flat.shape != (nodes,) or bool(torch.isinf(flat).any()):
        raise ValueError(f"targets of shape {list(y.shape)} are not a finite number for each of {nodes} nodes")
    return flat


def _features(x: Tensor) -> Tensor:
    if x.dim() != 2 or x.shape[0] == 0:
        raise ValueError(f"features have shape {list(x.shape)}, not [nodes, features]")
    dense = x.to_dense() if x.layout != torch.strided else x
    # A clone is aligned by torch. Memory of numpy or of a mapped file may not be, and matrix products could then differ
    # in the last bit between a first and a second run.
    dense = dense.to(torch.float32).clone(memory_format=torch.contiguous_format)
    if not bool(torch.isfinite(dense).all()):
        raise ValueError("features are not finite")
    return dense


def _classes(y: Tensor, count: int, what: str) -> Tensor:
    flat = y.squeeze(-1) if y.dim() == 2 else y
    if flat.shape != (count,) or flat.is_floating_point():
        raise ValueError(f"classes are {y.dtype} of shape {list(y.shape)}, not an integer for each of {count} {what}")
    return flat.to(torch.int64)


def clean_edges(
    edge_index: Tensor, edge_weight: Tensor | None, nodes: int, *, directed: bool
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Return the undirected edges, their weights, and where direction is kept the arcs; see :class:`RawGraph`.

    Raises:
        ValueError: An edge leads to no node, or weights are not finite and at least 0.
    """
    edges = edge_index.to(torch.int64)
    if edges.dim() != 2 or edges.shape[0] != 2:
        raise ValueError(f"edges have shape {list(edges.shape)}, not [2, edges]")
    if edges.numel() and not 0 <= int(edges.min()) <= int(edges.max()) < nodes:
        raise ValueError(f"edges name nodes {int(edges.min())} to {int(edges.max())} of a graph with {nodes} nodes")
    weight = None if edge_weight is None else _weights(edge_weight, edges.shape[1])
    if weight is None:
        arcs, _ = remove_self_loops(edges)
        undirected: Tensor = to_undirected(arcs, num_nodes=nodes)
        arcs = coalesce(arcs, num_nodes=nodes).contiguous() if directed else None
        return undirected.contiguous(), None, arcs
    arcs, weight = remove_self_loops(edges, weight)
    arcs, weight = _summed(arcs, weight, nodes)
    both, back = torch.cat([arcs, arcs.flip(0)], dim=1), torch.cat([weight, weight])
    undirected, mean = _summed(both, back, nodes, mean=True)
    found = mean.float()
    if not bool(torch.isfinite(found).all()) or bool((found == 0).any()):
        raise ValueError("weights are too large or too small for float32")
    return undirected, None if bool((found == 1).all()) else found, arcs if directed else None


def _weights(weight: Tensor, edges: int) -> Tensor:
    flat = (weight.squeeze(-1) if weight.dim() == 2 else weight).to(torch.float64)
    if flat.shape != (edges,):
        raise ValueError(f"weights have shape {list(weight.shape)}, not a number for each of {edges} edges")
    if not bool(torch.isfinite(flat).all()) or bool((flat < 0).any()):
        raise ValueError("weights are not all finite and at least 0")
    return flat


def _summed(edges: Tensor, weight: Tensor, nodes: int, *, mean: bool = False) -> tuple[Tensor, Tensor]:
    """Return the distinct edges, sorted, with the sum or mean of their weights; those of weight 0 are left out."""
    key = (edges[0] * nodes + edges[1]).numpy()
    # Sorted by weight within an edge, so that the sum does not depend on the order of the file.
    order = np.lexsort((weight.numpy(), key))
    distinct, first = np.unique(key[order], return_index=True)
    if not len(distinct):
        return edges[:, :0].contiguous(), weight[:0]
    sums = np.add.reduceat(weight.numpy()[order], first)
    if mean:
        sums /= np.diff(first, append=len(key))
    kept = torch.from_numpy(distinct[sums > 0])
    return torch.stack([kept // nodes, kept % nodes]), torch.from_numpy(sums[sums > 0])


def _masks(masks: Masks, nodes: int) -> Masks:
    shaped = []
    for mask in (masks.train, masks.val, masks.test):
        columns = mask.unsqueeze(1) if mask.dim() == 1 else mask
        if columns.dim() != 2 or columns.shape[0] != nodes or columns.shape[1] == 0:
            raise ValueError(f"a mask has shape {list(mask.shape)}, not [{nodes}, repetitions]")
        shaped.append(columns.to(torch.bool).clone(memory_format=torch.contiguous_format))
    if len({mask.shape for mask in shaped}) > 1:
        raise ValueError("the masks of train, val and test have different numbers of repetitions")
    return Masks(*shaped)
