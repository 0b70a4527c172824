"""Small random graphs, each with one of three motifs: graph classification that needs no file."""

from typing import Final

import networkx as nx
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.graph import Graph

GRAPHS: Final = 600
TREE_NODES: Final = 15
DEGREES: Final = 10
"""Number of features: degrees from this one on count as the same."""


def motifs() -> Graph:
    """Return 600 graphs of 20 nodes: a random tree, to which a house, a pentagon or a K2,3 is joined by an edge.

    The class of a graph, 0 to 2, is its motif. All have five nodes, and house and K2,3 also have six edges and the same
    degrees: which degrees are neighbours tells them apart. Trees grow by preferential attachment (Barabási and Albert
    1999). Features are the degree, one-hot, 9 standing for all that is more.
    """
    shapes = (nx.house_graph(), nx.cycle_graph(5), nx.complete_bipartite_graph(2, 3))
    rng = np.random.default_rng(0)
    kinds = rng.permutation(np.arange(GRAPHS) % len(shapes))
    graphs = [_graph(shapes[kind], rng) for kind in kinds]
    joined = nx.disjoint_union_all(graphs)
    sizes = torch.tensor([len(graph) for graph in graphs])
    edges = torch.tensor(list(joined.edges)).T
    degree = torch.bincount(edges.flatten(), minlength=len(joined)).clamp(max=DEGREES - 1)
    member = torch.arange(GRAPHS).repeat_interleave(sizes)
    return clean("motifs", RawGraph(F.one_hot(degree, DEGREES), torch.from_numpy(kinds), edges, graph_of_node=member))


def _graph(motif: "nx.Graph[int]", rng: np.random.Generator) -> "nx.Graph[int]":
    tree = nx.barabasi_albert_graph(TREE_NODES, 1, seed=int(rng.integers(2**31)))
    graph = nx.disjoint_union(tree, motif)
    graph.add_edge(int(rng.integers(TREE_NODES)), TREE_NODES + int(rng.integers(len(motif))))
    return graph
