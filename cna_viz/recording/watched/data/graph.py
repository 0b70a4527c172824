"""The graph of a watched training: read from somebody else's data, and never written to."""

from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from cna_viz.config.vocabulary import WATCHED_TASKS
from cna_viz.data.clean import UNLABELLED, clean_edges, clean_membership
from cna_viz.data.graph import Graph
from cna_viz.data.own.parts import as_tensor, plural
from cna_viz.errors import DataError, UsageError, shown, unknown_name
from cna_viz.recording.watched.data.edges import read_edges, read_features, weight_notes
from cna_viz.recording.watched.data.labels import NO_TASK, WatchedLabels, read_labels
from cna_viz.recording.watched.data.objects import as_one
from cna_viz.recording.watched.data.split import SplitChoice, read_parts

_NO_MASKS: Final = 'the data has no masks: nothing is scored; split={"train": ..., "val": ..., "test": ...} gives some'


@dataclass(frozen=True)
class WatchedGraph:
    """The graph of a watched training.

    Attributes:
        graph: On the CPU; classes keep their numbers, which are channels of the network, and so may leave some out.
        parts: Rows by split, nodes or graphs, for every mask there is.
        task: What is scored, one of ``vocabulary.WATCHED_TASKS``.
        declared: Whether the user stated the task.
        notes: What was read or changed, a sentence each.
    """

    graph: Graph
    parts: dict[str, Tensor]
    task: str
    declared: bool = False
    notes: tuple[str, ...] = ()


def read_watched(
    data: Any, *, split: SplitChoice = None, task: str | None = None, weighted: bool = True, directed: bool = True
) -> WatchedGraph:
    """Read a graph, or a dataset of graphs.

    Args:
        data: PyG's ``Data``, any object with its attributes, or a ``Batch`` or list of ``Data``.
        split: Which column of the masks, or masks by part.
        task: What is scored, where the labels don't say it; ``none`` reads no labels.
        weighted: Whether to read the weights of edges. Without them, edges of weight 0 are edges, too.
        directed: Whether to keep the direction of edges.

    Raises:
        UsageError: ``data`` is no graph, or an argument is needed or doesn't fit.
        DataError: Its parts can't be read or don't fit together.
    """
    if task is not None and task not in WATCHED_TASKS:
        raise unknown_name("task", str(task), WATCHED_TASKS)
    data = as_one(data)
    x, said = read_features(data)
    edges, weight = read_edges(data, len(x))
    known = _target(data, _membership(data, edges, len(x)), len(x), task)
    parts, masked = read_parts(data, split, known.counted, "node" if known.member is None else "graph")
    cleaned, changed = _edges(edges, weight if weighted else None, len(x), directed)
    unmasked = () if parts or known.task == "none" else (_NO_MASKS,)
    notes = (*said, *known.labels.notes, *masked, *unmasked, *changed)
    y, member = known.labels.y, known.member
    row = y if member is None else y[member]
    graph = Graph("watched", x, row, num_classes=known.labels.classes, graph_of_node=member, **cleaned)
    return WatchedGraph(graph, parts, known.task, task is not None, notes)


@dataclass(frozen=True)
class _Target:
    """Labels of the rows, the graph of every node if the rows are graphs, and the task."""

    labels: WatchedLabels
    member: Tensor | None
    task: str

    @property
    def counted(self) -> Tensor:
        """The rows that can be in a part."""
        return torch.ones_like(self.labels.known) if self.task == "none" else self.labels.known


def _membership(data: Any, edges: Tensor, nodes: int) -> Tensor | None:
    member = getattr(data, "batch", None)
    if not isinstance(member, Tensor):
        return None
    try:
        return clean_membership(member.detach().cpu(), edges, nodes)
    except ValueError as error:
        raise UsageError(f"data.batch can't be used: {error}") from None


def _target(data: Any, member: Tensor | None, nodes: int, task: str | None) -> _Target:
    y = None if task == "none" else getattr(data, "y", None)
    graphs = 0 if member is None else int(member[-1]) + 1
    labels = read_labels(y, task) if y is not None else _unlabelled(graphs or nodes)
    rows = _rows(len(labels.y), member, nodes, task) if y is not None else member
    if bool(labels.known.any()):
        if rows is not None and labels.y.is_floating_point():
            raise UsageError(f"data.y has numbers to predict for graphs, and there is no task for that; {NO_TASK}")
        found = "graph-classification" if rows is not None else "node-classification"
        return _Target(labels, rows, "node-regression" if labels.y.is_floating_point() else found)
    if task not in (None, "none"):
        raise UsageError(f"task = {shown(task)} needs labels, and data.y has none; {NO_TASK}")
    notes = (*labels.notes, "no labels: nothing is scored but what your loop reports") if task is None else ()
    return _Target(_unlabelled(len(labels.y), notes), rows, "none")


def _unlabelled(rows: int, notes: tuple[str, ...] = ()) -> WatchedLabels:
    return WatchedLabels(torch.full((rows,), UNLABELLED), 0, notes)


def _rows(labels: int, member: Tensor | None, nodes: int, task: str | None) -> Tensor | None:
    """Return the graph of every node if the labels are those of graphs, None if they are those of nodes."""
    graphs = None if member is None else int(member[-1]) + 1
    if labels == graphs and task in (None, "graph-classification"):
        return member
    if labels == nodes and task != "graph-classification":
        return None
    if graphs is None and task == "graph-classification":
        raise UsageError("task = 'graph-classification' needs several graphs: pass a Batch or a list of Data")
    have = plural(nodes, "node") + ("" if graphs is None else f" in {plural(graphs, 'graph')}")
    raise UsageError(
        f"data.y has {plural(labels, 'label')} for {have}: every one needs one, negative or NaN for none; {NO_TASK}"
    )


def _edges(edges: Tensor, weight: Any, nodes: int, directed: bool) -> tuple[dict[str, Any], list[str]]:
    """Return the edges of a graph by attribute, and what was changed."""
    if weight is None:
        return _cleaned(edges, None, nodes, directed), []
    try:
        numbers = as_tensor(weight, "data.edge_weight")
        return _cleaned(edges, numbers, nodes, directed), weight_notes(edges, numbers, nodes)
    # The model may well like such weights, but nothing that is measured can count them.
    except (DataError, ValueError) as error:
        return _cleaned(edges, None, nodes, directed), [f"the weights of the edges are not recorded: {error}"]


def _cleaned(edges: Tensor, weight: Tensor | None, nodes: int, directed: bool) -> dict[str, Any]:
    edge_index, edge_weight, arcs = clean_edges(edges, weight, nodes, directed=directed)
    one_way = arcs is not None and arcs.shape != edge_index.shape
    return {"edge_index": edge_index, "edge_weight": edge_weight, "arcs": arcs if one_way else None}
