"""The backbones by name: which convolution, and the form of the edges it wants."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import torch_geometric.nn as pyg
from torch import Tensor, nn
from torch_geometric.utils import add_self_loops

from cna_viz.errors import unknown_name
from cna_viz.models.convolutions import GCNIIConv, MLPLayer, Propagation, PyGConv, dir_conv, gat_conv
from cna_viz.models.gcn import GCNConv, normalized_adjacency
from cna_viz.models.inputs import GraphInput, Membership, SparseFeatures, keep_sparse
from cna_viz.models.symmetric import ChebConv, GINConv, SAGEConv, adjacency, scaled_laplacian


@dataclass(frozen=True)
class Backbone:
    """A kind of convolution.

    Attributes:
        conv: Makes a convolution from input and output channels and the number of the layer, from 1; it is called as
            ``conv(x, edges, initial)``.
        prepare: Makes ``edges`` from the edge index and the number of nodes, once per graph.
        projects: Whether convolutions keep the number of channels, so that the network projects features before the
            first one (``initial``) and to the classes after the last one.
        sparse: Whether the first thing that happens to features is a linear map, so that they may be sparse.
        hops: How many steps a feature travels in one convolution.
    """

    conv: Callable[[int, int, int], nn.Module]
    prepare: Callable[[Tensor, int], Any]
    projects: bool = False
    sparse: bool = False
    hops: int = 1


def _pyg(make: Callable[[int, int], nn.Module]) -> Callable[[int, int, int], nn.Module]:
    return lambda before, after, layer: PyGConv(make(before, after))


def _as_it_is(edge_index: Tensor, num_nodes: int) -> Tensor:
    return edge_index


def _no_edges(edge_index: Tensor, num_nodes: int) -> None:
    return None


def _with_loops(edge_index: Tensor, num_nodes: int) -> Tensor:
    edges: Tensor = add_self_loops(edge_index, num_nodes=num_nodes)[0]
    return edges


BACKBONES: Final[dict[str, Backbone]] = {
    "gcn": Backbone(lambda before, after, layer: GCNConv(before, after), normalized_adjacency, sparse=True),
    "sage": Backbone(_pyg(SAGEConv), adjacency),
    "gat": Backbone(_pyg(gat_conv), _with_loops),
    "gin": Backbone(_pyg(GINConv), adjacency),
    "transformer": Backbone(_pyg(pyg.TransformerConv), _as_it_is),
    "chebyshev": Backbone(_pyg(ChebConv), scaled_laplacian, hops=2),
    "sgc": Backbone(lambda before, after, layer: Propagation(0.0), normalized_adjacency, projects=True, sparse=True),
    "gcnii": Backbone(
        lambda before, after, layer: GCNIIConv(before, layer), normalized_adjacency, projects=True, sparse=True
    ),
    "appnp": Backbone(lambda before, after, layer: Propagation(0.1), normalized_adjacency, projects=True, sparse=True),
    "dirgnn": Backbone(_pyg(dir_conv), _as_it_is),
    "mlp": Backbone(lambda before, after, layer: MLPLayer(before, after), _no_edges, sparse=True, hops=0),
}


def get_backbone(name: str) -> Backbone:
    """Return the backbone of this name; raises :class:`~cna_viz.errors.UsageError` listing those there are."""
    if name not in BACKBONES:
        raise unknown_name("backbone", name, BACKBONES)
    return BACKBONES[name]


def prepare_graph(
    name: str,
    edge_index: Tensor,
    num_nodes: int,
    nodes: Tensor | None = None,
    membership: Membership | None = None,
) -> GraphInput:
    """Return the graph in the form that the backbone ``name`` is called with.

    Args:
        name: Name of the backbone.
        edge_index: Edges of an undirected graph, both directions, ``[2, edges]``.
        num_nodes: Number of nodes.
        nodes: Which nodes of a larger graph these are, where this is a sample of it.
        membership: Which node is of which graph, where an output per graph is wanted.
    """
    return GraphInput(edge_index, num_nodes, get_backbone(name).prepare(edge_index, num_nodes), nodes, membership)


def prepare_features(name: str, x: Tensor) -> Tensor | SparseFeatures:
    """Return the features in the form that the backbone ``name`` is called with: sparse where that pays."""
    return keep_sparse(x) if get_backbone(name).sparse else x
