"""Every graph leaves by one door: undirected, sorted, float32, classes without gaps; what does not fit is refused."""

import pytest
import torch

from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.graph import Masks

X = torch.eye(4)
Y = torch.tensor([0, 0, 1, 1])
NONE = torch.empty(2, 0, dtype=torch.int64)
WIDE = torch.arange(12.0).view(4, 3)
TWO = torch.tensor([0, 0, 1, 1])


def test_edges_become_undirected_sorted_and_single() -> None:
    edges = torch.tensor([[3, 0, 0, 2, 1], [1, 1, 1, 2, 0]])
    graph = clean("four", RawGraph(X, Y, edges))
    assert graph.edge_index.tolist() == [[0, 1, 1, 3], [1, 0, 3, 1]]
    assert graph.edge_index.is_contiguous()
    assert graph.degree().tolist() == [1, 2, 0, 1]


def test_classes_are_numbered_without_gaps() -> None:
    graph = clean("four", RawGraph(X, torch.tensor([[7], [3], [7], [9]]), NONE))
    assert graph.y.tolist() == [1, 0, 1, 2]
    assert graph.num_classes == 3
    assert graph.y.dtype == torch.int64


@pytest.mark.parametrize(
    "x", [WIDE.double(), WIDE.to(torch.int16), WIDE.to_sparse(), WIDE.T.contiguous().T], ids=["f64", "i16", "coo", "T"]
)
def test_features_become_dense_float32(x: torch.Tensor) -> None:
    graph = clean("four", RawGraph(x, Y, NONE))
    assert graph.x.dtype == torch.float32
    assert graph.x.layout == torch.strided
    assert graph.x.is_contiguous()
    assert torch.equal(graph.x, WIDE)


def test_input_is_neither_shared_nor_changed() -> None:
    x, y, edges = X.clone(), Y.clone(), torch.tensor([[1], [0]])
    mask = torch.tensor([True, False, False, False])
    graph = clean("four", RawGraph(x, y, edges, Masks(mask, mask, mask)), "public")
    graph.x.zero_()
    graph.y.zero_()
    graph.edge_index.zero_()
    graph.published["public"].train.zero_()
    assert torch.equal(x, X)
    assert torch.equal(y, Y)
    assert edges.tolist() == [[1], [0]]
    assert mask.tolist() == [True, False, False, False]


def test_graph_without_edges() -> None:
    graph = clean("four", RawGraph(X, Y, NONE))
    assert graph.edge_index.shape == (2, 0)
    assert graph.edge_index.dtype == torch.int64


def test_masks_get_a_column_per_repetition() -> None:
    single, many = torch.tensor([1, 0, 0, 0], dtype=torch.uint8), torch.zeros(4, 3, dtype=torch.uint8)
    graph = clean("four", RawGraph(X, Y, NONE, Masks(single, single, single)), "public")
    assert graph.published["public"].train.tolist() == [[True], [False], [False], [False]]
    graph = clean("four", RawGraph(X, Y, NONE, Masks(many, many, many)), "geom-gcn")
    assert graph.published["geom-gcn"].val.shape == (4, 3)


MASK = torch.zeros(4, 2, dtype=torch.bool)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (RawGraph(torch.ones(4), Y, NONE), r"features have shape \[4\]"),
        (RawGraph(torch.ones(0, 3), Y[:0], NONE), r"features have shape \[0, 3\]"),
        (RawGraph(X * torch.nan, Y, NONE), "features are not finite"),
        (RawGraph(X, Y[:3], NONE), r"classes are torch.int64 of shape \[3\], not an integer for each of 4 nodes"),
        (RawGraph(X, Y, torch.tensor([[0], [4]])), "edges name nodes 0 to 4 of a graph with 4 nodes"),
        (RawGraph(X, Y, torch.tensor([[-1], [1]])), "edges name nodes -1 to 1"),
        (RawGraph(X, Y, torch.tensor([[0, 1, 2]])), r"edges have shape \[1, 3\]"),
        (RawGraph(X, Y, NONE, Masks(MASK[:3], MASK, MASK)), r"a mask has shape \[3, 2\], not \[4, repetitions\]"),
        (RawGraph(X, Y, NONE, Masks(MASK[:, :1], MASK, MASK)), "different numbers of repetitions"),
        (RawGraph(X, Y[:3].float(), NONE), r"targets of shape \[3\] are not a finite number for each of 4 nodes"),
        (RawGraph(X, X, NONE), r"targets of shape \[4, 4\] are not"),
        (RawGraph(X, torch.tensor([0.0, 1.0, -torch.inf, 1.0]), NONE), "not a finite number"),
    ],
)
def test_what_does_not_fit_is_refused(raw: RawGraph, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        clean("four", raw, "public")


def test_minus_one_and_nan_are_unlabelled() -> None:
    graph = clean("four", RawGraph(X, torch.tensor([-1, 7, 3, -1]), NONE))
    assert (graph.y.tolist(), graph.num_classes) == ([-1, 1, 0, -1], 2)
    assert graph.labelled.tolist() == [1, 2]
    graph = clean("four", RawGraph(X, torch.tensor([0.0, 1.0, torch.nan, -1.0]), NONE))
    assert graph.y[2].isnan()
    assert graph.labelled.tolist() == [0, 1, 3]
    graph = clean("two", RawGraph(X, torch.tensor([9, -1]), NONE, graph_of_node=TWO))
    assert (graph.y.tolist(), graph.num_classes, graph.labelled.tolist()) == ([0, 0, -1, -1], 1, [0])


def test_floating_point_targets_stay_numbers() -> None:
    for y in (torch.tensor([0.5, -2.0, 0.5, 7.0], dtype=torch.float64), torch.tensor([[0.5], [-2.0], [0.5], [7.0]])):
        graph = clean("four", RawGraph(X, y, NONE))
        assert graph.y.dtype == torch.float32
        assert graph.y.is_contiguous()
        assert graph.y.tolist() == [0.5, -2.0, 0.5, 7.0]
        assert (graph.num_classes, graph.task, graph.graph_of_node) == (0, "node-regression", None)
    whole = torch.tensor([3.0, 1.0, 3.0, 1.0])  # not taken for classes
    graph = clean("four", RawGraph(X, whole, NONE))
    assert (graph.y.tolist(), graph.num_classes) == ([3.0, 1.0, 3.0, 1.0], 0)
    graph.y.zero_()
    assert whole.tolist() == [3.0, 1.0, 3.0, 1.0]


@pytest.mark.parametrize("member", [TWO, TWO.to(torch.int32)], ids=["i64", "i32"])
def test_nodes_get_the_class_of_their_graph(member: torch.Tensor) -> None:
    edges = torch.tensor([[1, 3], [0, 2]])
    graph = clean("two", RawGraph(X, torch.tensor([9, 2]), edges, graph_of_node=member))
    assert graph.y.tolist() == [1, 1, 0, 0]
    assert graph.target.tolist() == [1, 0]
    assert (graph.num_classes, graph.task) == (2, "graph-classification")
    assert graph.edge_index.tolist() == [[0, 1, 2, 3], [1, 0, 3, 2]]
    assert graph.graph_of_node is not None
    assert graph.graph_of_node.dtype == torch.int64
    graph.graph_of_node.zero_()
    assert member.tolist() == [0, 0, 1, 1]


def test_a_single_graph_may_be_a_dataset_of_graphs() -> None:
    graph = clean("one", RawGraph(X, torch.tensor([5]), NONE, graph_of_node=torch.zeros(4, dtype=torch.int64)))
    assert (graph.y.tolist(), graph.target.tolist(), graph.num_classes) == ([0, 0, 0, 0], [0], 1)


@pytest.mark.parametrize(
    ("member", "y", "edges", "message"),
    [
        ([0, 1, 0, 1], [0, 1], [], "the graphs of 4 nodes are not numbered 0, 1, 2 ... in the order of the nodes"),
        ([0, 0, 2, 2], [0, 1, 0], [], "are not numbered"),
        ([1, 1, 2, 2], [0, 1], [], "are not numbered"),
        ([1, 1, 0, 0], [0, 1], [], "are not numbered"),
        ([0, 0, 1], [0, 1], [], "the graphs of 4 nodes are not numbered"),
        ([0, 0, 1, 1, 1], [0, 1], [], "the graphs of 4 nodes are not numbered"),
        ([0, 0, 1, 1], [0, 1], [[0, 1], [1, 2]], "an edge joins two graphs"),
        ([0, 0, 1, 1], [0, 1, 0], [], r"shape \[3\], not an integer for each of 2 graphs"),
        ([0, 0, 1, 1], [0], [], r"shape \[1\], not an integer for each of 2 graphs"),
        ([0, 0, 1, 1], [0.0, 1.0], [], "classes are torch.float32 .* for each of 2 graphs"),
    ],
)
def test_graphs_that_do_not_fit_are_refused(
    member: list[int], y: list[float], edges: list[list[int]], message: str
) -> None:
    edge_index = torch.tensor(edges, dtype=torch.int64).reshape(-1, 2).T
    with pytest.raises(ValueError, match=message):
        clean("two", RawGraph(X, torch.tensor(y), edge_index, graph_of_node=torch.tensor(member)))
