"""The rules for graphs of any origin: each is applied and reported in a sentence, or refused with the way out."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch_geometric.utils import remove_self_loops, to_undirected

from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.graph import Graph, Masks
from cna_viz.data.own.edges import check_edges, check_weights, edge_changes, shape_notes
from cna_viz.data.own.features import feature_matrix
from cna_viz.data.own.labels import Labels, read_labels
from cna_viz.data.own.masks import read_masks
from cna_viz.data.own.options import ImportOptions
from cna_viz.data.own.parts import Parts
from cna_viz.data.own.store import SPLIT
from cna_viz.data.own.structural import is_structural, structural
from cna_viz.errors import DataError, UsageError, unknown_name

FEWEST: Final = 3
"""Minimum number of labelled nodes or graphs: one to train, one to select, one to test."""


@dataclass(frozen=True)
class Imported:
    """A graph in normal form, the score that selects, and what importing changed."""

    graph: Graph
    metric: str
    changes: list[str]


def apply_rules(name: str, parts: Parts, options: ImportOptions) -> Imported:
    """Return the graph of these parts.

    Raises:
        DataError: The parts are not those of a graph, or of one that can be split.
        UsageError: The options don't fit, or one is needed.
    """
    if parts.nodes < 1:
        raise DataError("the graph has no nodes")
    check_edges(parts.edges, parts.nodes)
    weights, dropped = _weights(parts, options)
    labels, many = read_labels(parts.y, options.task), parts.graph_of_node is not None
    masks, masked = _split(labels, parts, many)
    x, made = _features(parts, weights, options)
    raw = RawGraph(
        x, labels.y, parts.edges, masks, parts.graph_of_node, weights, *_direction(parts, options), labels.names
    )
    graph = clean(name, raw, SPLIT)
    if graph.edge_index.numel() == 0:
        raise DataError("the graph has no edges besides self-loops: measures and convolutions need some")
    if is_structural(options.features):
        made = [*made, f"features: {options.features}, {graph.num_features} of the graph's structure"]
    edges = edge_changes(parts.edges, weights, graph, directed=graph.arcs is not None)
    if parts.directed and not options.directed:
        dropped = [*dropped, "direction dropped (--directed keeps it)"]
    notes = [*parts.changes, *edges, *dropped, *shape_notes(graph), *made, *labels.changes, *masked]
    return Imported(graph, _metric(graph, options.metric), notes)


def _weights(parts: Parts, options: ImportOptions) -> tuple[Tensor | None, list[str]]:
    if parts.weights is None or options.weights == "drop":
        return None, [] if parts.weights is None else ["weights dropped (--weights drop)"]
    return check_weights(parts.weights, parts.edges.shape[1]), []


def _direction(parts: Parts, options: ImportOptions) -> tuple[bool]:
    if options.directed and parts.directed is False:
        raise UsageError("the graph is undirected, so that --directed has no direction to keep: leave it out")
    return (options.directed,)


def _split(labels: Labels, parts: Parts, many: bool) -> tuple[Masks | None, list[str]]:
    """Check that the labels are as many as rows and enough to learn from; return the masks."""
    y, rows = labels.y, "graphs" if many else "nodes"
    count = int(parts.graph_of_node.max()) + 1 if parts.graph_of_node is not None else parts.nodes
    if len(y) != count:
        raise DataError(f"there are {len(y)} labels for {count} {rows}: every one needs one; -1, NaN or empty is none")
    labelled = ~y.isnan() if y.is_floating_point() else y >= 0
    if y.is_floating_point() and many:
        raise DataError("the labels of the graphs are numbers, and there is no task for that: give classes")
    known = y[labelled]
    if len(known) < FEWEST:
        raise DataError(
            f"{len(known)} of {count} {rows} have a label, and a split needs {FEWEST}; -1, NaN and empty are none"
        )
    if len(torch.unique(known)) < 2:
        what = "numbers are all the same" if y.is_floating_point() else f"{rows} are all of one class"
        raise DataError(f"the labelled {what}, so that there is nothing to learn; -1, NaN and empty are no label")
    return read_masks(parts.masks, labelled)


def _features(parts: Parts, weights: Tensor | None, options: ImportOptions) -> tuple[Tensor, list[str]]:
    if is_structural(options.features):
        kept = parts.edges if weights is None else parts.edges[:, weights > 0]  # the graph has no others
        plain: Tensor = to_undirected(remove_self_loops(kept)[0], num_nodes=parts.nodes)
        made = structural(str(options.features), plain, parts.nodes, many=parts.graph_of_node is not None)
        return made, [] if parts.x is None else [f"{parts.x.shape[1]} columns of features left out"]
    if parts.x is None or parts.x.shape[-1] == 0:
        raise UsageError("the nodes have no features: give --features degree, onehot, random:32 or laplacian:16")
    x, said = feature_matrix(parts.x, options.fill)
    if len(x) != parts.nodes:
        raise DataError(f"there are {len(x)} rows of features for {parts.nodes} nodes")
    return x, said


def _metric(graph: Graph, given: str | None) -> str:
    """Return the score that selects a model, one of those that the targets have."""
    if graph.num_classes == 0:
        # The NMSE of published comparisons divides by the mean: below 0 the worst model would have the lowest.
        choices = ["r2", *(["nmse"] if float(graph.y.nanmean()) > 0 else [])]
    else:
        choices = ["accuracy", "macro_f1", *(["roc_auc"] if graph.num_classes == 2 else [])]
    if given is not None and given not in choices:
        what = "these numbers" if graph.num_classes == 0 else f"{graph.num_classes} classes"
        raise unknown_name("metric", given, choices, f"These are the ones for {what}.")
    return given or choices[0]
