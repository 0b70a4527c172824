"""Graphs without files: made in memory, the same every time."""

from collections.abc import Callable
from typing import Final

import networkx as nx
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch_geometric.datasets import KarateClub

from cna_viz.config import CSBMConfig, DataConfig
from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.csbm import csbm
from cna_viz.data.graph import Graph

DIGITS_BRIGHTEST: Final = 16
DIGITS_NEIGHBOURS: Final = 8
GRID_SIDE: Final = 10
GRID_FEATURES: Final = 32
MOTIF_GRAPHS: Final = 600
TREE_NODES: Final = 15
MOTIF_DEGREES: Final = 10
"""Features of a node of the motifs: its degree, one-hot, where the last stands for all that is more."""


def digits() -> Graph:
    """Return scikit-learn's 1,797 handwritten digits as a graph: 64 features in [0, 1], 10 classes.

    Two digits are joined when one is among the 8 nearest of the other, by Euclidean distance of the pixels; ties go to
    the lower number.
    """
    from sklearn.datasets import load_digits  # takes a second to import, and only this graph needs it

    bunch = load_digits()
    x = torch.from_numpy(bunch.data).to(torch.float32) / DIGITS_BRIGHTEST
    return clean("digits", RawGraph(x, torch.from_numpy(bunch.target), nearest_digits(x, DIGITS_NEIGHBOURS)))


def nearest_digits(x: Tensor, neighbours: int) -> Tensor:
    """Return an edge from every digit of pixels ``x``, ``[digits, 64]``, to each of its nearest neighbours."""
    pixels = (x.numpy() * DIGITS_BRIGHTEST).astype(np.float64)  # whole numbers, so that all sums below are exact
    squares = (pixels**2).sum(axis=1)
    distances = (squares[:, None] + squares[None, :] - 2 * pixels @ pixels.T).astype(np.int64)
    nodes = len(pixels)
    np.fill_diagonal(distances, distances.max() + 1)
    # Exact distances, ties to the lower number: the same graph on every machine.
    unique = distances * nodes + np.arange(nodes)
    nearest = np.argpartition(unique, neighbours, axis=1)[:, :neighbours]
    return torch.from_numpy(np.stack([np.repeat(np.arange(nodes), neighbours), nearest.ravel()]))


def karate() -> Graph:
    """Return Zachary's karate club: 34 nodes, one-hot features, the 4 communities of Kipf and Welling as classes."""
    data = KarateClub()[0]
    return clean("karate", RawGraph(data.x, data.y, data.edge_index))


def grid() -> Graph:
    """Return a 10 x 10 grid, each node joined to those above, below, left and right of it.

    Rusch et al. (arXiv 2303.10993) show the decay of Dirichlet energy on a grid with random features. Here every node
    has 32 standard normal features, drawn with seed 0. Classes, which training needs, are the four quadrants; they are
    independent of the features.
    """
    numbers = torch.arange(GRID_SIDE**2).view(GRID_SIDE, GRID_SIDE)
    across = torch.stack([numbers[:, :-1].flatten(), numbers[:, 1:].flatten()])
    down = torch.stack([numbers[:-1].flatten(), numbers[1:].flatten()])
    half = torch.arange(GRID_SIDE) * 2 // GRID_SIDE
    quadrant = (2 * half[:, None] + half[None, :]).flatten()
    x = torch.randn(GRID_SIDE**2, GRID_FEATURES, generator=torch.Generator().manual_seed(0))
    return clean("grid", RawGraph(x, quadrant, torch.cat([across, down], dim=1)))


def motifs() -> Graph:
    """Return 600 graphs of 20 nodes: a random tree, to which a house, a pentagon or a K2,3 is joined by an edge.

    The class of a graph, 0 to 2, is its motif. All have five nodes, and house and K2,3 also have six edges and the same
    degrees: only the degrees of neighbours distinguish them. Trees grow by preferential attachment (Barabási and Albert
    1999). Features are the degree, one-hot, 9 standing for all that is more.
    """
    shapes = (nx.house_graph(), nx.cycle_graph(5), nx.complete_bipartite_graph(2, 3))
    rng = np.random.default_rng(0)
    kinds = rng.permutation(np.arange(MOTIF_GRAPHS) % len(shapes))
    graphs = [_graph(shapes[kind], rng) for kind in kinds]
    joined = nx.disjoint_union_all(graphs)
    sizes = torch.tensor([len(graph) for graph in graphs])
    edges = torch.tensor(list(joined.edges)).T
    degree = torch.bincount(edges.flatten(), minlength=len(joined)).clamp(max=MOTIF_DEGREES - 1)
    member = torch.arange(MOTIF_GRAPHS).repeat_interleave(sizes)
    return clean(
        "motifs", RawGraph(F.one_hot(degree, MOTIF_DEGREES), torch.from_numpy(kinds), edges, graph_of_node=member)
    )


def _graph(motif: "nx.Graph[int]", rng: np.random.Generator) -> "nx.Graph[int]":
    tree = nx.barabasi_albert_graph(TREE_NODES, 1, seed=int(rng.integers(2**31)))
    graph = nx.disjoint_union(tree, motif)
    graph.add_edge(int(rng.integers(TREE_NODES)), TREE_NODES + int(rng.integers(len(motif))))
    return graph


EMBEDDED: Final[dict[str, Callable[[DataConfig], Graph]]] = {
    "digits": lambda _: digits(),
    "karate": lambda _: karate(),
    "grid": lambda _: grid(),
    "csbm": lambda data: csbm(data.csbm or CSBMConfig()),
    "motifs": lambda _: motifs(),
}
"""Maker of every embedded graph, by name of its dataset."""
