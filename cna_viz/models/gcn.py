"""The graph convolution of Kipf and Welling on an adjacency that is normalized once."""

from typing import Any

import torch
from torch import Tensor, nn
from torch_geometric.nn.conv.gcn_conv import gcn_norm
from torch_geometric.utils import coalesce

from cna_viz.models.inputs import SparseFeatures, csr, product
from cna_viz.models.linear import FeatureLinear


class GCNConv(nn.Module):
    r"""The convolution of GCN (Kipf and Welling, arXiv 1609.02907).

    .. math:: X' = \hat D^{-1/2} (A + I) \hat D^{-1/2} X W + b

    Parameters, the distribution of their start and the result are those of PyG's ``GCNConv``. The difference is that
    the graph is undirected: its normalized adjacency is made once, by :func:`normalized_adjacency`, and is its own
    transpose, so the backward needs no transposed copy.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.

    Shapes:
        - input: ``[nodes, in_channels]`` and the sparse adjacency ``[nodes, nodes]``
        - output: ``[nodes, out_channels]``
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.lin = FeatureLinear(in_channels, out_channels, bias=False)
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor | SparseFeatures, adjacency: Tensor, initial: Tensor | None = None) -> Tensor:
        """Return the convolution of ``x`` over ``adjacency``."""
        y: Tensor = _SymmetricProduct.apply(adjacency, self.lin(x), self.bias)  # type: ignore[no-untyped-call]
        return y


def propagate(adjacency: Tensor, x: Tensor) -> Tensor:
    """Return A @ x for a constant A = Aᵀ; the gradient of x is A @ g."""
    y: Tensor = _SymmetricProduct.apply(adjacency, x, None)  # type: ignore[no-untyped-call]
    return y


def normalized_adjacency(edge_index: Tensor, num_nodes: int) -> Tensor:
    """Return D̂^(-1/2) (A + I) D̂^(-1/2) as a sparse CSR matrix, ``[num_nodes, num_nodes]``, float32.

    Args:
        edge_index: Edges of an undirected graph, both directions, ``[2, edges]``, in any order.
        num_nodes: Number of nodes.
    """
    edges, weight = coalesce(*gcn_norm(edge_index, None, num_nodes), num_nodes=num_nodes)
    return csr(edges[0], edges[1], weight, (num_nodes, num_nodes))


class _SymmetricProduct(torch.autograd.Function):
    """A @ x + b for a constant A = Aᵀ."""

    @staticmethod
    def forward(ctx: Any, adjacency: Tensor, x: Tensor, bias: Tensor | None) -> Tensor:
        ctx.adjacency = adjacency
        return product(adjacency, x) if bias is None else torch.addmm(bias, adjacency, x.contiguous())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor | None, Tensor | None]:
        g = gradients[0]
        return (
            None,
            product(ctx.adjacency, g) if ctx.needs_input_grad[1] else None,
            g.sum(dim=0) if ctx.needs_input_grad[2] else None,
        )
