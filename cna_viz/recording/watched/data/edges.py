"""Edges and features."""

import warnings
from typing import Any

import torch
from torch import Tensor
from torch_geometric.utils import coalesce, is_sparse, to_edge_index

from cna_viz.data.own.edges import check_edges
from cna_viz.data.own.parts import as_tensor, plural
from cna_viz.errors import DataError, UsageError
from cna_viz.recording.watched.data.objects import on_cpu


def read_features(data: Any) -> tuple[Tensor, list[str]]:
    """Return a row of float32 features for each node, and what was changed; no columns where there are no features.

    Raises:
        DataError: Features are no numbers.
        UsageError: The number of nodes can't be known.
    """
    value = getattr(data, "x", None)
    if value is None:
        return torch.zeros(_count(data), 0), ["the data has no features x"]
    x = as_tensor(on_cpu(value), "data.x")
    if x.dim() == 0 or x.shape[0] == 0:
        raise UsageError(f"data.x has shape {list(x.shape)}: it must have a row for each node, [nodes, features]")
    found = x.reshape(len(x), -1).to(torch.float32, copy=True)
    wrong = int((~torch.isfinite(found)).any(dim=1).sum())
    said = [f"{plural(wrong, 'node')} with features that are NaN or infinite: no information gain"] if wrong else []
    return found, said


def edge_names(data: Any) -> tuple[str, str]:
    """Return the names of the attributes with the edges and with their weights; a sparse matrix has both."""
    edges = "adj_t" if getattr(data, "edge_index", None) is None else "edge_index"
    is_matrix = edges == "adj_t" or is_sparse(getattr(data, edges))
    return edges, edges if is_matrix else "edge_weight"


def read_edges(data: Any, nodes: int) -> tuple[Tensor, Any]:
    """Return edges from source to target, ``[2, edges]``, as the data has them, and their weights of any form, or None.

    Raises:
        DataError: An edge leads to no node.
        UsageError: There are no edges.
    """
    name, weights = edge_names(data)
    given, weight = getattr(data, name, None), on_cpu(getattr(data, weights, None))
    if name == weights:
        edges, weight = _of_matrix(given, data)
    else:
        edges = as_tensor(on_cpu(given), "data.edge_index")
    whole = not edges.is_floating_point() and edges.dtype != torch.bool
    if edges.dim() != 2 or edges.shape[0] != 2 or not (whole or edges.numel() == 0):
        raise UsageError(
            f"data.edge_index is {edges.dtype} of shape {list(edges.shape)}: it must be whole numbers, [2, edges]"
        )
    check_edges(edges, nodes)
    # PyG's EdgeIndex would check and sort what is made of it.
    return edges.as_subclass(Tensor).long(), weight


def weight_notes(edges: Tensor, weight: Tensor, nodes: int) -> list[str]:
    """Return how the weights of a record differ from those of the data."""
    zero = int((weight == 0).sum())
    said = [f"{plural(zero, 'edge')} of weight 0 left out"] if zero else []
    arcs, sums = coalesce(edges, weight.flatten().double(), nodes)
    arcs, sums = arcs[:, sums > 0], sums[sums > 0]
    both, twice = torch.cat([arcs, arcs.flip(0)], dim=1), torch.cat([sums, sums])
    means, most = (coalesce(both, twice, nodes, reduce=reduce)[1] for reduce in ("mean", "max"))
    return said if torch.equal(means, most) else [*said, "weights differ by direction: the record keeps their mean"]


def _of_matrix(matrix: Any, data: Any) -> tuple[Tensor, Tensor | None]:
    """Return edges and weights of a transposed adjacency matrix, ``[targets, sources]``."""
    if not is_sparse(matrix):
        raise UsageError(
            f"data ({type(data).__name__}) has neither edge_index nor a sparse adj_t: a record needs the edges; after "
            "ToSparseTensor keep them with ToSparseTensor(remove_edge_index=False)"
        )
    plain = on_cpu(matrix) if isinstance(matrix, Tensor) else matrix.cpu()
    # Otherwise PyG marks the user's own matrix as coalesced.
    plain = plain.coalesce() if isinstance(plain, Tensor) and plain.layout == torch.sparse_coo else plain
    ends, value = to_edge_index(plain)
    return ends.flip(0), value.detach() if value.dim() == 1 else None


def _count(data: Any) -> int:
    """Return the number of nodes, unless PyG would guess it from the edges."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            count = getattr(data, "num_nodes", None)
        except UserWarning:
            count = None
    if not isinstance(count, int) or isinstance(count, bool):
        raise UsageError(
            f"data ({type(data).__name__}) has neither x nor num_nodes, so that its nodes can't be counted: set "
            "data.num_nodes"
        )
    if count < 1:
        raise DataError("the graph has no nodes")
    return count
