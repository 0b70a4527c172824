"""Edges of real graphs: counted, cleaned, weighted, directed, or refused."""

from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from cna_viz import graphs
from cna_viz.errors import CnaVizError, DataError, UsageError
from tests.data.own.sample import NODES, WRITERS, network, plain

NAN = float("nan")


def small(edges: list[tuple[int, int]], nodes: int = 6, **more: Any) -> Data:
    y = torch.arange(nodes) % 2
    return Data(x=torch.eye(nodes), y=y, edge_index=torch.tensor(edges, dtype=torch.int64).reshape(-1, 2).T, **more)


def test_what_was_changed_is_counted() -> None:
    edges = [(0, 1), (0, 1), (1, 0), (1, 2), (2, 2), (3, 2), (0, 1)]
    entry = graphs.add(small(edges), name="x")
    assert entry.changes == (
        "7 edges read: 3 undirected edges",
        "1 edge given in both directions",
        "1 self-loop removed",
        "2 repeated edges merged",
        "2 isolated nodes kept",
        "3 components",
    )
    assert graphs.load("x").edge_index.tolist() == [[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]]


def test_repeated_weights_are_summed_and_directions_averaged() -> None:
    edges, weight = [(0, 1), (0, 1), (1, 0), (1, 2), (2, 3)], torch.tensor([1.0, 2.0, 5.0, 0.5, 0.0])
    entry = graphs.add(small(edges, edge_weight=weight), name="x")
    graph = graphs.load("x")
    assert graph.edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert graph.edge_weight is not None
    assert graph.edge_weight.tolist() == [4.0, 4.0, 0.5, 0.5]
    assert "1 repeated edge merged, weights summed" in entry.changes
    assert "1 edge of weight 0 left out" in entry.changes


def test_weights_that_are_all_one_are_none() -> None:
    plainly = graphs.add(small([(0, 1), (1, 2)]), name="x")
    entry = graphs.add(small([(0, 1), (1, 2)], edge_weight=torch.ones(2, dtype=torch.int64)), name="x")
    assert entry.digest == plainly.digest
    assert "all weights are 1: the graph has none" in entry.changes


def test_weights_can_be_dropped() -> None:
    plainly = graphs.add(small([(0, 1), (1, 2)]), name="x")
    entry = graphs.add(small([(0, 1), (1, 2)], edge_weight=torch.tensor([NAN, -3])), name="x", weights="drop")
    assert entry.digest == plainly.digest
    assert "weights dropped (--weights drop)" in entry.changes


@pytest.mark.parametrize("wrong", [NAN, -1.0, float("inf")])
def test_other_weights_are_refused(wrong: float) -> None:
    with pytest.raises(DataError, match=r"1 weight missing, infinite or negative, first .*--weights drop"):
        graphs.add(small([(0, 1), (1, 2)], edge_weight=torch.tensor([1.0, wrong])), name="x")


@pytest.mark.parametrize("extreme", [1e300, 1e-60])
def test_weights_that_float32_cannot_hold_are_refused(extreme: float) -> None:
    weights = torch.tensor([1.0, extreme], dtype=torch.float64)
    with pytest.raises(DataError, match=r"weight 1e.*float32 can hold: scale the weights"):
        graphs.add(small([(0, 1), (1, 2)], edge_weight=weights), name="x")


def test_weights_of_other_shapes_are_refused() -> None:
    with pytest.raises(DataError, match=r"weights are torch.float32 of shape \[2, 2\]"):
        graphs.add(small([(0, 1), (1, 2)], edge_weight=torch.ones(2, 2)), name="x")


def test_direction_is_kept_on_request_and_its_loss_is_said() -> None:
    directed = nx.DiGraph([(0, 1), (1, 0), (2, 1), (3, 2)])
    nx.set_node_attributes(directed, {node: node % 2 for node in directed}, "label")
    entry = graphs.add(directed, name="kept", features="degree", directed=True)
    graph = graphs.load("kept")
    assert graph.arcs is not None
    assert graph.arcs.tolist() == [[0, 1, 2, 3], [1, 0, 1, 2]]
    assert graph.edge_index.tolist() == [[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]]
    assert "direction kept: 4 arcs; measures see edges without direction" in entry.changes
    entry = graphs.add(directed, name="lost", features="degree")
    assert graphs.load("lost").arcs is None
    assert "direction dropped (--directed keeps it)" in entry.changes


def test_an_undirected_network_has_no_direction_to_keep() -> None:
    with pytest.raises(UsageError, match="undirected"):
        graphs.add(network(), name="x", directed=True)


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        (torch.tensor([[0], [6]]), "edges name nodes 0 to 6, and the 6 nodes are 0 to 5"),
        (torch.tensor([[0], [-1]]), "edges name nodes -1 to 0"),
        (torch.tensor([[0.0], [1.0]]), "not integers"),
        (torch.tensor([[0, 1, 2]]), r"shape \[1, 3\]"),
        (torch.tensor([[1], [1]]), "no edges besides self-loops"),
        (torch.empty(2, 0, dtype=torch.int64), "no edges besides self-loops"),
        (None, "no edges"),
    ],
)
def test_other_edges_are_refused(edges: torch.Tensor | None, message: str) -> None:
    data = small([(0, 1)])
    data.edge_index = edges
    with pytest.raises(DataError, match=message):
        graphs.add(data, name="x")


def test_no_nodes_are_refused() -> None:
    with pytest.raises(DataError, match="no nodes"):
        graphs.add(
            Data(x=torch.empty(0, 2), y=torch.empty(0), edge_index=torch.empty(2, 0, dtype=torch.int64)), name="x"
        )
    with pytest.raises(DataError, match="no nodes"):
        graphs.add(nx.Graph(), name="x")


def test_arrays_that_are_not_used_are_named() -> None:
    entry = graphs.add(plain(pos=torch.zeros(NODES, 2), edge_attr=torch.zeros(3)), name="x")
    assert {"left out: pos, edge_attr", "left out: edge_attr, pos"} & {*entry.changes}


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"label": "kind"}, UsageError, "unknown array 'kind'"),
        ({"drop": "nope"}, UsageError, "unknown array 'nope'"),
        ({"lable": "y"}, UsageError, "unknown option 'lable'"),
        ({"task": "regression"}, UsageError, "unknown task 'regression'"),
        ({"weights": "no"}, UsageError, "unknown weights 'no'"),
        ({"id": "x"}, UsageError, "--id has no meaning for arrays"),
        ({"labels": "x.csv"}, UsageError, "--labels has no meaning for arrays"),
        ({"nodes": "x.csv"}, UsageError, "one file or folder, or --nodes"),
    ],
)
def test_options_that_dont_fit_are_refused(options: dict[str, Any], kind: type[CnaVizError], message: str) -> None:
    with pytest.raises(kind, match=message):
        graphs.add(plain(), name="x", **options)


def test_other_arrays_can_be_named(tmp_path: Any) -> None:
    expected = graphs.add(plain(), name="x")
    data = plain(y=None, kind=plain().y, w=torch.ones(3))
    assert graphs.add(data, name="x", label="kind").digest == expected.digest
    weighted = graphs.add(name="w", **WRITERS["npz"](tmp_path))
    with np.load(tmp_path / "g.npz") as file:
        arrays = dict(file)
    arrays["strength"] = arrays.pop("edge_weight")
    np.savez(tmp_path / "h.npz", **arrays)
    assert graphs.add(tmp_path / "h.npz", name="w", weight="strength").digest == weighted.digest
