"""Graph and scores of a training outside this package, in the form a record keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch_geometric.utils import remove_self_loops, to_undirected

from cna_viz.config import vocabulary
from cna_viz.errors import UsageError, unknown_name

MASKS: Final = {"train": "train_mask", "val": "val_mask", "test": "test_mask"}
Scores: TypeAlias = Any
"""A number (of the training nodes), a scalar tensor, or numbers by split; None if unknown."""


@dataclass(frozen=True)
class WatchedGraph:
    """The graph of a watched training."""

    x: Tensor  # features, [nodes, features]
    edge_index: Tensor  # undirected, in both directions, without self-loops, [2, edges]
    y: Tensor | None  # classes, int64, -1 where there is none, [nodes]
    parts: dict[str, Tensor]  # node indices by split

    def tensors(self) -> dict[str, "np.ndarray[Any, Any]"]:
        """Return the graph tensors of a record; without classes, every node has class 0."""
        nodes = len(self.x)
        split_of_node = np.zeros(nodes, dtype=np.int8)
        for number, name in enumerate(vocabulary.SPLITS, start=1):
            if name in self.parts:
                split_of_node[self.parts[name].cpu().numpy()] = number
        target = torch.zeros(nodes, dtype=torch.long) if self.y is None else self.y.cpu()
        return {
            "target": target.numpy(),
            "split_of_node": split_of_node,
            "degree": torch.bincount(self.edge_index[0].cpu(), minlength=nodes).numpy(),
            "edge_index": self.edge_index.cpu().numpy(),
        }


def read_graph(data: Any) -> WatchedGraph:
    """Read the graph from PyG's ``Data``, or any object with ``x``, ``edge_index``, and maybe ``y`` and masks.

    Directed edges are made undirected, as the measures require. Classes are kept if they are one integer per node, -1
    where a node has none; such nodes are in no split. Of a mask with several columns the first is used.

    Raises:
        UsageError: When features or edges are missing or have the wrong shape.
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
    y = _classes(getattr(data, "y", None), nodes)
    return WatchedGraph(x, undirected, y, _parts(data, nodes, y))


def by_part(what: str, value: Scores) -> dict[str, float] | None:
    """Return scores by split; refuse unknown splits and values that are not numbers."""
    if value is None:
        return None
    given = dict(value) if isinstance(value, Mapping) else {"train": value}
    for name in given:
        if name not in vocabulary.SPLITS:
            raise unknown_name(f"part of {what}", str(name), vocabulary.SPLITS)
    try:
        return {name: _number(number) for name, number in given.items()}
    except (TypeError, ValueError, RuntimeError):
        raise UsageError(
            f"{what} = {value!r} is not accepted: it must be a number, or a number for each part"
        ) from None


def score(output: Tensor, graph: WatchedGraph) -> dict[str, dict[str, float]]:
    """Return cross-entropy and accuracy by split; nothing if the graph has no classes or no masks."""
    parts = {name: nodes.to(output.device) for name, nodes in graph.parts.items() if len(nodes)}
    if graph.y is None or not parts or output.shape[1] <= int(graph.y.max()):
        return {}
    output, y = output.float(), graph.y.to(output.device)
    losses = F.cross_entropy(output, y, reduction="none", ignore_index=-1)
    correct = (output.argmax(dim=1) == y).float()
    return {
        "loss": {name: float(losses[nodes].mean()) for name, nodes in parts.items()},
        "accuracy": {name: float(correct[nodes].mean()) for name, nodes in parts.items()},
    }


def _classes(y: Any, nodes: int) -> Tensor | None:
    if not isinstance(y, Tensor) or y.is_floating_point() or y.numel() != nodes:
        return None
    classes = y.reshape(nodes).long()
    return classes if int(classes.min()) >= -1 and int(classes.max()) >= 0 else None


def _parts(data: Any, nodes: int, y: Tensor | None) -> dict[str, Tensor]:
    """Return the nodes of every mask, without those that have no class, which can't be scored."""
    parts = {}
    for name, attribute in MASKS.items():
        mask = getattr(data, attribute, None)
        if isinstance(mask, Tensor) and mask.dtype == torch.bool and mask.shape[0] == nodes:
            column = mask if mask.dim() == 1 else mask[:, 0]
            parts[name] = (column if y is None else column & (y >= 0).to(column.device)).nonzero().squeeze(1)
    return parts


def _number(value: Any) -> float:
    if isinstance(value, str | bytes):
        raise TypeError(f"{value!r} is text")
    return float(value.detach() if isinstance(value, Tensor) else value)


def _shown(value: Any) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"{type(value).__name__}"
