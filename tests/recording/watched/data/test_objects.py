"""What is no graph is refused by name, with the way out."""

from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric.data import Batch, Data, HeteroData, InMemoryDataset, TemporalData
from torch_geometric.loader import DataLoader

from cna_viz.errors import CnaVizError, UsageError
from cna_viz.recording.watched.data.objects import as_one
from tests.recording.helpers import karate_data

PATH = torch.tensor([[0, 1], [1, 2]])


class DGLGraph:
    """Stands for DGL's, which is not installed."""

    __module__ = "dgl.heterograph"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "data is of type NoneType, not a PyG Data: pass the graph"),
        ("graph.pt", "data is of type str, .*load the file"),
        ({"x": torch.eye(3)}, r"data is of type dict, .*Data\(\*\*data\)"),
        (torch.eye(3), r"data is of type torch\.Tensor, .*Data\(x=\.\.\., edge_index=\.\.\.\)"),
        (np.eye(3), r"data is of type numpy\.ndarray, .*or an object with its attributes x and edge_index"),
        (object(), "data is of type object, .*or an object with its attributes"),
        (HeteroData(), r"data is of type torch_geometric\.HeteroData, .*to_homogeneous\(\)"),
        (TemporalData(), r"data is of type torch_geometric\.TemporalData, .*stream of events"),
        (nx.path_graph(3), r"data is of type networkx\.Graph, .*from_networkx"),
        (nx.MultiDiGraph(), r"data is of type networkx\.MultiDiGraph, .*from_networkx"),
        (DGLGraph(), r"data is of type dgl\.DGLGraph, .*from_dgl"),
        (DataLoader([karate_data()]), r"data is of type torch_geometric\.DataLoader, .*pass the whole graph"),
        ([karate_data(), HeteroData()], r"graph 1 is of type torch_geometric\.HeteroData"),
        ([1, 2], "graph 0 is of type int"),
        ([], "the list of graphs is empty"),
    ],
)
def test_what_is_no_graph_is_refused_by_name(data: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        as_one(data)


def test_a_batch_of_heterogeneous_graphs_is_refused_by_name() -> None:
    one = HeteroData()
    one["paper"].x = torch.eye(2)
    with pytest.raises(UsageError, match="to_homogeneous"):
        as_one(Batch.from_data_list([one, one]))


def test_a_graph_is_not_copied_and_any_object_with_edges_is_one() -> None:
    for data in (karate_data(), SimpleNamespace(edge_index=PATH), Batch.from_data_list([karate_data()])):
        assert as_one(data) is data


@pytest.mark.parametrize("kind", [list, tuple])
def test_a_list_of_graphs_is_put_side_by_side(kind: Any) -> None:
    batch = as_one(kind([Data(x=torch.eye(3), edge_index=PATH), Data(x=torch.ones(2, 3), edge_index=PATH[:, :1])]))
    assert batch.batch.tolist() == [0, 0, 0, 1, 1]
    assert batch.edge_index.tolist() == [[0, 1, 3], [1, 2, 4]]


class Graphs(InMemoryDataset):
    """A dataset of PyG, without files."""

    def __init__(self, graphs: list[Data]) -> None:
        super().__init__()
        self.data, self.slices = self.collate(graphs)


def test_a_dataset_of_pyg_is_a_list_of_graphs() -> None:
    graphs = Graphs([Data(x=torch.eye(3), edge_index=PATH, y=torch.tensor([label])) for label in (0, 1)])
    batch = as_one(graphs)
    assert (batch.y.tolist(), batch.num_graphs) == ([0, 1], 2)
    assert as_one(graphs[:1]).num_graphs == 1


def test_graphs_that_differ_in_what_they_have_are_refused() -> None:
    labelled = Data(x=torch.eye(3), edge_index=PATH, y=torch.tensor([1]))
    with pytest.raises(CnaVizError, match=r"the 2 graphs can't be put side by side .*with the same attributes"):
        as_one([labelled, Data(x=torch.eye(3), edge_index=PATH)])
