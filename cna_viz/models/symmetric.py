"""PyG's convolutions with a product for a symmetric matrix in the place of message passing.

The graphs of this library are undirected, so that an aggregation and its gradient are products with one and the same
sparse matrix, made once per graph. Messages along edges would be written to memory one by one; PyG's ``EdgeIndex``
avoids that too, but multiplies with ``matrix @ x`` (see :func:`~cna_viz.models.inputs.product`). Parameters, their
names and their start are PyG's.
"""

from typing import Any

import torch
import torch_geometric.nn as pyg
from torch import Tensor
from torch_geometric.utils import coalesce

from cna_viz.models.gcn import propagate
from cna_viz.models.inputs import csr


class SAGEConv(pyg.SAGEConv):  # type: ignore[misc]
    r"""GraphSAGE's convolution (Hamilton et al., arXiv 1706.02216) with the mean over neighbours.

    .. math:: x'_i = W_1 x_i + W_2 \operatorname{mean}_{j \in N(i)} x_j + b

    The mean over no neighbours is zero. Called with the matrix of :func:`adjacency`.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.

    Shapes:
        - input: ``[nodes, in_channels]`` and the sparse adjacency ``[nodes, nodes]``
        - output: ``[nodes, out_channels]``
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)

    def propagate(self, edge_index: Tensor, x: tuple[Tensor, Tensor], **arguments: Any) -> Tensor:
        """Return the mean over neighbours."""
        degree = edge_index.crow_indices().diff().clamp(min=1)
        return propagate(edge_index, x[0]) / degree[:, None]


class GINConv(pyg.GINConv):  # type: ignore[misc]
    r"""GIN's convolution (Xu et al., arXiv 1810.00826) with ε = 0 and an MLP of two layers without norms.

    .. math:: x'_i = \operatorname{MLP}\Big(x_i + \sum_{j \in N(i)} x_j\Big)

    Called with the matrix of :func:`adjacency`.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output, and of the layer within the MLP.

    Shapes:
        - input: ``[nodes, in_channels]`` and the sparse adjacency ``[nodes, nodes]``
        - output: ``[nodes, out_channels]``
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(pyg.MLP([in_channels, out_channels, out_channels], norm=None))

    def propagate(self, edge_index: Tensor, x: tuple[Tensor, Tensor], **arguments: Any) -> Tensor:
        """Return the sum over neighbours."""
        return propagate(edge_index, x[0])


class ChebConv(pyg.ChebConv):  # type: ignore[misc]
    r"""The Chebyshev convolution (Defferrard et al., arXiv 1606.09375).

    .. math:: X' = \sum_{k=0}^{K-1} T_k(\hat L) X W_k + b, \qquad T_k = 2 \hat L T_{k-1} - T_{k-2}

    K = 3: the node itself and what is one and two hops away, the fewest with a recursion; K = 2 would be close to GCN.
    Called with the matrix of :func:`scaled_laplacian`.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.

    Shapes:
        - input: ``[nodes, in_channels]`` and the sparse matrix L̂ ``[nodes, nodes]``
        - output: ``[nodes, out_channels]``
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, K=3)

    def __norm__(self, edge_index: Tensor, *others: Any, **arguments: Any) -> tuple[Tensor, None]:
        # PyG makes the Laplacian in every call, by looking for self-loops, for which a GPU has to wait.
        return edge_index, None

    def propagate(self, edge_index: Tensor, x: Tensor, **arguments: Any) -> Tensor:
        """Return L̂ x."""
        return propagate(edge_index, x)


class GCN2Conv(pyg.GCN2Conv):  # type: ignore[misc]
    r"""GCNII's convolution (Chen et al., arXiv 2007.02133) with α = 0.1 and θ = 0.5.

    .. math::
        X' = \big((1 - \alpha) S X + \alpha X_0\big) \big((1 - \beta_\ell) I + \beta_\ell W\big), \qquad
        \beta_\ell = \log(\theta / \ell + 1)

    Called with the features, the projected features X₀ and the matrix S of
    :func:`~cna_viz.models.gcn.normalized_adjacency`.

    Args:
        channels: Channels of input and output.
        layer: Number ℓ of the layer, from 1: the deeper, the closer its weights are to the identity.

    Shapes:
        - input: twice ``[nodes, channels]`` and the sparse adjacency ``[nodes, nodes]``
        - output: ``[nodes, channels]``
    """

    def __init__(self, channels: int, layer: int) -> None:
        super().__init__(channels, alpha=0.1, theta=0.5, layer=layer, normalize=False)

    def propagate(self, edge_index: Tensor, x: Tensor, **arguments: Any) -> Tensor:
        """Return S x."""
        return propagate(edge_index, x)


def adjacency(edge_index: Tensor, num_nodes: int) -> Tensor:
    """Return the adjacency matrix, without self-loops, as a sparse CSR matrix, ``[num_nodes, num_nodes]``, float32.

    Args:
        edge_index: Edges of an undirected graph, both directions, ``[2, edges]``, in any order.
        num_nodes: Number of nodes.
    """
    row, column = coalesce(edge_index, num_nodes=num_nodes)
    return csr(row, column, torch.ones(len(row), device=row.device), (num_nodes, num_nodes))


def scaled_laplacian(edge_index: Tensor, num_nodes: int) -> Tensor:
    """Return L̂ = 2 L / λ - I as a sparse CSR matrix, ``[num_nodes, num_nodes]``, float32.

    L = I - D^(-1/2) A D^(-1/2) is the normalized Laplacian and λ = 2 the bound of its eigenvalues, which is what PyG
    takes too. So L̂ = -D^(-1/2) A D^(-1/2); the row of a node without edges is zero.

    Args:
        edge_index: Edges of an undirected graph, both directions, ``[2, edges]``, in any order.
        num_nodes: Number of nodes.
    """
    row, column = coalesce(edge_index, num_nodes=num_nodes)
    scale = torch.bincount(row, minlength=num_nodes).float().rsqrt()
    return csr(row, column, -scale[row] * scale[column], (num_nodes, num_nodes))
