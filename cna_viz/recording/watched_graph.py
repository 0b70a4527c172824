"""The graph of somebody else's training, as a record keeps it."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torch_geometric.utils import remove_self_loops, to_undirected

from cna_viz.config import vocabulary
from cna_viz.errors import UsageError

MASKS: Final = {"train": "train_mask", "val": "val_mask", "test": "test_mask"}


@dataclass(frozen=True)
class WatchedGraph:
    """What a record needs of a graph.

    Attributes:
        x: Features, ``[nodes, features]``.
        edge_index: Edges as measures see them: undirected, both directions, no self-loops, ``[2, edges]``.
        y: Classes, int64, ``[nodes]``; None where the data has none.
        parts: Nodes by part of the split; empty where the data has no masks.
    """

    x: Tensor
    edge_index: Tensor
    y: Tensor | None
    parts: dict[str, Tensor]

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return self.x.shape[0]

    def tensors(self) -> dict[str, "np.ndarray[Any, Any]"]:
        """Return the graph's tensors of a record; where there are no classes, every node has class 0."""
        split_of_node = np.zeros(self.num_nodes, dtype=np.int8)
        for number, name in enumerate(vocabulary.SPLITS, start=1):
            if name in self.parts:
                split_of_node[self.parts[name].cpu().numpy()] = number
        target = torch.zeros(self.num_nodes, dtype=torch.long) if self.y is None else self.y.cpu()
        return {
            "target": target.numpy(),
            "split_of_node": split_of_node,
            "degree": torch.bincount(self.edge_index[0].cpu(), minlength=self.num_nodes).numpy(),
            "edge_index": self.edge_index.cpu().numpy(),
        }


def read_graph(data: Any) -> WatchedGraph:
    """Read what is needed from PyG's ``Data``, or anything with ``x``, ``edge_index``, and maybe ``y`` and masks.

    Directed edges are taken in both directions: the measures are those of undirected graphs. Classes are kept where
    they are one integer per node; of masks with several columns the first is taken.

    Raises:
        UsageError: When features or edges are missing or not of their shape.
    """
    x, edges = getattr(data, "x", None), getattr(data, "edge_index", None)
    if not isinstance(x, Tensor) or x.dim() != 2 or x.shape[0] == 0:
        raise UsageError(f"data.x is {_shown(x)}: it must be a tensor of features, [nodes, features]")
    if not isinstance(edges, Tensor) or edges.dim() != 2 or edges.shape[0] != 2 or edges.is_floating_point():
        raise UsageError(f"data.edge_index is {_shown(edges)}: it must be an integer tensor of edges, [2, edges]")
    nodes = x.shape[0]
    if edges.numel() and not 0 <= int(edges.min()) <= int(edges.max()) < nodes:
        raise UsageError(
            f"data.edge_index names nodes {int(edges.min())} to {int(edges.max())}, but data.x has {nodes} rows"
        )
    undirected: Tensor = to_undirected(remove_self_loops(edges.long())[0], num_nodes=nodes)
    return WatchedGraph(x, undirected, _classes(getattr(data, "y", None), nodes), _parts(data, nodes))


def _classes(y: Any, nodes: int) -> Tensor | None:
    if not isinstance(y, Tensor) or y.is_floating_point() or y.numel() != nodes:
        return None
    classes = y.reshape(nodes).long()
    return classes if int(classes.min()) >= 0 else None


def _parts(data: Any, nodes: int) -> dict[str, Tensor]:
    parts = {}
    for name, attribute in MASKS.items():
        mask = getattr(data, attribute, None)
        if isinstance(mask, Tensor) and mask.dtype == torch.bool and mask.shape[0] == nodes:
            column = mask if mask.dim() == 1 else mask[:, 0]
            parts[name] = column.nonzero().squeeze(1)
    return parts


def _shown(value: Any) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"{type(value).__name__}"
