"""Many graphs, each with a label: graph classification."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from cna_viz import graphs
from cna_viz.errors import CnaVizError, DataError, UsageError


def ring(nodes: int, label: Any, **more: Any) -> Data:
    edges = torch.stack([torch.arange(nodes), (torch.arange(nodes) + 1) % nodes])
    return Data(**{"x": torch.full((nodes, 2), nodes), "y": torch.tensor([label]), "edge_index": edges, **more})


GRAPHS = [ring(3, 0), ring(5, 1), ring(4, 0), ring(6, 1)]


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name, graph in zip("dbca", GRAPHS[::-1], strict=True):
        torch.save(graph, tmp_path / f"{name}.pt")
    entry = graphs.add(tmp_path, name="x")
    order = [GRAPHS[number] for number in (0, 2, 1, 3)]  # a, b, c, d
    assert entry.digest == graphs.add(order, name="x").digest
    graph = graphs.load("x")
    assert (entry.task, entry.metric, entry.nodes) == ("graph-classification", "accuracy", 18)
    assert graph.target.tolist() == [0, 0, 1, 1]
    assert graph.graph_of_node is not None
    assert torch.bincount(graph.graph_of_node).tolist() == [3, 4, 5, 6]
    assert "4 graphs in their order" in entry.changes


def test_a_list_in_one_file_is_the_same(tmp_path: Path) -> None:
    torch.save(GRAPHS, tmp_path / "all.pt")
    assert graphs.add(tmp_path / "all.pt", name="x").digest == graphs.add(GRAPHS, name="x").digest


def test_degrees_are_features_of_graphs_without_any() -> None:
    bare = [ring(size, size % 2, x=None, num_nodes=size) for size in (3, 4, 5)]
    assert graphs.add(bare, name="x", features="degree").features == 1
    assert graphs.load("x").x.unique().tolist() == [2.0]


def test_masks_of_nodes_are_left_out_and_it_is_said() -> None:
    masks = {f"{part}_mask": torch.ones(3, dtype=torch.bool) for part in ("train", "val", "test")}
    entry = graphs.add([ring(3, 0, **masks), *GRAPHS], name="x")
    assert not entry.masks
    assert "masks of nodes left out: the graphs are split" in entry.changes


@pytest.mark.parametrize(
    ("more", "kind", "message"),
    [
        ([], DataError, "list of graphs is empty"),
        ([*GRAPHS, ring(3, [0, 1])], DataError, "graph 4 has 2 labels, not one"),
        ([*GRAPHS, ring(3, 0.5)], DataError, "labels of the graphs are numbers"),
        ([*GRAPHS, ring(3, 0, x=None)], DataError, "graph 4 has neither features x nor num_nodes"),
        ([*GRAPHS, ring(3, 0, x=None, num_nodes=3)], DataError, "the graphs differ in their features: 1 have none"),
        ([*GRAPHS, ring(3, 0, x=torch.zeros(3, 3))], DataError, "the graphs differ in their features"),
        ([*GRAPHS, ring(3, 0, edge_index=torch.tensor([[0], [3]]))], DataError, "graph 4 has no nodes, or edges"),
        ([ring(3, 1), ring(4, 1), ring(5, 1)], DataError, "graphs are all of one class"),
        (GRAPHS[:2], DataError, "2 of 2 graphs have a label"),
        ([*GRAPHS, "x"], DataError, "not str"),
    ],
)
def test_other_lists_are_refused(more: list[Any], kind: type[CnaVizError], message: str) -> None:
    with pytest.raises(kind, match=message):
        graphs.add(more, name="x")


def test_features_of_one_graph_are_refused_for_many() -> None:
    with pytest.raises(UsageError, match="--features onehot is for one graph"):
        graphs.add(GRAPHS, name="x", features="onehot")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no .pt file"):
        graphs.add(tmp_path, name="x")
