"""What a network is called with: features, sparse where that pays, and the graph in the form its backbone wants."""

import warnings
from dataclasses import dataclass
from typing import Any, Final

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

SPARSE_BELOW: Final = 0.1
"""Share of entries that are not zero under which features are kept sparse."""

SPARSE_FROM: Final = 100_000
"""Number of entries from which on it is worth the trouble."""


@dataclass(frozen=True)
class GraphInput:
    """A graph, prepared once for a backbone.

    Attributes:
        edge_index: Edges, both directions, ``[2, edges]``; DropEdge draws from them.
        num_nodes: Number of nodes.
        edges: The form that the backbone's convolutions are called with.
        nodes: Which nodes of a larger graph these are, int64, ``[num_nodes]``; None where they are all.
        membership: Which node is of which graph, where an output per graph is wanted; else None.
    """

    edge_index: Tensor
    num_nodes: int
    edges: Any
    nodes: Tensor | None = None
    membership: "Membership | None" = None


@dataclass(frozen=True)
class Membership:
    """Which nodes are of which graph.

    Attributes:
        graph_of_node: Number of the graph of every node, int64, ``[num_nodes]``.
        num_graphs: Number of graphs; kept apart, because a GPU would have to wait to count them.
    """

    graph_of_node: Tensor
    num_graphs: int


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

    @classmethod
    def from_dense(cls, x: Tensor) -> "SparseFeatures":
        """Return the same matrix, kept sparse."""
        nodes, features = x.shape
        node, feature = x.nonzero(as_tuple=True)
        # Entries come row by row; a stable sort by feature brings them into the transpose's order.
        order = torch.sort(feature, stable=True).indices
        rows = csr(node, feature, x[node, feature], (nodes, features))
        columns = csr(feature[order], node[order], x[node, feature][order], (features, nodes))
        return cls(rows, columns, order)

    @property
    def shape(self) -> torch.Size:
        """Nodes and features."""
        return self.rows.shape

    def __len__(self) -> int:
        return self.rows.shape[0]

    def dropout(self, p: float, training: bool) -> "SparseFeatures":
        """Return features of which each entry is zero with probability ``p``, the others divided by 1 - p."""
        if not training or p == 0:
            return self
        values = F.dropout(self.rows.values(), p)
        return SparseFeatures(
            _with_values(self.rows, values), _with_values(self.columns, values.index_select(0, self.order)), self.order
        )

    def matmul(self, weight: Tensor) -> Tensor:
        """Return features @ weight; the gradient of the weight is featuresᵀ @ g, that of the features is not made."""
        y: Tensor = _SparseProduct.apply(self, weight)  # type: ignore[no-untyped-call]
        return y


class _SparseProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: SparseFeatures, weight: Tensor) -> Tensor:
        ctx.columns = features.columns
        return product(features.rows, weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        return None, product(ctx.columns, gradients[0])


def product(matrix: Tensor, x: Tensor) -> Tensor:
    """Return the product of a sparse CSR matrix and a dense one.

    ``matrix @ x`` fills a result with zeros and copies it before it multiplies, which takes eight times as long.
    """
    out = x.new_empty(matrix.shape[0], x.shape[1])
    return torch.addmm(out, matrix, x.contiguous(), beta=0, out=out)


def csr(row: Tensor, column: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return a sparse CSR matrix of entries that are sorted by row."""
    starts = torch.zeros(shape[0] + 1, dtype=torch.long, device=row.device)
    starts[1:] = torch.bincount(row, minlength=shape[0]).cumsum(0)
    with _no_beta_warnings():
        return torch.sparse_csr_tensor(starts, column, values, size=shape)


def _with_values(matrix: Tensor, values: Tensor) -> Tensor:
    with _no_beta_warnings():
        return torch.sparse_csr_tensor(matrix.crow_indices(), matrix.col_indices(), values, size=matrix.shape)


def _no_beta_warnings() -> "warnings.catch_warnings[None]":
    return warnings.catch_warnings(action="ignore", category=UserWarning)


def keep_sparse(x: Tensor) -> Tensor | SparseFeatures:
    """Return ``x`` sparse where it is large and most of it is zero, else as it is."""
    if x.numel() < SPARSE_FROM or int(x.count_nonzero()) >= SPARSE_BELOW * x.numel():
        return x
    return SparseFeatures.from_dense(x)
