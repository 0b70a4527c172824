"""The content of a graph: its tensors, as a file, and its digest, whatever file, folder or name it came from."""

import hashlib
import json
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from cna_viz.data.graph import Graph, Masks


def content_digest(graph: Graph) -> str:
    """Return the SHA-256 of features, targets, edges, weights, masks and class names, 64 hexadecimal digits.

    The graph is in the normal form of :func:`~cna_viz.data.clean.clean`, so that equal graphs have equal digests. The
    order of nodes counts, since splits are drawn by it; that of edges does not.
    """
    found = hashlib.sha256(json.dumps([graph.num_classes, graph.class_names]).encode())
    for name, tensor in sorted(tensors_of(graph).items()):
        found.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        found.update(tensor.contiguous().cpu().numpy().reshape(-1).data.cast("B"))
    return found.hexdigest()


def tensors_of(graph: Graph) -> dict[str, Tensor]:
    """Return all tensors of a graph by name; masks as ``PROTOCOL/PART``."""
    names = ("x", "y", "edge_index", "graph_of_node", "edge_weight", "arcs")
    tensors = {name: tensor for name in names if (tensor := getattr(graph, name)) is not None}
    for protocol, masks in graph.published.items():
        tensors |= {f"{protocol}/{part}": getattr(masks, part) for part in ("train", "val", "test")}
    return tensors


def load_tensors(path: Path, name: str) -> Graph:
    """Return the graph in a file of :func:`save_tensors`."""
    # A clone has memory aligned by torch, as the graph had when it was made; see `clean`.
    with safe_open(path, "pt") as file:
        tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118
        facts = json.loads((file.metadata() or {}).get("graph", "{}"))
    published = {
        protocol: Masks(*(tensors[f"{protocol}/{part}"] for part in ("train", "val", "test")))
        for protocol in sorted({key.partition("/")[0] for key in tensors if "/" in key})
    }
    y = tensors["y"]
    classes = 0 if y.is_floating_point() else int(y.max()) + 1
    more: dict[str, Any] = {key: tensors.get(key) for key in ("graph_of_node", "edge_weight", "arcs")}
    names = tuple(facts.get("class_names", ()))
    return Graph(name, tensors["x"], y, tensors["edge_index"], classes, published, **more, class_names=names)


def save_tensors(graph: Graph) -> bytes:
    """Return a graph as the content of a safetensors file."""
    return save(tensors_of(graph), {"graph": json.dumps({"class_names": graph.class_names})})
