"""The graph of a watched training: read from somebody else's data, and never written to."""

from dataclasses import dataclass, replace
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
        plain: The same without weights, where there are some.
    """

    graph: Graph
    parts: dict[str, Tensor]
    task: str
    declared: bool = False
    notes: tuple[str, ...] = ()
    plain: "WatchedGraph | None" = None

    @property
    def classes(self) -> Tensor | None:
        """Class of every node, -1 where it is unlabelled; None where no node has a class."""
        return self.graph.y if self.graph.num_classes else None

    @property
    def features(self) -> Tensor:
        """Features for the measures. NaN where the data has none: their information gain is unknown, and not 0."""
        x = self.graph.x
        return x if x.shape[1] else x.new_full((len(x), 1), torch.nan)

    def without_weights(self) -> "WatchedGraph":
        """Return what a model sees that is not given the weights: edges of weight 0 are edges, too."""
        return self.plain or self


def read_watched(data: Any, *, split: SplitChoice = None, task: str | None = None) -> WatchedGraph:
    """Read a graph, or a dataset of graphs.

    Args:
        data: PyG's ``Data``, any object with its attributes, or a ``Batch`` or list of ``Data``.
        split: Which column of the masks, or masks by part.
        task: What is scored, where the labels don't say it; ``none`` reads no labels.

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
    graph = replace(_graph(x, known), **_edges(edges, None, len(x)))
    notes = (*said, *known.labels.notes, *masked, *(() if parts or known.task == "none" else (_NO_MASKS,)))
    plain = WatchedGraph(graph, parts, known.task, task is not None, notes)
    return plain if weight is None else _with_weights(plain, edges, weight)


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


def _graph(x: Tensor, known: _Target) -> Graph:
    y, member = known.labels.y, known.member
    empty = torch.zeros(2, 0, dtype=torch.long)
    return Graph("watched", x, y if member is None else y[member], empty, known.labels.classes, graph_of_node=member)


def _edges(edges: Tensor, weight: Tensor | None, nodes: int) -> dict[str, Any]:
    edge_index, edge_weight, arcs = clean_edges(edges, weight, nodes, directed=True)
    assert arcs is not None
    directed = arcs.shape != edge_index.shape
    return {"edge_index": edge_index, "edge_weight": edge_weight, "arcs": arcs if directed else None}


def _with_weights(plain: WatchedGraph, edges: Tensor, weight: Any) -> WatchedGraph:
    nodes = plain.graph.num_nodes
    try:
        numbers = as_tensor(weight, "data.edge_weight")
        graph = replace(plain.graph, **_edges(edges, numbers, nodes))
    # The model may well like such weights, but nothing that is measured can count them.
    except (DataError, ValueError) as error:
        return replace(plain, notes=(*plain.notes, f"the weights of the edges are not recorded: {error}"))
    return replace(plain, graph=graph, notes=(*plain.notes, *weight_notes(edges, numbers, nodes)), plain=plain)
