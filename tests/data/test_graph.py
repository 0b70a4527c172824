"""A graph says what is to be told of it, row by row, and moves whole."""

import math

import pytest
import torch
from torch_geometric.utils import homophily

from cna_viz.config import CSBMConfig
from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.csbm import csbm
from cna_viz.data.graph import Graph, Masks, edge_homophily

EDGES = torch.tensor([[0, 1], [1, 0]])


def graph(y: list[float], graph_of_node: list[int] | None = None) -> Graph:
    target = torch.tensor(y)
    classes = 0 if target.is_floating_point() else int(target.max()) + 1
    member = None if graph_of_node is None else torch.tensor(graph_of_node)
    mask = torch.ones(len(y), 1, dtype=torch.bool)
    return Graph("some", torch.eye(len(y)), target, EDGES, classes, {"public": Masks(mask, mask, mask)}, member)


@pytest.mark.parametrize(
    ("y", "member", "task"),
    [
        ([0, 1, 1], None, "node-classification"),
        ([0.0, 1.0, 1.0], None, "node-regression"),
        ([0, 0, 1], [0, 0, 1], "graph-classification"),
    ],
)
def test_task_and_classes(y: list[float], member: list[int] | None, task: str) -> None:
    some = graph(y, member)
    assert some.task == task
    if task == "node-regression":
        assert some.classes is None
    else:
        assert some.classes is some.y


@pytest.mark.parametrize("y", [[0, 1, 1], [0.5, 0.25, 1.0]])
def test_the_target_of_one_graph_is_that_of_its_nodes(y: list[float]) -> None:
    assert graph(y).target.tolist() == y


def test_the_target_of_graphs_has_an_entry_for_each() -> None:
    some = graph([2, 2, 0, 1, 1, 1, 2], [0, 0, 1, 2, 2, 2, 3])
    assert some.first_nodes().tolist() == [0, 2, 3, 6, 7]
    assert some.first_nodes().dtype == torch.int64
    assert some.target.tolist() == [2, 0, 1, 2]
    assert some.target.dtype == torch.int64


def test_a_dataset_of_one_graph() -> None:
    some = graph([1, 1, 1], [0, 0, 0])
    assert some.first_nodes().tolist() == [0, 3]
    assert some.target.tolist() == [1]


def test_one_graph_has_no_first_nodes() -> None:
    with pytest.raises(AssertionError, match="some is one graph"):
        graph([0, 1, 1]).first_nodes()


@pytest.mark.parametrize("member", [None, [0, 0, 1]])
def test_it_moves_whole(member: list[int] | None) -> None:
    there, meta = graph([0, 0, 1], member), torch.device("meta")
    moved = there.to(meta)
    assert {part.device for part in (moved.x, moved.y, moved.edge_index)} == {meta}
    assert (moved.name, moved.num_classes, moved.task) == (there.name, there.num_classes, there.task)
    assert moved.published is there.published
    if member is None:
        assert moved.graph_of_node is None
    else:
        assert moved.graph_of_node is not None
        assert moved.graph_of_node.device == meta
        stayed = there.to(torch.device("cpu"))
        assert stayed.graph_of_node is not None
        assert stayed.graph_of_node.tolist() == member
        assert stayed.target.tolist() == there.target.tolist()


def test_agrees_with_pyg() -> None:
    for share in (0.2, 0.7):
        graph = csbm(CSBMConfig(nodes=300, homophily=share))
        assert math.isclose(edge_homophily(graph), homophily(graph.edge_index, graph.y, method="edge"), abs_tol=1e-6)


def test_known_answers() -> None:
    path = torch.tensor([[0, 1, 2], [1, 2, 3]])
    for classes, share in (([0, 0, 0, 0], 1.0), ([0, 1, 0, 1], 0.0), ([0, 0, 1, 1], 2 / 3)):
        assert edge_homophily(clean("path", RawGraph(torch.eye(4), torch.tensor(classes), path))) == share


def test_no_edges_no_answer() -> None:
    graph = clean("path", RawGraph(torch.eye(2), torch.tensor([0, 1]), torch.empty(2, 0, dtype=torch.int64)))
    assert math.isnan(edge_homophily(graph))


def test_no_classes_no_answer() -> None:
    path = torch.tensor([[0, 1, 2], [1, 2, 3]])
    assert math.isnan(edge_homophily(clean("path", RawGraph(torch.eye(4), torch.ones(4), path))))
