"""Graphs of stated shapes: Cora's, ogbn-arxiv's, and stochastic block models of any size."""

import torch

from cna_viz.config import CSBMConfig, DataConfig
from cna_viz.data.datasets import load_graph
from cna_viz.data.graph import Graph


def csbm(nodes: int, features: int = 64) -> Graph:
    """Return a contextual stochastic block model with mean degree 8."""
    return load_graph(DataConfig(dataset="csbm", csbm=CSBMConfig(nodes=nodes, features=features)), None)


def shaped(name: str, nodes: int, edges: int, features: int, classes: int, density: float = 1.0) -> Graph:
    """Return a random graph with the given numbers of nodes, undirected edges, features and classes.

    Args:
        name: Name of the graph.
        nodes: Number of nodes.
        edges: Number of undirected edges drawn; the few duplicates and self-loops are dropped.
        features: Number of features.
        classes: Number of classes.
        density: Share of ones among binary features; 1.0 for normally distributed features.
    """
    generator = torch.Generator().manual_seed(0)
    ends = torch.randint(nodes, (2, edges), generator=generator)
    ends = ends[:, ends[0] != ends[1]]
    numbers = torch.cat([ends[0] * nodes + ends[1], ends[1] * nodes + ends[0]]).unique()
    x = torch.randn(nodes, features, generator=generator)
    if density < 1:
        x = (torch.rand(nodes, features, generator=generator) < density).float()
    y = torch.randint(classes, (nodes,), generator=generator)
    return Graph(name, x, y, torch.stack([numbers // nodes, numbers % nodes]), classes)


def cora_shaped() -> Graph:
    """Return a random graph of Cora's shape: 2,708 nodes, 5,278 edges, 1,433 features of which 1.27 % are one."""
    return shaped("Cora's shape", 2708, 5278, 1433, 7, density=0.0127)


def arxiv_shaped() -> Graph:
    """Return a random graph of ogbn-arxiv's shape: 169,343 nodes, 1,166,243 edges, 128 features, 40 classes."""
    return shaped("ogbn-arxiv's shape", 169_343, 1_166_243, 128, 40)
