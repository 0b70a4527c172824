"""Communities of a graph as clusters: what the topology says, without looking at any feature."""

import heapq

import networkx as nx
import torch
from torch import Tensor


def louvain(edge_index: Tensor, num_nodes: int, clusters: int, *, seed: int = 0) -> Tensor:
    """Return a cluster for every node such that no community of the graph is torn apart.

    Communities are those of the Louvain method (Blondel et al., arXiv 0803.0476), as networkx finds them. There are
    often many small ones, so they are dealt out to ``clusters`` clusters, the largest first, each to the cluster that
    has fewest nodes so far: the arms of a comparison keep the same number of clusters.

    Args:
        edge_index: Edges of an undirected graph, ``[2, edges]``.
        num_nodes: Number of nodes.
        clusters: Most clusters to make.
        seed: Seed of the Louvain method.

    Returns:
        Labels, int64, ``[num_nodes]``; fewer than ``clusters`` different ones where there are fewer communities.
    """
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(num_nodes))
    graph.add_edges_from(edge_index.t().tolist())
    communities = sorted(nx.community.louvain_communities(graph, seed=seed), key=lambda c: (-len(c), min(c)))
    labels = torch.zeros(num_nodes, dtype=torch.long)
    sizes = [(0, cluster) for cluster in range(min(clusters, len(communities)))]
    for community in communities:
        size, cluster = heapq.heappop(sizes)
        labels[sorted(community)] = cluster
        heapq.heappush(sizes, (size + len(community), cluster))
    return labels
