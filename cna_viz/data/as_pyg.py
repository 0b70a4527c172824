"""A dataset of this library as PyG's ``Data``, for models and training loops of your own."""

from pathlib import Path

import torch
from torch_geometric.data import Data

from cna_viz.config import DataConfig
from cna_viz.data.datasets import load_graph
from cna_viz.data.splits import make_split


def load_data(config: DataConfig, root: Path | str | None = None, *, seed: int = 0) -> Data:
    """Return ``Data`` with ``x``, ``y``, ``edge_index``, ``num_classes`` and the masks of the split.

    A dataset of graphs is one ``Data`` with all of them side by side: ``batch`` is the graph of every node, and ``y``
    and the masks have an entry per graph.

    Args:
        config: Dataset and split protocol.
        root: Data root; the environment variable CNA_VIZ_DATA or the user's cache folder when left out.
        seed: Seed of a random split, where the config has none.

    Raises:
        UsageError: When the dataset has no such split.
        DataError: When the dataset can't be had.
    """
    graph = load_graph(config, None if root is None else Path(root))
    split = make_split(graph, config.split, seed if config.split_seed is None else config.split_seed)
    data = Data(x=graph.x, y=graph.target, edge_index=graph.edge_index, num_classes=graph.num_classes)
    if graph.graph_of_node is not None:
        data.batch = graph.graph_of_node
    for name, rows in split.items():
        mask = torch.zeros(len(graph.target), dtype=torch.bool)
        mask[rows] = True
        data[f"{name}_mask"] = mask
    return data
