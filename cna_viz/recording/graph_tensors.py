"""The tensors of a graph as a record keeps them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cna_viz.config.vocabulary import SPLITS
from cna_viz.data.graph import Graph


def graph_tensors(graph: Graph, parts: Mapping[str, Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    """Return the tensors of :func:`.schema.graph_tensors`.

    Args:
        graph: The graph, on the CPU.
        parts: Nodes, or graphs of a dataset of graphs, of train, val and test.
    """
    part_of_row = np.zeros(len(graph.target), dtype=np.int8)
    for number, name in enumerate(SPLITS, start=1):
        part_of_row[parts[name].numpy() if name in parts else []] = number
    member = None if graph.graph_of_node is None else graph.graph_of_node.numpy()
    tensors = {
        "target": graph.y.numpy(),
        "split_of_node": part_of_row if member is None else part_of_row[member],
        "degree": graph.degree().numpy(),
        "edge_index": graph.edge_index.numpy(),
    }
    if graph.edge_weight is not None:
        tensors["edge_weight"] = graph.edge_weight.numpy()
    if graph.arcs is not None:
        edges, arcs = (ends[0] * graph.num_nodes + ends[1] for ends in (graph.edge_index, graph.arcs))
        tensors["is_arc"] = torch.isin(edges, arcs, assume_unique=True).to(torch.int8).numpy()
    return tensors if member is None else tensors | {"graph_of_node": member}
