"""Graphs kept as safetensors files, so that slow raw files are read once. No pickle; a damaged file is made again."""

import logging
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from cna_viz.data.graph import Graph, Masks
from cna_viz.files import write_atomically

logger = logging.getLogger("cna_viz")


def load_or_make(path: Path, name: str, make: Callable[[], Graph]) -> Graph:
    """Return the graph kept at ``path``; when there is none, make it and keep it there.

    A cache that can't be written costs time only: it is reported in the log.

    Args:
        path: File that holds the graph, or will.
        name: Name of the dataset.
        make: Makes the graph; its errors are passed on and nothing is kept.
    """
    if path.is_file():
        try:
            return _load(path, name)
        except (OSError, SafetensorError, KeyError) as error:
            logger.warning("cached graph %s is damaged (%s): it is made again", path, error)
    graph = make()
    try:
        _save(path, graph)
    except (OSError, SafetensorError) as error:
        logger.warning("graph %r can't be cached: %s", name, error)
    return graph


def _load(path: Path, name: str) -> Graph:
    # A clone has memory aligned by torch, as the graph had when it was made; see `clean`.
    tensors = {key: tensor.clone() for key, tensor in load_file(path).items()}
    published = {
        protocol: Masks(*(tensors[f"{protocol}/{part}"] for part in ("train", "val", "test")))
        for protocol in sorted({key.partition("/")[0] for key in tensors if "/" in key})
    }
    y = tensors["y"]
    classes = 0 if y.is_floating_point() else int(y.max()) + 1
    return Graph(name, tensors["x"], y, tensors["edge_index"], classes, published, tensors.get("graph_of_node"))


def _save(path: Path, graph: Graph) -> None:
    tensors: dict[str, Tensor] = {"x": graph.x, "y": graph.y, "edge_index": graph.edge_index}
    if graph.graph_of_node is not None:
        tensors["graph_of_node"] = graph.graph_of_node
    for protocol, masks in graph.published.items():
        tensors |= {f"{protocol}/train": masks.train, f"{protocol}/val": masks.val, f"{protocol}/test": masks.test}
    write_atomically(path, save(tensors))
