"""What a network is called with: features, sparse where that pays, and the graph in the form its backbone wants."""

from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F  # noqa: N812
from torch import Tensor

SPARSE_BELOW = 0.1
"""Share of entries that are not zero under which features are kept sparse."""


@dataclass(frozen=True)
class GraphInput:
    """A graph, prepared once for a backbone.

    Attributes:
        edge_index: Edges, both directions, ``[2, edges]``; DropEdge draws from them.
        num_nodes: Number of nodes.
        edges: The form that the backbone's convolutions are called with.
        nodes: Which nodes of a larger graph these are, int64, ``[num_nodes]``; None where they are all.
    """

    edge_index: Tensor
    num_nodes: int
    edges: Any
    nodes: Tensor | None = None


@dataclass(frozen=True)
class SparseFeatures:
    """A feature matrix in which most entries are zero, and its transpose, which the gradient of the weights needs.

    Attributes:
        rows: The matrix, sparse CSR, ``[nodes, features]``.
        columns: Its transpose, sparse CSR, ``[features, nodes]``.
        order: Where each value of ``columns`` stands in the values of ``rows``.
    """

    rows: Tensor
    columns: Tensor
    order: Tensor
