"""How published code numbers the nodes of a list of edges, done as it does it."""

import networkx as nx


def numbered_by_networkx(edges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Number the nodes of ``edges`` in the order in which networkx has them."""
    graph: nx.Graph[int] = nx.Graph()
    for source, target in edges:
        graph.add_edge(source, target)
    number = {node: i for i, node in enumerate(list(graph.nodes))}
    return [(number[source], number[target]) for source, target in edges]
