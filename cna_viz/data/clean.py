"""Normal form of every graph: undirected, sorted, no duplicates or self-loops, float32 features, classes 0..C-1."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch_geometric.utils import remove_self_loops, to_undirected

from cna_viz.data.graph import Graph, Masks


class RawGraph(NamedTuple):
    """A graph as its files describe it.

    Attributes:
        x: Features, any numeric type, dense or sparse, shape ``[nodes, features]``.
        y: Classes, any integers, shape ``[nodes]`` or ``[nodes, 1]``; floating point are numbers to predict.
        edge_index: Edges in one or both directions, shape ``[2, edges]``.
        masks: Published masks, shape ``[nodes]`` or ``[nodes, repetitions]``, where there are any.
        graph_of_node: Number of the graph of every node, shape ``[nodes]``, in a dataset of graphs; ``y`` then has a
            class for each graph.
    """

    x: Tensor
    y: Tensor
    edge_index: Tensor
    masks: Masks | None = None
    graph_of_node: Tensor | None = None


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
    edge_index = _edges(raw.edge_index, nodes)
    published = {protocol: _masks(raw.masks, nodes)} if raw.masks is not None and protocol is not None else {}
    if raw.graph_of_node is not None:
        member = _membership(raw.graph_of_node, edge_index, nodes)
        classes, y = torch.unique(_classes(raw.y, int(member[-1]) + 1, "graphs"), return_inverse=True)
        return Graph(name, x, y[member], edge_index, len(classes), published, member)
    if raw.y.is_floating_point():
        return Graph(name, x, _numbers(raw.y, nodes), edge_index, 0, published)
    classes, y = torch.unique(_classes(raw.y, nodes, "nodes"), return_inverse=True)
    return Graph(name, x, y, edge_index, len(classes), published)


def _membership(graph_of_node: Tensor, edge_index: Tensor, nodes: int) -> Tensor:
    member = graph_of_node.to(torch.int64).clone()
    steps = member.diff()
    if member.shape != (nodes,) or int(member[0]) != 0 or not bool(((steps == 0) | (steps == 1)).all()):
        raise ValueError(f"the graphs of {nodes} nodes are not numbered 0, 1, 2 ... in the order of the nodes")
    if not bool((member[edge_index[0]] == member[edge_index[1]]).all()):
        raise ValueError("an edge joins two graphs")
    return member


def _numbers(y: Tensor, nodes: int) -> Tensor:
    flat = (y.squeeze(-1) if y.dim() == 2 else y).to(torch.float32).clone(memory_format=torch.contiguous_format)
    if flat.shape != (nodes,) or not bool(torch.isfinite(flat).all()):
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


def _edges(edge_index: Tensor, nodes: int) -> Tensor:
    if edge_index.dim() != 2 or edge_index.shape[0] != 2:
        raise ValueError(f"edges have shape {list(edge_index.shape)}, not [2, edges]")
    edges = edge_index.to(torch.int64)
    if edges.numel() and not 0 <= int(edges.min()) <= int(edges.max()) < nodes:
        raise ValueError(f"edges name nodes {int(edges.min())} to {int(edges.max())} of a graph with {nodes} nodes")
    without_loops, _ = remove_self_loops(edges)
    undirected: Tensor = to_undirected(without_loops, num_nodes=nodes)
    return undirected.contiguous()


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
