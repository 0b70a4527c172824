"""The graph convolution of Kipf and Welling on an adjacency that is normalized once."""

import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch_geometric.nn import Linear
from torch_geometric.nn.conv.gcn_conv import gcn_norm
from torch_geometric.utils import to_torch_csr_tensor


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
        self.lin = Linear(in_channels, out_channels, bias=False, weight_initializer="glorot")
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """Return the convolution of ``x`` over ``adjacency``."""
        product: Tensor = _SymmetricProduct.apply(adjacency, self.lin(x))  # type: ignore[no-untyped-call]
        return product + self.bias


def normalized_adjacency(edge_index: Tensor, num_nodes: int) -> Tensor:
    """Return D̂^(-1/2) (A + I) D̂^(-1/2) as a sparse CSR matrix, ``[num_nodes, num_nodes]``, float32.

    Args:
        edge_index: Edges of an undirected graph, both directions, ``[2, edges]``.
        num_nodes: Number of nodes.
    """
    edges, weight = gcn_norm(edge_index, None, num_nodes)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        warnings.filterwarnings("ignore", message="Sparse invariant checks are implicitly disabled")
        adjacency: Tensor = to_torch_csr_tensor(edges, weight, size=(num_nodes, num_nodes))
    return adjacency


class _SymmetricProduct(torch.autograd.Function):
    """A @ x for a constant A = Aᵀ, whose gradient with respect to x is A @ g."""

    @staticmethod
    def forward(ctx: Any, adjacency: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(adjacency)
        return adjacency @ x

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        (adjacency,) = ctx.saved_tensors
        return None, adjacency @ gradients[0]
