"""The graph of somebody else's data: what a record needs of it."""

import math
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.recording.watched_data import by_part, read_graph, score
from tests.recording.helpers import NODES, karate_data


def test_all_that_karate_has() -> None:
    data = karate_data()
    graph = read_graph(data)
    assert graph.x is data.x
    assert graph.y is not None
    assert torch.equal(graph.y, data.y)
    assert {name: part.tolist() for name, part in graph.parts.items()} == {
        name: list(range(first, NODES, 3)) for first, name in enumerate(("train", "val", "test"))
    }
    tensors = graph.tensors()
    assert {name: str(array.dtype) for name, array in tensors.items()} == {
        "target": "int64",
        "split_of_node": "int8",
        "degree": "int64",
        "edge_index": "int64",
    }
    assert tensors["split_of_node"].tolist() == [node % 3 + 1 for node in range(NODES)]
    assert np.array_equal(tensors["degree"], np.bincount(data.edge_index[0]))


def test_edges_are_taken_in_both_directions_once_and_without_loops() -> None:
    edges = torch.tensor([[0, 0, 2, 1, 1], [1, 1, 2, 0, 2]], dtype=torch.int32)
    graph = read_graph(SimpleNamespace(x=torch.zeros(4, 2), edge_index=edges))
    assert graph.edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert graph.tensors()["degree"].tolist() == [1, 2, 1, 0]
    assert edges.tolist() == [[0, 0, 2, 1, 1], [1, 1, 2, 0, 2]]


def test_a_graph_without_edges() -> None:
    graph = read_graph(SimpleNamespace(x=torch.zeros(4, 2), edge_index=torch.zeros(2, 0, dtype=torch.long)))
    assert graph.tensors()["edge_index"].shape == (2, 0)
    assert graph.tensors()["degree"].tolist() == [0] * 4


def test_without_classes_and_masks() -> None:
    graph = read_graph(karate_data(y=None, train_mask=None, val_mask=None, test_mask=None))
    assert (graph.y, graph.parts) == (None, {})
    assert graph.tensors()["target"].tolist() == [0] * NODES
    assert graph.tensors()["split_of_node"].tolist() == [0] * NODES


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (torch.rand(NODES), None),
        (torch.rand(NODES, 3), None),
        (torch.arange(NODES - 1), None),
        (torch.arange(NODES) - 2, None),
        (torch.full((NODES,), -1), None),
        (torch.arange(NODES) - 1, list(range(-1, NODES - 1))),
        (torch.zeros(NODES, 3, dtype=torch.long), None),
        ("classes", None),
        (torch.arange(NODES)[:, None], list(range(NODES))),
        (torch.arange(NODES, dtype=torch.int32), list(range(NODES))),
    ],
)
def test_classes_are_one_integer_per_node(y: Any, classes: list[int] | None) -> None:
    graph = read_graph(SimpleNamespace(x=torch.zeros(NODES, 2), edge_index=torch.tensor([[0], [1]]), y=y))
    assert (graph.y is None) == (classes is None)
    if graph.y is not None:
        assert graph.y.tolist() == classes
        assert graph.y.dtype == torch.long


def test_of_several_splits_the_first_is_taken_and_what_is_no_mask_is_not() -> None:
    columns = torch.zeros(NODES, 10, dtype=torch.bool)
    columns[3, 0] = columns[5, 1] = True
    graph = read_graph(
        karate_data(train_mask=columns, val_mask=torch.arange(NODES), test_mask=torch.ones(3, dtype=torch.bool))
    )
    assert {name: part.tolist() for name, part in graph.parts.items()} == {"train": [3]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": None}, r"data\.x is NoneType: it must be a tensor of features"),
        ({"x": torch.zeros(5)}, r"data\.x is a tensor of shape \(5,\)"),
        ({"x": torch.zeros(0, 3)}, r"data\.x is a tensor of shape \(0, 3\)"),
        ({"x": [[1.0]]}, r"data\.x is list"),
        ({"edge_index": None}, r"data\.edge_index is NoneType"),
        ({"edge_index": torch.zeros(3, 4).long()}, r"data\.edge_index is a tensor of shape \(3, 4\)"),
        ({"edge_index": torch.zeros(2, 4)}, r"data\.edge_index is a tensor of shape \(2, 4\)"),
        ({"edge_index": torch.tensor([[0], [34]])}, r"names nodes 0 to 34, but data\.x has 34 rows"),
        ({"edge_index": torch.tensor([[-1], [3]])}, r"names nodes -1 to 3"),
    ],
)
def test_what_is_no_graph_is_refused(changes: dict[str, Any], message: str) -> None:
    content: dict[str, Any] = {"x": torch.zeros(NODES, 2), "edge_index": torch.tensor([[0], [1]]), **changes}
    with pytest.raises(UsageError, match=message):
        read_graph(SimpleNamespace(**content))


def test_anything_without_features_is_refused() -> None:
    with pytest.raises(UsageError, match=r"data\.x is NoneType"):
        read_graph(object())


def test_the_data_is_not_written_to() -> None:
    data = karate_data()
    before: dict[str, Tensor] = {name: value.clone() for name, value in data.to_dict().items()}
    read_graph(data).tensors()
    assert all(torch.equal(data[name], value) for name, value in before.items())


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, None),
        (0.5, {"train": 0.5}),
        (1, {"train": 1.0}),
        (np.float32(0.5), {"train": 0.5}),
        (torch.tensor(0.5), {"train": 0.5}),
        (torch.tensor([[0.5]]), {"train": 0.5}),
        (torch.tensor(0.5, requires_grad=True), {"train": 0.5}),
        ({"val": 0.25, "test": torch.tensor(1)}, {"val": 0.25, "test": 1.0}),
        ({}, {}),
    ],
)
def test_numbers_tensors_and_parts(value: Any, wanted: dict[str, float] | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert by_part("loss", value) == wanted


def test_what_is_not_finite_is_a_number_too() -> None:
    told = by_part("loss", {"train": math.nan, "val": math.inf})
    assert told is not None
    assert math.isnan(told["train"])


@pytest.mark.parametrize("part", ["valid", "Train", 3])
def test_an_unknown_part_lists_the_parts_there_are(part: object) -> None:
    with pytest.raises(UsageError, match=f"unknown part of loss '{part}'; choices, nearest first: .*train"):
        by_part("loss", {part: 0.5})


@pytest.mark.parametrize("value", ["much", "0.5", b"1", [0.5], torch.zeros(2), object(), {"val": None}, {"val": "0.5"}])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="it must be a number, or a number for each part"):
        by_part("accuracy", value)


def test_computed_scores_are_those_of_every_part() -> None:
    data = karate_data()
    output = torch.randn(NODES, 5, generator=torch.Generator().manual_seed(0))
    scores = score(output, read_graph(data))
    for name in ("train", "val", "test"):
        mask = data[f"{name}_mask"]
        assert scores["loss"][name] == pytest.approx(float(F.cross_entropy(output[mask], data.y[mask])))
        assert scores["accuracy"][name] == pytest.approx(float((output.argmax(1) == data.y)[mask].float().mean()))
    assert score(output.log_softmax(1), read_graph(data))["loss"] == pytest.approx(scores["loss"])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_outputs_of_other_types_have_scores(dtype: torch.dtype) -> None:
    output = torch.eye(5)[karate_data().y].to(dtype)
    assert score(output, read_graph(karate_data()))["accuracy"] == {"train": 1.0, "val": 1.0, "test": 1.0}


def test_there_are_no_scores_without_classes_without_masks_or_of_too_few_channels() -> None:
    output = torch.zeros(NODES, 4)
    masks: dict[str, None] = dict.fromkeys(("train_mask", "val_mask", "test_mask"))
    assert score(output, read_graph(karate_data(y=None))) == {}
    assert score(output, read_graph(karate_data(**masks))) == {}
    assert score(output[:, :3], read_graph(karate_data())) == {}


def test_an_empty_part_has_no_score() -> None:
    graph = read_graph(karate_data(val_mask=torch.zeros(NODES, dtype=torch.bool), test_mask=None))
    assert set(score(torch.zeros(NODES, 4), graph)["accuracy"]) == {"train"}


def test_unlabelled_nodes_are_in_no_part_and_in_no_score() -> None:
    y = torch.arange(NODES) % 2
    y[:4] = -1
    graph = read_graph(karate_data(y=y, train_mask=torch.arange(NODES) < 10, val_mask=None, test_mask=None))
    assert graph.parts["train"].tolist() == [4, 5, 6, 7, 8, 9]
    found = score(torch.tensor([[1.0, 0.0]]).repeat(NODES, 1), graph)
    assert found["accuracy"] == {"train": 0.5}
    assert graph.tensors()["target"].tolist() == y.tolist()
    assert graph.tensors()["split_of_node"].tolist() == [0] * 4 + [1] * 6 + [0] * (NODES - 10)
