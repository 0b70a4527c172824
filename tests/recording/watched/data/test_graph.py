"""The graph of a watched training, as its record keeps it."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from cna_viz.data.embedded import karate
from cna_viz.errors import CnaVizError
from cna_viz.recording.graph_tensors import graph_tensors
from cna_viz.recording.watched.data.graph import WatchedGraph, read_watched
from tests.recording.helpers import NODES, karate_data

PATH = torch.tensor([[0, 1], [1, 2]])
Y = karate().y


def graphs(*labels: Any) -> list[Data]:
    """Return triangles without one edge, one for each label."""
    return [Data(x=torch.eye(3), edge_index=PATH, y=torch.as_tensor(label)) for label in labels]


def parts(watched: WatchedGraph) -> dict[str, list[int]]:
    return {name: rows.tolist() for name, rows in watched.parts.items()}


def test_karate_is_read_as_it_is() -> None:
    watched, known = read_watched(karate_data()), karate()
    assert (watched.task, watched.declared, watched.notes) == ("node-classification", False, ())
    for name in ("x", "y", "edge_index"):
        assert torch.equal(getattr(watched.graph, name), getattr(known, name))
    assert (watched.graph.num_classes, watched.graph.arcs, watched.graph.edge_weight) == (4, None, None)
    assert parts(watched) == {name: list(range(first, NODES, 3)) for first, name in enumerate(("train", "val", "test"))}


def test_a_record_keeps_the_classes_and_parts() -> None:
    watched = read_watched(karate_data(y=torch.where(torch.arange(NODES) == 3, -1, Y)))
    tensors = graph_tensors(watched.graph, watched.parts)
    assert tensors["target"].tolist() == [-1 if node == 3 else int(Y[node]) for node in range(NODES)]
    assert tensors["split_of_node"].tolist() == [0 if node == 3 else node % 3 + 1 for node in range(NODES)]
    assert np.array_equal(tensors["degree"], np.bincount(karate_data().edge_index[0]))


def test_classes_are_not_renumbered() -> None:
    watched = read_watched(karate_data(y=Y + 1))
    assert (watched.graph.y.tolist(), watched.graph.num_classes) == ((Y + 1).tolist(), 5)
    assert watched.graph.class_names == ()


@pytest.mark.parametrize("y", [None, torch.full((NODES,), -1), torch.full((NODES,), torch.nan)])
def test_without_labels_no_node_has_a_class_and_nothing_is_scored(y: Any) -> None:
    watched = read_watched(karate_data(y=y))
    assert (watched.task, watched.graph.num_classes) == ("none", 0)
    assert watched.graph.y.tolist() == [-1] * NODES
    assert watched.notes[-1] == "no labels: nothing is scored but what your loop reports"
    assert len(watched.parts["train"]) == 12


@pytest.mark.parametrize("y", [Y, Y[:20], torch.ones(NODES, 3), ["a"] * NODES])
def test_task_none_reads_no_labels(y: Any) -> None:
    watched = read_watched(karate_data(y=y), task="none")
    assert (watched.task, watched.declared, watched.notes) == ("none", True, ())
    assert watched.graph.y.tolist() == [-1] * NODES


def test_numbers_to_predict() -> None:
    y = torch.linspace(-1, 1, NODES)
    watched = read_watched(karate_data(y=y))
    assert (watched.task, watched.graph.task, watched.graph.num_classes) == ("node-regression", "node-regression", 0)
    assert torch.equal(watched.graph.y, y)
    assert read_watched(karate_data(), task="node-regression").graph.y.tolist() == Y.tolist()


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"y": Y[:30]}, {}, r'data\.y has 30 labels for 34 nodes: .*task="none" reads no labels'),
        ({"y": torch.ones(NODES, 3)}, {}, 'several per node, .*task="none" reads no labels'),
        ({}, {"task": "graph-classification"}, "needs several graphs: pass a Batch or a list of Data"),
        ({}, {"task": "node"}, "unknown task 'node'; choices, nearest first: none, node-"),
        (
            {"y": None},
            {"task": "node-classification"},
            r"task = 'node-classification' needs labels, and data\.y has none",
        ),
        ({"y": -Y.abs() - 1}, {"task": "node-classification"}, "needs labels"),
        ({"batch": torch.arange(NODES).flip(0)}, {}, r"data\.batch can't be used: the graphs of 34 nodes"),
    ],
)
def test_what_can_not_be_known_is_refused(changes: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(CnaVizError, match=message):
        read_watched(karate_data(**changes), **options)


def test_without_masks_nothing_is_scored_and_that_is_said() -> None:
    watched = read_watched(SimpleNamespace(x=torch.eye(3), edge_index=PATH, y=[0, 1, 1]))
    assert watched.parts == {}
    assert watched.notes[-1].startswith("the data has no masks: nothing is scored; split=")


def test_edges_become_undirected_and_their_direction_is_kept() -> None:
    edges = torch.tensor([[0, 0, 2, 1, 1], [1, 1, 2, 0, 2]], dtype=torch.int32)
    graph = read_watched(SimpleNamespace(x=torch.zeros(4, 2), edge_index=edges)).graph
    assert graph.edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert graph.arcs is not None
    assert graph.arcs.tolist() == [[0, 1, 1], [1, 0, 2]]
    assert graph.degree().tolist() == [1, 2, 1, 0]
    undirected = read_watched(SimpleNamespace(x=torch.zeros(4, 2), edge_index=edges), directed=False).graph
    assert (undirected.edge_index.tolist(), undirected.arcs) == (graph.edge_index.tolist(), None)


def test_a_graph_may_have_neither_features_nor_edges() -> None:
    graph = read_watched(Data(edge_index=torch.zeros(2, 0, dtype=torch.long), num_nodes=4)).graph
    assert (tuple(graph.x.shape), tuple(graph.edge_index.shape), graph.arcs) == ((4, 0), (2, 0), None)


def test_weights_can_be_left_out_and_their_edges_stay() -> None:
    both = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])
    data = Data(x=torch.eye(3), edge_index=both, edge_weight=torch.tensor([0.5, 0.5, 0.0, 0.0]))
    watched = read_watched(data)
    assert watched.graph.edge_index.tolist() == [[0, 1], [1, 0]]
    assert watched.graph.edge_weight is not None
    assert watched.graph.edge_weight.tolist() == [0.5, 0.5]
    assert "2 edges of weight 0 left out" in watched.notes
    plain = read_watched(data, weighted=False)
    assert (plain.graph.edge_index.tolist(), plain.graph.edge_weight) == (both.tolist(), None)
    assert not any("weight" in note for note in plain.notes)


@pytest.mark.parametrize(
    "weight",
    [torch.tensor([1.0, -1.0]), torch.tensor([1.0, torch.nan]), torch.ones(2, 3), torch.tensor([1j, 1]), "heavy"],
)
def test_weights_that_can_not_be_recorded_are_named(weight: Any) -> None:
    watched = read_watched(Data(x=torch.eye(3), edge_index=PATH, edge_weight=weight))
    assert watched.graph.edge_weight is None
    assert watched.notes[-1].startswith("the weights of the edges are not recorded: ")


@pytest.mark.parametrize("weight", [np.array([2.0, 3.0]), [2, 3], torch.tensor([[2], [3]])])
def test_weights_of_any_form_are_recorded(weight: Any) -> None:
    watched = read_watched(SimpleNamespace(x=torch.eye(3), edge_index=PATH, edge_weight=weight))
    assert watched.graph.edge_weight is not None
    assert watched.graph.edge_weight.tolist() == [2.0, 2.0, 3.0, 3.0]


def test_weights_that_are_all_1_are_none() -> None:
    watched = read_watched(Data(x=torch.eye(3), edge_index=PATH, edge_weight=torch.ones(2)))
    assert watched.graph.edge_weight is None
    assert not any("weight" in note for note in watched.notes)


@pytest.mark.parametrize("kind", [list, Batch.from_data_list])
def test_a_dataset_of_graphs(kind: Any) -> None:
    watched = read_watched(kind(graphs(1, 0, -1, 2)), split={"train": [0, 2], "test": [3]})
    assert watched.task == watched.graph.task == "graph-classification"
    assert watched.graph.graph_of_node is not None
    assert watched.graph.graph_of_node.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert watched.graph.target.tolist() == [1, 0, -1, 2]
    assert parts(watched) == {"train": [0], "test": [3]}
    assert "1 unlabelled graph taken out of the masks" in watched.notes
    assert graph_tensors(watched.graph, watched.parts)["split_of_node"].tolist() == [1] * 3 + [0] * 6 + [3] * 3


def test_graphs_carry_their_own_masks() -> None:
    data = graphs(1, 0, 1)
    for number, one in enumerate(data):
        one.train_mask = torch.tensor([number > 0])
    assert parts(read_watched(data)) == {"train": [1, 2]}


def test_graphs_with_labels_of_nodes_are_one_graph() -> None:
    watched = read_watched(graphs([0, 1, 2], [1, 1, 0]))
    assert (watched.task, watched.graph.graph_of_node) == ("node-classification", None)
    assert watched.graph.y.tolist() == [0, 1, 2, 1, 1, 0]


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        ((0.5, 1.5), {}, "numbers to predict for graphs, and there is no task for that"),
        ((0, 1), {"task": "node-classification"}, r"data\.y has 2 labels for 6 nodes in 2 graphs"),
        (([0, 1, 2], [1, 1, 0]), {"task": "graph-classification"}, "6 labels for 6 nodes in 2 graphs"),
        (([0, 1], [1, 0]), {}, "4 labels for 6 nodes in 2 graphs"),
    ],
)
def test_labels_that_do_not_fit_graphs_are_refused(labels: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(CnaVizError, match=f'{message}.*task="none"'):
        read_watched(graphs(*labels), **options)


def test_the_data_is_neither_written_to_nor_shared() -> None:
    data = karate_data(edge_weight=torch.rand(karate().edge_index.shape[1]))
    before: dict[str, Tensor] = {name: value.clone() for name, value in data.to_dict().items()}
    watched = read_watched(data)
    for tensor in (watched.graph.x, watched.graph.y, watched.graph.edge_index, *watched.parts.values()):
        tensor.zero_()
    assert all(torch.equal(data[name], value) for name, value in before.items())
