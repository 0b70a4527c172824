"""The store of the user's graphs: content under its digest, and an entry per name that points to it."""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor

from cna_viz.config.own import PREFIX, check_name, entry_path, graphs_root, look_up, own_names
from cna_viz.config.vocabulary import SPLITS
from cna_viz.data.content import content_digest, load_tensors, save_tensors
from cna_viz.data.graph import Graph, Masks, edge_homophily
from cna_viz.errors import DataError, UsageError, shown
from cna_viz.files import finite, write_atomically
from cna_viz.removal import remove

SPLIT = "own"
"""Protocol of the masks of a graph of the user's own."""


def content_path(digest: str) -> Path:
    """Return the file of the graph with this digest."""
    return graphs_root() / "content" / f"{digest}.safetensors"


def store(name: str, graph: Graph, metric: str, changes: list[str], source: str, *, replaces: bool = False) -> str:
    """Keep a graph under its digest and give it a name; return the digest.

    Content is written before the name that points to it, each file as a whole or not at all.

    Args:
        name: Name of the graph.
        graph: The graph, in normal form.
        metric: Score that selects a model: accuracy, macro_f1, roc_auc, nmse or r2.
        changes: What importing changed, a sentence each.
        source: Where it was imported from, for people.
        replaces: Let the name point to other content than before.

    Raises:
        UsageError: The name is taken by other content.
        DataError: The store can't be written.
    """
    name, digest = check_name(name), content_digest(graph)
    if not replaces:
        _refuse_other(name, digest)
    facts = {
        "name": name,
        "digest": digest,
        "task": graph.task,
        "metric": metric,
        "directed": graph.arcs is not None,
        "weighted": graph.edge_weight is not None,
        "masks": SPLIT in graph.published,
        "repetitions": graph.published[SPLIT].train.shape[1] if SPLIT in graph.published else 0,
        "nodes": graph.num_nodes,
        "edges": graph.edge_index.shape[1] // 2,
        "features": graph.num_features,
        "classes": graph.num_classes,
        "unlabelled": len(graph.target) - len(graph.labelled),
        "homophily": edge_homophily(graph),
        "class_names": list(graph.class_names),
        "changes": changes,
        "source": source,
        "added": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        if not _is_intact(digest):
            write_atomically(content_path(digest), save_tensors(graph))
        # Asked again: another process may have taken the name while content was written.
        why_kept = (lambda _: "") if replaces else (lambda _: _refuse_other(name, digest))
        write_atomically(entry_path(name), json.dumps(finite(facts), indent=1), why_kept)
    except OSError as error:
        raise DataError(f"graph {shown(name)} can't be stored in {graphs_root()} ({error.strerror})") from None
    return digest


def _refuse_other(name: str, digest: str) -> str:
    if name in own_names() and (known := look_up(name)["digest"]) != digest:
        raise UsageError(
            f"there is a graph named {shown(name)} with other content ({known[:8]}, not {digest[:8]}): take another "
            "name, or replace it with --replace"
        )
    return ""


def _is_intact(digest: str) -> bool:
    try:
        return bool(load_own("", digest))
    except DataError:  # not there yet, or damaged: written again
        return False


def load_own(name: str, digest: str) -> Graph:
    """Return a stored graph, checked against its digest.

    Raises:
        DataError: It was removed, or its file is damaged.
    """
    path, what = content_path(digest), f"graph {PREFIX}{name} (content {digest})"
    try:
        graph = load_tensors(path, f"{PREFIX}{name}")
    except FileNotFoundError:
        raise DataError(f"{what} is not in {graphs_root()}: it was removed; import the same content again") from None
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise DataError(f"{what} can't be read from {path} ({error}): import it again") from None
    if content_digest(graph) != digest:
        raise DataError(f"{path} is damaged: its content is not that of its name; import the graph again")
    return replace(graph, name=f"{PREFIX}{name}")


def forget(name: str) -> dict[str, Any]:
    """Remove a name, and the content that no other name points to; return the facts of the graph.

    Raises:
        UsageError: There is no graph of this name.
        DataError: A file can't be removed.
    """
    facts = look_up(name)
    others = [other for other in own_names() if other != facts["name"]]
    try:
        shared = any(look_up(other)["digest"] == facts["digest"] for other in others)
    except (DataError, KeyError):  # a damaged entry may be one that points to it
        shared = True
    paths = [entry_path(name), *([] if shared else [content_path(facts["digest"])])]
    for path in paths:
        if os.path.lexists(path) and (reason := remove(path, _foreign)):
            raise DataError(f"{path} {reason} and is kept")
    return facts


def _foreign(path: Path) -> str:
    """Return why a file of the store is kept; empty if :func:`store` wrote it."""
    with suppress(OSError, ValueError, SafetensorError):
        if ".json" in path.suffixes:  # not the last one, while the file is being removed
            return "" if "digest" in json.loads(path.read_text("utf-8")) else "is no entry of a graph"
        with safe_open(path, "np") as file:
            return "" if "graph" in (file.metadata() or {}) else "is no graph of this library"
    return "is not readable as a file of this library"


def store_split(masks: Masks) -> str:
    """Keep a split of the user's own under the digest of its content, and return that.

    Raises:
        DataError: The store can't be written.
    """
    tensors: dict[str, Tensor] = {name: getattr(masks, name).contiguous() for name in SPLITS}
    content = save(tensors, {"split": "own"})
    digest = hashlib.sha256(content).hexdigest()
    try:
        if not _split_path(digest).is_file():
            write_atomically(_split_path(digest), content)
    except OSError as error:
        raise DataError(f"the split can't be stored in {graphs_root()} ({error.strerror})") from None
    return digest


def load_split(digest: str, graph: Graph) -> Masks:
    """Return a stored split for a graph.

    Raises:
        DataError: It was removed or damaged, or is one of another number of nodes.
    """
    path = _split_path(digest)
    try:
        content = path.read_bytes()
    except OSError:
        raise DataError(f"split {digest} is not in {graphs_root()}: give its file again with --split-file") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise DataError(f"{path} is damaged: remove it and give the file of the split again with --split-file")
    masks = Masks(**load(content))
    if len(masks.train) != len(graph.target):
        raise DataError(
            f"split {digest[:8]} is one of {len(masks.train)} rows, and {graph.name} has {len(graph.target)}"
        )
    return masks


def _split_path(digest: str) -> Path:
    return graphs_root() / "splits" / f"{digest}.safetensors"
