"""Communities of a graph as clusters, from its topology alone."""

import heapq

import networkx as nx
import torch
from torch import Tensor


def louvain(
    edge_index: Tensor, num_nodes: int, clusters: int, *, seed: int = 0, edge_weight: Tensor | None = None
) -> Tensor:
    """Return a cluster for every node that keeps the communities of the graph whole.

    Networkx finds communities with the Louvain method (Blondel et al., arXiv 0803.0476), often many small ones. The
    largest first, each joins the cluster with the fewest nodes so far, so that all arms of a comparison have the same
    number of clusters.

    Args:
        edge_index: Edges of an undirected graph, ``[2, edges]``.
        num_nodes: Number of nodes.
        clusters: Maximum number of clusters.
        seed: Seed of the Louvain method.
        edge_weight: Weights of the edges, the same in both directions, ``[edges]``; 1 when left out.

    Returns:
        Labels, int64, ``[num_nodes]``; fewer than ``clusters`` distinct ones for fewer communities.
    """
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(num_nodes))
    if edge_weight is None:
        graph.add_edges_from(edge_index.t().tolist())
    else:
        graph.add_weighted_edges_from(zip(*edge_index.tolist(), edge_weight.tolist(), strict=True))
    communities = sorted(nx.community.louvain_communities(graph, seed=seed), key=lambda c: (-len(c), min(c)))
    labels = torch.zeros(num_nodes, dtype=torch.long)
    sizes = [(0, cluster) for cluster in range(min(clusters, len(communities)))]
    for community in communities:
        size, cluster = heapq.heappop(sizes)
        labels[sorted(community)] = cluster
        heapq.heappush(sizes, (size + len(community), cluster))
    return labels
