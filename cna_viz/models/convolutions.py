"""The convolutions of the backbones, each called as ``conv(x, edges, initial)``."""

from typing import Any

import torch_geometric.nn as pyg
from torch import Tensor, nn

from cna_viz.models.gcn import propagate
from cna_viz.models.inputs import SparseFeatures
from cna_viz.models.linear import FeatureLinear
from cna_viz.models.symmetric import GCN2Conv


class PyGConv(nn.Module):
    """A convolution of PyG that looks at features and edges only."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor, edges: Any, initial: Tensor | None = None) -> Tensor:
        """Return the convolution of ``x`` over ``edges``."""
        y: Tensor = self.conv(x, edges)
        return y


def gat_conv(in_channels: int, out_channels: int) -> nn.Module:
    """Return GAT's convolution (arXiv 1710.10903) with one head, for edges that have the self-loops already.

    PyG would look for self-loops in every call, for which a GPU has to wait.
    """
    conv: nn.Module = pyg.GATConv(in_channels, out_channels, heads=1, add_self_loops=False)
    return conv


def dir_conv(in_channels: int, out_channels: int) -> nn.Module:
    """Return DirGNN's convolution (arXiv 2305.10498) around GraphSAGE's.

    It has weights for each direction of the edges. The graphs here are undirected, so that both see the same
    neighbours.
    """
    conv: nn.Module = pyg.DirGNNConv(pyg.SAGEConv(in_channels, out_channels, root_weight=False))
    return conv


class MLPLayer(nn.Module):
    """A linear map without a graph: the control that tells what the graph is good for."""

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

    With α = 0 this is a step of SGC (arXiv 1902.07153), else one of APPNP (arXiv 1810.05997), where X₀ are the
    projected features.

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


class GCNIIConv(nn.Module):
    """GCNII's convolution, called as all convolutions here; see :class:`~cna_viz.models.symmetric.GCN2Conv`.

    Args:
        channels: Channels of input and output.
        layer: Number of the layer, from 1.
    """

    def __init__(self, channels: int, layer: int) -> None:
        super().__init__()
        self.conv = GCN2Conv(channels, layer)

    def forward(self, x: Tensor, adjacency: Tensor, initial: Tensor) -> Tensor:
        """Return the convolution of ``x``, mixed with the projected features."""
        y: Tensor = self.conv(x, initial, adjacency)
        return y
