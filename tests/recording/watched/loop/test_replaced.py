"""Data that is replaced after it was read."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from torch_geometric.data import Data, InMemoryDataset

from cna_viz.recording.watched.loop.replaced import ReadTensors
from tests.recording.helpers import NODES, karate_data


def test_data_that_stays_is_no_problem() -> None:
    data = karate_data()
    read = ReadTensors(data, ["x"])
    data.other = torch.ones(3)
    assert read.problem() is None


@pytest.mark.parametrize("name", ["edge_index", "y", "train_mask", "test_idx"])
def test_what_is_changed_in_place_is_named(name: str) -> None:
    data = karate_data(test_idx=torch.arange(3))
    read = ReadTensors(data, ["x"])
    data[name][0] = 0
    assert read.problem() == (
        f"data.{name} was changed in place since watch began, so that the record would be of other data than the "
        "training: begin watch after your transforms"
    )


def test_graphs_of_a_list_are_compared_one_by_one() -> None:
    graphs = [karate_data() for _ in range(6)]
    read = ReadTensors(graphs, ["x"])
    assert read.problem() is None
    graphs[3].y += 1
    assert str(read.problem()).startswith("data[3].y was changed in place")
    graphs[2].x = graphs[2].x * 2
    assert str(read.problem()).startswith("data[2].x was replaced")
    graphs[5] = Data(x=graphs[5].x)
    assert "data[2].x, data[5].edge_index, data[5].y and 3 more were replaced since" in str(read.problem())
    graphs.pop()
    assert str(read.problem()).startswith("the 6 graphs of data were replaced since watch began")


def test_features_that_are_trained_or_scaled_in_place_are_the_same() -> None:
    weights = nn.Embedding(NODES, 4).weight
    data = karate_data(x=weights)
    read = ReadTensors(data, ["x"])
    with torch.no_grad():
        weights += 1
    assert read.problem() is None


@pytest.mark.parametrize("name", ["x", "edge_index", "y", "train_mask"])
def test_a_replaced_tensor_is_named(name: str) -> None:
    data = karate_data()
    read = ReadTensors(data, ["x"])
    data[name] = data[name].clone()
    assert read.problem() == (
        f"data.{name} was replaced since watch began, so that the record would be of other data than the training: "
        "begin watch after your transforms"
    )


def test_what_appears_and_what_goes_was_replaced_too() -> None:
    data = karate_data()
    read = ReadTensors(data, ["x"])
    data.edge_weight = torch.ones(data.num_edges)
    del data.val_mask
    assert str(read.problem()).startswith("data.edge_weight, data.val_mask were replaced since watch began")


def test_what_was_not_read_may_be_replaced() -> None:
    data = karate_data()
    read = ReadTensors(data)
    data.x = data.x * 2
    assert read.problem() is None


def test_what_is_made_anew_whenever_it_is_asked_for_is_not_compared() -> None:
    class Lazy(SimpleNamespace):
        @property
        def x(self) -> Any:
            return torch.ones(2, 3)

    assert ReadTensors(Lazy(edge_index=torch.zeros(2, 0)), ["x"]).problem() is None


def test_graphs_of_a_dataset_share_what_it_holds() -> None:
    class Graphs(InMemoryDataset):
        def __init__(self) -> None:
            super().__init__()
            self.data, self.slices = self.collate([karate_data() for _ in range(3)])

    for graphs in (Graphs(), Graphs()[:2]):
        read = ReadTensors(graphs, ["x"])
        assert len(list(graphs)) == len(graphs)
        assert read.problem() is None
        graphs[1].y += 1
        assert str(read.problem()).startswith("data.y was changed in place")
