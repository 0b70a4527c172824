"""The convolutions of the backbones, each called as ``conv(x, edges, initial)``, and the matrices they multiply with.

Only :class:`DirGNNConv` and :class:`DirGCNConv` see the direction of edges. For all others the graph is undirected and
the weights of edges are symmetric, so an aggregation and its gradient are products with the same sparse matrix, made
once per graph. Message passing would write one message per edge to memory; PyG's ``EdgeIndex`` avoids that too, but
multiplies with ``matrix @ x`` (see :func:`~cna_viz.models.inputs.product`). Parameters, their names and their
initialization are PyG's.
"""

from typing import Any, NamedTuple

import torch
import torch_geometric.nn as pyg
from torch import Tensor, nn
from torch_geometric.nn.conv.gcn_conv import gcn_norm
from torch_geometric.utils import add_self_loops, coalesce

from cna_viz.models.inputs import FeatureLinear, SparseFeatures, csr, product


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, matrix: Tensor, transposed: Tensor, x: Tensor, bias: Tensor | None) -> Tensor:
        ctx.transposed = transposed
        return product(matrix, x) if bias is None else torch.addmm(bias, matrix, x.contiguous())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None, Tensor | None, Tensor | None]:
        g, (*_, for_x, for_bias) = gradients[0], ctx.needs_input_grad
        return None, None, product(ctx.transposed, g) if for_x else None, g.sum(dim=0) if for_bias else None


def propagate(adjacency: Tensor, x: Tensor, bias: Tensor | None = None, transposed: Tensor | None = None) -> Tensor:
    """Return A @ x + b for a constant A; without ``transposed``, A = Aᵀ, and its gradient needs no copy."""
    y: Tensor = _Product.apply(adjacency, adjacency if transposed is None else transposed, x, bias)  # type: ignore[no-untyped-call]
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


class DirGCNConv(GCNConv):
    r"""DirGCN (Rossi et al., arXiv 2305.10498) with α = 1, as released with CNA: only the targets of arcs are heard.

    .. math:: X' = D_\text{out}^{-1/2} A D_\text{in}^{-1/2} X W + b, \qquad A_{ij} = 1 \text{ for an arc } i \to j

    There are no self-loops: a node without leaving arcs gets b. Arguments, shapes and initialization as
    :class:`GCNConv`, with :func:`directed_adjacency` in the place of the matrix.
    """

    def forward(  # type: ignore[override]
        self, x: Tensor | SparseFeatures, edges: tuple[Tensor, Tensor], initial: Tensor | None = None
    ) -> Tensor:
        """Return the convolution of ``x`` over the matrix and its transpose."""
        return propagate(edges[0], self.lin(x), self.bias, edges[1])


class Mean(NamedTuple):
    """The mean over neighbours as a product with a sparse CSR matrix and a division.

    Attributes:
        matrix: Entry ``[i, j]`` is the weight of neighbour j of node i, ``[num_nodes, num_nodes]``.
        transposed: Its transpose, for the gradient; the same tensor where the matrix is symmetric.
        degree: Sums of the rows of the matrix, ``[num_nodes, 1]``; 1 for nodes without neighbours.
    """

    matrix: Tensor
    transposed: Tensor
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
        sums: Tensor = _Product.apply(edge_index.matrix, edge_index.transposed, x[0], None)  # type: ignore[no-untyped-call]
        return sums / edge_index.degree


class DirGNNConv(pyg.DirGNNConv):  # type: ignore[misc]
    r"""DirGNN (Rossi et al., arXiv 2305.10498) around GraphSAGE, with α = 1/2.

    .. math::
        x'_i = \tfrac{1}{2} \big(W_1 \operatorname{mean}_{j \to i} x_j + b_1 + W_2 \operatorname{mean}_{i \to j} x_j
        + b_2\big) + W_3 x_i + b_3

    On undirected graphs both means are over the same neighbours. Arguments and shapes as :class:`GCNConv`, with
    :func:`directed_means` in the place of the matrix.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(SAGEConv(in_channels, out_channels, root_weight=False))

    def forward(self, x: Tensor, edges: tuple[Mean, Mean]) -> Tensor:
        """Return the convolution of ``x`` over the means of sources and of targets."""
        sources, targets = self.conv_in(x, edges[0]), self.conv_out(x, edges[1])
        y: Tensor = self.alpha * targets + (1 - self.alpha) * sources + self.lin(x)
        return y


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
    values = torch.ones(len(row), device=row.device) if weight is None else weight.float()
    return csr(row, column, values, (num_nodes, num_nodes))


def mean(edge_index: Tensor, num_nodes: int, edge_weight: Tensor | None = None) -> Mean:
    """Return the mean over neighbours; arguments as for :func:`normalized_adjacency`."""
    matrix = adjacency(edge_index, num_nodes, edge_weight)
    return _mean(matrix, matrix, None if edge_weight is None else matrix.values())


def directed_means(arcs: Tensor, num_nodes: int, edge_weight: Tensor | None = None) -> tuple[Mean, Mean]:
    """Return the mean over the sources of the arcs that enter a node, and that over the targets of those that leave it.

    Args:
        arcs: Edges from source to target, ``[2, arcs]``.
        num_nodes: Number of nodes.
        edge_weight: None: the arcs of a graph have no weights.
    """
    ones = torch.ones(arcs.shape[1], device=arcs.device)
    # Each node adds its neighbours up in the order of the arcs, as message passing does.
    sorted_by_row = (ends[:, ends[0].argsort(stable=True)] for ends in (arcs, arcs.flip(0)))
    leaving, entering = (csr(row, column, ones, (num_nodes, num_nodes)) for row, column in sorted_by_row)
    return _mean(entering, leaving), _mean(leaving, entering)


def directed_adjacency(arcs: Tensor, num_nodes: int, edge_weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return the matrix of :class:`DirGCNConv` and its transpose; arguments as for :func:`directed_means`."""
    leaving, entering = (torch.bincount(ends, minlength=num_nodes).float().rsqrt() for ends in arcs)
    values = leaving[arcs[0]] * entering[arcs[1]]
    orders = ((row, column, row.argsort(stable=True)) for row, column in (arcs, arcs.flip(0)))
    size = (num_nodes, num_nodes)
    matrix, transposed = (csr(row[order], column[order], values[order], size) for row, column, order in orders)
    return matrix, transposed


def _mean(matrix: Tensor, transposed: Tensor, weight: Tensor | None = None) -> Mean:
    degree = _sums(weight, matrix.crow_indices().diff())[:, None]
    return Mean(matrix, transposed, degree.masked_fill(degree == 0, 1))


def scaled_laplacian(edge_index: Tensor, num_nodes: int, edge_weight: Tensor | None = None) -> Tensor:
    """Return L̂ = 2 L / λ - I = -D^(-1/2) A D^(-1/2), in the form of :func:`normalized_adjacency`.

    With the normalized Laplacian L and the bound λ = 2 of its eigenvalues, as in PyG. Isolated nodes have a zero row.
    """
    return _normalized(edge_index, edge_weight, num_nodes, sign=-1)


def _normalized(edge_index: Tensor, edge_weight: Tensor | None, num_nodes: int, sign: int = 1) -> Tensor:
    (row, column), weight = _sorted(edge_index, edge_weight, num_nodes)
    scale = _sums(weight, torch.bincount(row, minlength=num_nodes)).rsqrt()
    values = sign * scale[row] * scale[column]
    return csr(row, column, values if weight is None else (values * weight).float(), (num_nodes, num_nodes))


def _sorted(edge_index: Tensor, edge_weight: Tensor | None, num_nodes: int) -> tuple[Tensor, Tensor | None]:
    """Return the edges in the order of a CSR matrix, and their weights where they have any."""
    if edge_weight is None:
        return coalesce(edge_index, num_nodes=num_nodes), None
    # In float64, or products of very small weights and the roots of large degrees would not be finite.
    edges, weight = coalesce(edge_index, edge_weight.double(), num_nodes=num_nodes)
    return edges, weight


def _sums(weight: Tensor | None, lengths: Tensor) -> Tensor:
    """Return the sums of segments. Unlike the atomic additions of a GPU, always in the same order."""
    return lengths.float() if weight is None else torch.segment_reduce(weight, "sum", lengths=lengths)
