"""The inputs of a network: features, sparse where that pays, and the graph in the form its backbone wants."""

import warnings
from dataclasses import dataclass
from typing import Any, Final

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch_geometric.nn import Linear

SPARSE_BELOW: Final = 0.1
"""Share of non-zero entries below which features are kept sparse."""

SPARSE_FROM: Final = 100_000
"""Number of entries from which sparse features pay."""


@dataclass(frozen=True)
class Membership:
    """The graph that each node belongs to.

    Attributes:
        graph_of_node: Number of the graph of every node, int64, ``[num_nodes]``.
        num_graphs: Number of graphs; stored, because counting makes a GPU wait.
    """

    graph_of_node: Tensor
    num_graphs: int


@dataclass(frozen=True)
class GraphInput:
    """A graph, prepared once for a backbone.

    Attributes:
        edge_index: Edges, both directions, ``[2, edges]``; DropEdge draws from them.
        num_nodes: Number of nodes.
        edges: Edges in the form the convolutions of the backbone take.
        nodes: Numbers of these nodes in the whole graph, int64, ``[num_nodes]``; None if these are all.
        membership: The graph of each node, for an output per graph; else None.
        edge_weight: Weights of ``edge_index``, ``[edges]``; None without weights.
        arcs: Edges from source to target, ``[2, arcs]``, which DropEdge draws from; None without direction.
    """

    edge_index: Tensor
    num_nodes: int
    edges: Any
    nodes: Tensor | None = None
    membership: Membership | None = None
    edge_weight: Tensor | None = None
    arcs: Tensor | None = None


@dataclass(frozen=True)
class SparseFeatures:
    """A sparse feature matrix and its transpose, which the gradient of the weights needs.

    Attributes:
        rows: The matrix, sparse CSR, ``[nodes, features]``.
        columns: Its transpose, sparse CSR, ``[features, nodes]``.
        order: Position of each value of ``columns`` among the values of ``rows``.
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
        """Return the features with each entry zeroed with probability ``p``, the others divided by 1 - p."""
        if not training or p == 0:
            return self
        values = F.dropout(self.rows.values(), p)
        pairs = ((self.rows, values), (self.columns, values.index_select(0, self.order)))
        rows, columns = (_csr(m.crow_indices(), m.col_indices(), v, m.shape) for m, v in pairs)
        return SparseFeatures(rows, columns, self.order)

    def matmul(self, weight: Tensor) -> Tensor:
        """Return features @ weight; the gradient of the weight is featuresᵀ @ g, the features get none."""
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
    """Return sparse CSR ``matrix`` @ dense ``x``, in an eighth of its time: ``@`` fills and copies zeros first."""
    out = x.new_empty(matrix.shape[0], x.shape[1])
    return torch.addmm(out, matrix, x.contiguous(), beta=0, out=out)


def csr(row: Tensor, column: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return a sparse CSR matrix of entries that are sorted by row."""
    starts = torch.zeros(shape[0] + 1, dtype=torch.long, device=row.device)
    starts[1:] = torch.bincount(row, minlength=shape[0]).cumsum(0)
    return _csr(starts, column, values, shape)


def _csr(starts: Tensor, column: Tensor, values: Tensor, shape: tuple[int, ...]) -> Tensor:
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # that sparse CSR is in beta
        return torch.sparse_csr_tensor(starts, column, values, size=shape)


def keep_sparse(x: Tensor) -> Tensor | SparseFeatures:
    """Return ``x``, sparse if it is large and mostly zero."""
    if x.numel() < SPARSE_FROM or int(x.count_nonzero()) >= SPARSE_BELOW * x.numel():
        return x
    return SparseFeatures.from_dense(x)


class FeatureLinear(Linear):  # type: ignore[misc]
    """PyG's linear map, which also takes :class:`SparseFeatures`.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        bias: Whether to add a bias, initialized to zero.

    Shapes:
        - input: ``[nodes, in_channels]``
        - output: ``[nodes, out_channels]``
    """

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool = True) -> None:
        super().__init__(in_channels, out_channels, bias=bias, weight_initializer="glorot", bias_initializer="zeros")

    def forward(self, x: Tensor | SparseFeatures) -> Tensor:
        """Return x Wᵀ + b."""
        if isinstance(x, SparseFeatures):
            y = x.matmul(self.weight.t())
            return y if self.bias is None else y + self.bias
        dense: Tensor = super().forward(x)
        return dense
