"""Weights and direction of the edges of a sample, looked up in the whole graph."""

import torch
from torch import Tensor


class EdgeLookup:
    """Finds the weights of sampled edges and those among them that are arcs, so that samplers need to know of neither.

    Args:
        edge_index: Edges of the graph, both directions of each, sorted, ``[2, edges]``.
        num_nodes: Number of nodes of the graph.
        edge_weight: Weights of the edges, ``[edges]``, if there are any.
        arcs: Edges from source to target, sorted, ``[2, arcs]``, if the graph is directed.
    """

    def __init__(self, edge_index: Tensor, num_nodes: int, edge_weight: Tensor | None, arcs: Tensor | None) -> None:
        self._nodes, self._weight = num_nodes, None if edge_weight is None else edge_weight.cpu()
        self._edges = None if edge_weight is None else self._keys(edge_index.cpu())
        # What follows the last key is above every key: a search ends at an entry even where there is no arc.
        self._arcs = None if arcs is None else torch.cat([self._keys(arcs.cpu()), torch.tensor([num_nodes**2])])

    def __call__(self, nodes: Tensor, edge_index: Tensor) -> dict[str, Tensor]:
        """Return ``edge_weight`` and ``arcs`` of a sample, as far as the graph has them.

        Args:
            nodes: Nodes of the sample, numbers in the whole graph.
            edge_index: Edges of the sample, both directions of each, in the numbering of ``nodes``.
        """
        found = {}
        if self._weight is not None and self._edges is not None:
            found["edge_weight"] = self._weight[torch.searchsorted(self._edges, self._keys(nodes[edge_index]))]
        if self._arcs is not None:
            keys = self._keys(nodes[edge_index])
            found["arcs"] = edge_index[:, self._arcs[torch.searchsorted(self._arcs, keys)] == keys]
        return found

    def _keys(self, edges: Tensor) -> Tensor:
        """Return a number for every edge, ascending for sorted edges."""
        return edges[0] * self._nodes + edges[1]
