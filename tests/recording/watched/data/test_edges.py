"""Edges, weights and features of a watched graph."""

import warnings
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch_geometric import EdgeIndex
from torch_geometric.data import Data
from torch_geometric.transforms import ToSparseTensor

from cna_viz.errors import CnaVizError, DataError, UsageError
from cna_viz.recording.watched.data.edges import read_edges, read_features, weight_notes

EDGES = torch.tensor([[0, 2, 1, 2], [1, 0, 2, 1]])
WEIGHTS = torch.tensor([1.0, 2.0, 3.0, 4.0])


def pairs(edges: Tensor, weight: Tensor | None) -> set[tuple[float, ...]]:
    """Return edges, with their weights if they have any."""
    rows = (
        edges.T.tolist()
        if weight is None
        else [[*edge, value] for edge, value in zip(edges.T.tolist(), weight.tolist(), strict=True)]
    )
    return set(map(tuple, rows))


def matrix(layout: str) -> Tensor:
    """Return the transposed adjacency, entry by entry: target, source."""
    dense = torch.zeros(3, 3)
    for source, target, weight in zip(*EDGES.tolist(), WEIGHTS.tolist(), strict=True):
        dense[target, source] = weight
    with warnings.catch_warnings():  # the first sparse matrix of a process
        warnings.simplefilter("ignore")
        return {"coo": dense.to_sparse_coo, "csr": dense.to_sparse_csr, "csc": dense.to_sparse_csc}[layout]()


@pytest.mark.parametrize(
    "kind", [EDGES, EDGES.int(), EDGES.numpy(), EDGES.tolist(), EdgeIndex(EDGES, sparse_size=(3, 3))]
)
def test_edges_of_any_form_keep_their_direction_and_order(kind: Any) -> None:
    edges, weight = read_edges(SimpleNamespace(edge_index=kind, edge_weight=WEIGHTS), 3)
    assert edges.tolist() == EDGES.tolist()
    assert (type(edges), edges.dtype) == (Tensor, torch.int64)
    assert weight is not None
    assert weight.tolist() == WEIGHTS.tolist()


@pytest.mark.parametrize("layout", ["coo", "csr", "csc"])
@pytest.mark.parametrize("name", ["adj_t", "edge_index"])
def test_edges_of_a_transposed_matrix_lead_from_column_to_row(layout: str, name: str) -> None:
    assert pairs(*read_edges(SimpleNamespace(**{name: matrix(layout)}), 3)) == pairs(EDGES, WEIGHTS)


@pytest.mark.filterwarnings("ignore:Sparse")
def test_the_matrix_that_pyg_makes_of_edges_gives_them_back() -> None:
    data = ToSparseTensor(attr="edge_weight")(Data(edge_index=EDGES, edge_weight=WEIGHTS, num_nodes=3))
    assert data.edge_index is None
    assert pairs(*read_edges(data, 3)) == pairs(EDGES, WEIGHTS)
    assert len(read_features(data)[0]) == 3


def test_a_matrix_with_repeated_entries_is_not_written_to() -> None:
    repeated = torch.sparse_coo_tensor(torch.tensor([[1, 1], [0, 0]]), torch.tensor([1.0, 2.0]), (3, 3))
    assert pairs(*read_edges(SimpleNamespace(adj_t=repeated), 3)) == {(0, 1, 3.0)}
    assert not repeated.is_coalesced()
    assert repeated._nnz() == 2


@pytest.mark.parametrize("none", [[[], []], torch.empty(2, 0), torch.zeros(2, 0, dtype=torch.long)])
def test_a_graph_may_have_no_edges(none: Any) -> None:
    edges, _ = read_edges(SimpleNamespace(edge_index=none), 3)
    assert (tuple(edges.shape), edges.dtype) == ((2, 0), torch.int64)


def test_edges_stand_above_a_matrix() -> None:
    data = SimpleNamespace(edge_index=EDGES[:, :1], adj_t=matrix("csr"))
    assert pairs(*read_edges(data, 3)) == {(0, 1)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, r"neither edge_index nor a sparse adj_t: .*ToSparseTensor\(remove_edge_index=False\)"),
        ({"adj_t": torch.eye(3)}, "neither edge_index nor a sparse adj_t"),
        ({"edge_index": EDGES.T}, r"data\.edge_index is torch\.int64 of shape \[4, 2\]: .*\[2, edges\]"),
        ({"edge_index": EDGES.float()}, r"torch\.float32 of shape \[2, 4\]"),
        ({"edge_index": "edges"}, r"data\.edge_index is an array of <U5, not of numbers"),
        ({"edge_index": [[0], [1, 2]]}, r"data\.edge_index is a list that is no array of numbers"),
        ({"edge_index": EDGES + 1}, "edges name nodes 1 to 3, and the 3 nodes are 0 to 2"),
        ({"edge_index": EDGES - 1}, "edges name nodes -1 to 1"),
    ],
)
def test_what_are_no_edges_is_refused(content: dict[str, Any], message: str) -> None:
    with pytest.raises(CnaVizError, match=message) as caught:
        read_edges(SimpleNamespace(**content), 3)
    assert type(caught.value) in (DataError, UsageError)


def test_weights_that_a_record_changes_are_named() -> None:
    both = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])
    assert weight_notes(both, torch.tensor([0.5, 0.5, 2.0, 2.0]), 3) == []
    assert weight_notes(both, torch.tensor([0.5, 0.5, 0.0, 0.0]), 3) == ["2 edges of weight 0 left out"]
    assert weight_notes(both, torch.tensor([[0.5], [1.0], [2.0], [2.0]]), 3) == [
        "weights differ by direction: the record keeps their mean"
    ]
    assert weight_notes(both, torch.tensor([0.5, 0.0, 2.0, 2.0]), 3) == ["1 edge of weight 0 left out"]
    assert weight_notes(both[:, ::2], torch.tensor([0.5, 2.0]), 3) == []


@pytest.mark.parametrize(
    ("x", "rows"),
    [
        (torch.tensor([[1, 2], [3, 4]]), [[1.0, 2.0], [3.0, 4.0]]),
        (torch.tensor([[True], [False]]), [[1.0], [0.0]]),
        (torch.eye(2, dtype=torch.float64).to_sparse(), [[1.0, 0.0], [0.0, 1.0]]),
        (torch.tensor([7, 5]), [[7.0], [5.0]]),
        (torch.ones(2, 1, 2), [[1.0, 1.0]] * 2),
        ([[1.5], [2.5]], [[1.5], [2.5]]),
        (torch.zeros(2, 0), [[], []]),
    ],
)
def test_features_of_any_form_are_float32(x: Any, rows: list[list[float]]) -> None:
    found, said = read_features(SimpleNamespace(x=x))
    assert (found.tolist(), found.dtype, said) == (rows, torch.float32, [])
    assert found is not x


def test_features_that_are_not_finite_are_kept_and_named() -> None:
    found, said = read_features(SimpleNamespace(x=torch.tensor([[1.0], [torch.nan], [torch.inf]])))
    assert found.isfinite().flatten().tolist() == [True, False, False]
    assert said == ["2 nodes with features that are NaN or infinite: no information gain"]


@pytest.mark.parametrize(
    "data", [Data(edge_index=EDGES, num_nodes=4), SimpleNamespace(num_nodes=4), Data(pos=torch.eye(4))]
)
def test_without_features_the_number_of_nodes_must_be_known(data: Any) -> None:
    found, said = read_features(data)
    assert (tuple(found.shape), said) == ((4, 0), ["the data has no features x"])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (Data(edge_index=EDGES), "has neither x nor num_nodes, so that its nodes can't be counted"),
        (SimpleNamespace(num_nodes=None), "set data.num_nodes"),
        (SimpleNamespace(num_nodes=True), "set data.num_nodes"),
        (SimpleNamespace(num_nodes=0), "the graph has no nodes"),
        (SimpleNamespace(x=torch.tensor(3.0)), r"data\.x has shape \[\]: it must have a row for each node"),
        (SimpleNamespace(x=torch.zeros(0, 3)), r"data\.x has shape \[0, 3\]"),
        (SimpleNamespace(x="words"), r"data\.x is an array of <U5, not of numbers"),
    ],
)
def test_nodes_that_can_not_be_counted_are_refused(data: Any, message: str) -> None:
    with pytest.raises(CnaVizError, match=message) as caught:
        read_features(data)
    assert type(caught.value) in (DataError, UsageError)
