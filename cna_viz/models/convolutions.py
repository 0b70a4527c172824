"""The convolutions of the backbones, each called as ``conv(x, edges, initial)``, and the matrices they multiply with.

Only :class:`~torch_geometric.nn.DirGNNConv` sees the direction of edges. For all others the graph is undirected and the
weights of edges are symmetric, so an aggregation and its gradient are products with the same sparse matrix, made once
per graph. Message passing would write one message per edge to memory; PyG's ``EdgeIndex`` avoids that too,
but multiplies with ``matrix @ x`` (see :func:`~cna_viz.models.inputs.product`). Parameters, their names and their
initialization are PyG's.
"""

from typing import Any, NamedTuple

import torch
import torch_geometric.nn as pyg
from torch import Tensor, nn
from torch_geometric.nn.conv.gcn_conv import gcn_norm
from torch_geometric.utils import add_self_loops, coalesce

from cna_viz.models.inputs import FeatureLinear, SparseFeatures, csr, product


class _SymmetricProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, adjacency: Tensor, x: Tensor, bias: Tensor | None) -> Tensor:
        ctx.adjacency = adjacency
        return product(adjacency, x) if bias is None else torch.addmm(bias, adjacency, x.contiguous())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor | None, Tensor | None]:
        g, (_, for_x, for_bias) = gradients[0], ctx.needs_input_grad
        return None, product(ctx.adjacency, g) if for_x else None, g.sum(dim=0) if for_bias else None


def propagate(adjacency: Tensor, x: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return A @ x + b for a constant A = Aᵀ; the gradient of x is A @ g, without a transposed copy."""
    y: Tensor = _SymmetricProduct.apply(adjacency, x, bias)  # type: ignore[no-untyped-call]
    return y


def _propagate(self: nn.Module, edge_index: Tensor, x: Tensor | tuple[Tensor, Tensor], **arguments: Any) -> Tensor:
    """Replace the message passing of a PyG convolution. In its class body: PyG overwrites an inherited one."""
    return propagate(edge_index, x[0] if isinstance(x, tuple) else x)


class GCNConv(nn.Module):
    r"""The convolution of GCN (Kipf and Welling, arXiv 1609.02907).

    .. math:: X' = \hat D^{-1/2} (A + I) \hat D^{-1/2} X W + b

    Parameters, their initialization and the result are those of PyG's ``GCNConv``.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.

    Shapes:
        - input: ``[nodes, in_channels]`` and the matrix of :func:`normalized_adjacency`
        - output: ``[nodes, out_channels]``
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.lin = FeatureLinear(in_channels, out_channels, bias=False)
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor | SparseFeatures, adjacency: Tensor, initial: Tensor | None = None) -> Tensor:
        """Return the convolution of ``x`` over ``adjacency``."""
        return propagate(adjacency, self.lin(x), self.bias)


class Mean(NamedTuple):
    """The mean over neighbours as a product with a symmetric matrix and a division.

    Attributes:
        adjacency: Matrix of :func:`adjacency`.
        degree: Sums of its rows, ``[num_nodes, 1]``; 1 for isolated nodes.
    """

    adjacency: Tensor
    degree: Tensor


class SAGEConv(pyg.SAGEConv):  # type: ignore[misc]
    r"""GraphSAGE's convolution (Hamilton et al., arXiv 1706.02216) with the mean over neighbours.

    .. math::
        x'_i = W_1 x_i + W_2 \frac{\sum_{j \in N(i)} w_{ij} x_j}{\sum_{j \in N(i)} w_{ij}} + b

    Without weights of edges, all :math:`w_{ij}` are 1. The mean over no neighbours is zero. Arguments and shapes as
    :class:`GCNConv`, with :func:`mean` in the place of the matrix.
    """

    def propagate(self, edge_index: Mean, x: tuple[Tensor, Tensor], **arguments: Any) -> Tensor:
        """Return the mean over neighbours."""
        return propagate(edge_index.adjacency, x[0]) / edge_index.degree


class GINConv(pyg.GINConv):  # type: ignore[misc]
    r"""GIN's convolution (Xu et al., arXiv 1810.00826) with ε = 0 and a two-layer MLP without norms.

    .. math:: x'_i = \operatorname{MLP}\Big(x_i + \sum_{j \in N(i)} x_j\Big)

    The inner layer of the MLP has ``out_channels``. Arguments and shapes as :class:`GCNConv`, with the matrix of
    :func:`adjacency`.
    """

    propagate = _propagate

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(pyg.MLP([in_channels, out_channels, out_channels], norm=None))


class ChebConv(pyg.ChebConv):  # type: ignore[misc]
    r"""The Chebyshev convolution (Defferrard et al., arXiv 1606.09375) with K = 3, the smallest K with a recursion.

    .. math:: X' = \sum_{k=0}^{K-1} T_k(\hat L) X W_k + b, \qquad T_k = 2 \hat L T_{k-1} - T_{k-2}

    Arguments and shapes as :class:`GCNConv`, with the matrix L̂ of :func:`scaled_laplacian`.
    """

    propagate = _propagate

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, K=3)

    def __norm__(self, edge_index: Tensor, *others: Any, **arguments: Any) -> tuple[Tensor, None]:
        # PyG makes the Laplacian in every call and looks for self-loops, for which a GPU has to wait.
        return edge_index, None


class GCN2Conv(pyg.GCN2Conv):  # type: ignore[misc]
    r"""GCNII's convolution (Chen et al., arXiv 2007.02133) with α = 0.1 and θ = 0.5.

    .. math::
        X' = \big((1 - \alpha) S X + \alpha X_0\big) \big((1 - \beta_\ell) I + \beta_\ell W\big), \qquad
        \beta_\ell = \log(\theta / \ell + 1)

    Args:
        channels: Channels of input and output.
        layer: Number ℓ of the layer, from 1: the deeper, the closer its weights are to the identity.

    Shapes:
        - input: features and projected features X₀, ``[nodes, channels]`` each, and the matrix S of
          :func:`normalized_adjacency`
        - output: ``[nodes, channels]``
    """

    propagate = _propagate

    def __init__(self, channels: int, layer: int) -> None:
        super().__init__(channels, alpha=0.1, theta=0.5, layer=layer, normalize=False)


class PyGConv(nn.Module):
    """A convolution of PyG called as ``conv(x, edges)``, or, with ``takes_initial``, as ``conv(x, initial, edges)``."""

    def __init__(self, conv: nn.Module, *, takes_initial: bool = False) -> None:
        super().__init__()
        self.conv, self.takes_initial = conv, takes_initial

    def forward(self, x: Tensor, edges: Any, initial: Tensor | None = None) -> Tensor:
        """Return the convolution of ``x`` over ``edges``."""
        y: Tensor = self.conv(x, initial, edges) if self.takes_initial else self.conv(x, edges)
        return y


class MLPLayer(nn.Module):
    """A linear map without a graph: the control that shows what the graph contributes."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.lin = FeatureLinear(in_channels, out_channels)

    def forward(self, x: Tensor | SparseFeatures, edges: None, initial: Tensor | None = None) -> Tensor:
        """Return x W + b."""
        y: Tensor = self.lin(x)
        return y


class Propagation(nn.Module):
    r"""Propagation without weights.

    .. math:: X' = (1 - \alpha) \hat D^{-1/2} (A + I) \hat D^{-1/2} X + \alpha X_0

    A step of SGC (arXiv 1902.07153) for α = 0, else of APPNP (arXiv 1810.05997) with projected features X₀.

    Args:
        alpha: Share of the projected features.
    """

    def __init__(self, alpha: float) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, x: Tensor, adjacency: Tensor, initial: Tensor | None = None) -> Tensor:
        """Return ``x`` propagated one step."""
        y = propagate(adjacency, x)
        return y if self.alpha == 0 or initial is None else (1 - self.alpha) * y + self.alpha * initial

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return f"alpha={self.alpha}"


def normalized_adjacency(edge_index: Tensor, num_nodes: int, edge_weight: Tensor | None = None) -> Tensor:
    """Return D̂^(-1/2) (A + I) D̂^(-1/2) as a sparse CSR matrix, ``[num_nodes, num_nodes]``, float32.

    Args:
        edge_index: Edges of an undirected graph, both directions, ``[2, edges]``, in any order.
        num_nodes: Number of nodes.
        edge_weight: Entries of A, the same in both directions, ``[edges]``; 1 when left out.
    """
    if edge_weight is None:
        edges, weight = coalesce(*gcn_norm(edge_index, None, num_nodes), num_nodes=num_nodes)
        return csr(edges[0], edges[1], weight, (num_nodes, num_nodes))
    edges, weight = add_self_loops(edge_index, edge_weight, 1.0, num_nodes)
    return _normalized(edges, weight, num_nodes)


def adjacency(edge_index: Tensor, num_nodes: int, edge_weight: Tensor | None = None) -> Tensor:
    """Return the adjacency matrix A without self-loops, in the form of :func:`normalized_adjacency`."""
    (row, column), weight = _sorted(edge_index, edge_weight, num_nodes)
    return csr(row, column, weight.float(), (num_nodes, num_nodes))


def mean(edge_index: Tensor, num_nodes: int, edge_weight: Tensor | None = None) -> Mean:
    """Return the mean over neighbours; arguments as for :func:`normalized_adjacency`."""
    matrix = adjacency(edge_index, num_nodes, edge_weight)
    degree = _sums(matrix.values(), matrix.crow_indices().diff())
    return Mean(matrix, degree.masked_fill(degree == 0, 1)[:, None])


def scaled_laplacian(edge_index: Tensor, num_nodes: int, edge_weight: Tensor | None = None) -> Tensor:
    """Return L̂ = 2 L / λ - I = -D^(-1/2) A D^(-1/2), in the form of :func:`normalized_adjacency`.

    With the normalized Laplacian L and the bound λ = 2 of its eigenvalues, as in PyG. Isolated nodes have a zero row.
    """
    return _normalized(edge_index, edge_weight, num_nodes, sign=-1)


def _normalized(edge_index: Tensor, edge_weight: Tensor | None, num_nodes: int, sign: int = 1) -> Tensor:
    (row, column), weight = _sorted(edge_index, edge_weight, num_nodes)
    scale = _sums(weight, torch.bincount(row, minlength=num_nodes)).rsqrt()
    values = sign * scale[row] * scale[column] * weight
    return csr(row, column, values.float(), (num_nodes, num_nodes))


def _sorted(edge_index: Tensor, edge_weight: Tensor | None, num_nodes: int) -> tuple[Tensor, Tensor]:
    """Return the edges in the order of a CSR matrix, and their weights."""
    if edge_weight is None:
        edges: Tensor = coalesce(edge_index, num_nodes=num_nodes)
        return edges, torch.ones(edges.shape[1], device=edges.device)
    # In float64, or products of very small weights and the roots of large degrees would not be finite.
    edges, weight = coalesce(edge_index, edge_weight.double(), num_nodes=num_nodes)
    return edges, weight


def _sums(weight: Tensor, lengths: Tensor) -> Tensor:
    """Return the sums of segments. Unlike the atomic additions of a GPU, always in the same order."""
    return torch.segment_reduce(weight, "sum", lengths=lengths)
