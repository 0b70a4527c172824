"""The backbones by name: the convolution, and the form of the edges it wants."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import torch_geometric.nn as pyg
from torch import Tensor, nn
from torch_geometric.utils import add_self_loops

from cna_viz.config.vocabulary import DIRECTED, WEIGHTED
from cna_viz.errors import UsageError, unknown_name
from cna_viz.models import convolutions
from cna_viz.models.convolutions import MLPLayer, Propagation, PyGConv, adjacency, mean, normalized_adjacency
from cna_viz.models.inputs import GraphInput, Membership, SparseFeatures, keep_sparse


@dataclass(frozen=True)
class Backbone:
    """A kind of convolution.

    Attributes:
        conv: Makes a convolution from input and output channels and the number of the layer, from 1; it is called as
            ``conv(x, edges, initial)``.
        prepare: Makes ``edges`` from the edge index, the number of nodes and the weights of the edges or None, once per
            graph.
        projects: Whether convolutions keep the number of channels, so that the network projects features before the
            first one (``initial``) and to the classes after the last one.
        sparse: Whether a linear map comes first, so that features may be sparse.
        hops: How many hops a feature travels in one convolution.
    """

    conv: Callable[[int, int, int], nn.Module]
    prepare: Callable[[Tensor, int, Tensor | None], Any]
    projects: bool = False
    sparse: bool = False
    hops: int = 1


def _pyg(make: Callable[[int, int], nn.Module]) -> Callable[[int, int, int], nn.Module]:
    return lambda before, after, layer: PyGConv(make(before, after))


# GAT (arXiv 1710.10903). PyG would look for self-loops in every call, for which a GPU has to wait.
_gat = partial(pyg.GATConv, heads=1, add_self_loops=False)


def _as_it_is(edge_index: Tensor, num_nodes: int, edge_weight: Tensor | None) -> Tensor:
    return edge_index


def _with_loops(edge_index: Tensor, num_nodes: int, edge_weight: Tensor | None) -> Tensor:
    edges: Tensor = add_self_loops(edge_index, num_nodes=num_nodes)[0]
    return edges


BACKBONES: Final[dict[str, Backbone]] = {
    "gcn": Backbone(
        lambda before, after, layer: convolutions.GCNConv(before, after), normalized_adjacency, sparse=True
    ),
    "sage": Backbone(_pyg(convolutions.SAGEConv), mean),
    "gat": Backbone(_pyg(_gat), _with_loops),
    "gin": Backbone(_pyg(convolutions.GINConv), adjacency),
    "transformer": Backbone(_pyg(pyg.TransformerConv), _as_it_is),
    "chebyshev": Backbone(_pyg(convolutions.ChebConv), convolutions.scaled_laplacian, hops=2),
    "sgc": Backbone(lambda before, after, layer: Propagation(0.0), normalized_adjacency, projects=True, sparse=True),
    "gcnii": Backbone(
        lambda before, after, layer: PyGConv(convolutions.GCN2Conv(before, layer), takes_initial=True),
        normalized_adjacency,
        projects=True,
        sparse=True,
    ),
    "appnp": Backbone(lambda before, after, layer: Propagation(0.1), normalized_adjacency, projects=True, sparse=True),
    "dirgnn": Backbone(_pyg(convolutions.DirGNNConv), convolutions.directed_means),
    "dirgcn": Backbone(
        lambda before, after, layer: convolutions.DirGCNConv(before, after),
        convolutions.directed_adjacency,
        sparse=True,
    ),
    "mlp": Backbone(lambda before, after, layer: MLPLayer(before, after), lambda *graph: None, sparse=True, hops=0),
}


def get_backbone(name: str) -> Backbone:
    """Return the backbone of this name; raises :class:`~cna_viz.errors.UsageError` listing the choices."""
    if name not in BACKBONES:
        raise unknown_name("backbone", name, BACKBONES)
    return BACKBONES[name]


def prepare_graph(
    name: str,
    edge_index: Tensor,
    num_nodes: int,
    nodes: Tensor | None = None,
    membership: Membership | None = None,
    *,
    edge_weight: Tensor | None = None,
    arcs: Tensor | None = None,
) -> GraphInput:
    """Return the graph in the form that the backbone ``name`` is called with.

    Args:
        name: Name of the backbone.
        edge_index: Edges of an undirected graph, both directions, ``[2, edges]``.
        num_nodes: Number of nodes.
        nodes: Numbers of these nodes in the whole graph, if this is a sample of it.
        membership: The graph of each node, for an output per graph.
        edge_weight: Weights of the edges, the same in both directions, ``[edges]``.
        arcs: Edges from source to target, ``[2, arcs]``, if their direction is used.

    Raises:
        UsageError: There is no such backbone, or it can't use weights or direction.
    """
    backbone = get_backbone(name)
    _check(name, "edge weights", edge_weight, WEIGHTED)
    _check(name, "direction", arcs, DIRECTED)
    edges = backbone.prepare(edge_index if arcs is None else arcs, num_nodes, edge_weight)
    return GraphInput(edge_index, num_nodes, edges, nodes, membership, edge_weight, arcs)


def _check(name: str, what: str, given: Tensor | None, able: tuple[str, ...]) -> None:
    if given is not None and name not in (*able, "mlp"):
        raise UsageError(f"backbone {name!r} can't use {what}; these can: {', '.join(able)}")


def prepare_features(name: str, x: Tensor) -> Tensor | SparseFeatures:
    """Return the features in the form that the backbone ``name`` is called with: sparse where that pays."""
    return keep_sparse(x) if get_backbone(name).sparse else x
