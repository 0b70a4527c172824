"""Edge homophily (Zhu et al., arXiv 2006.11468): the share of edges that join two nodes of the same class."""

import math

from cna_viz.data.graph import Graph


def edge_homophily(graph: Graph) -> float:
    r"""Return :math:`|\{(v, w) \in E : y_v = y_w\}| / |E|`, between 0 and 1; NaN without edges or classes of nodes."""
    source, target = graph.edge_index
    edges = int(source.numel()) if graph.task == "node-classification" else 0
    return int((graph.y[source] == graph.y[target]).sum()) / edges if edges else math.nan
