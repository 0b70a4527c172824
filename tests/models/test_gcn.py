"""The convolution against PyG's and against dense matrices."""

import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch_geometric.nn import GCNConv as ReferenceConv

from cna_viz.models.convolutions import GCNConv, normalized_adjacency

RandomEdges = Callable[..., Tensor]


def dense_operator(edge_index: Tensor, nodes: int) -> Tensor:
    """Return D̂^(-1/2) (A + I) D̂^(-1/2), float64."""
    adjacency = torch.eye(nodes, dtype=torch.float64)
    adjacency[edge_index[0], edge_index[1]] = 1
    scale = adjacency.sum(dim=1).rsqrt()
    return scale[:, None] * adjacency * scale


@pytest.mark.parametrize("share", [0.0, 0.03, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_adjacency_is_the_dense_one(random_edges: RandomEdges, share: float, seed: int) -> None:
    edges = random_edges(25, share, seed)
    adjacency = normalized_adjacency(edges, 25)
    assert adjacency.layout == torch.sparse_csr
    assert adjacency.dtype == torch.float32
    dense = adjacency.to_dense()
    torch.testing.assert_close(dense.double(), dense_operator(edges, 25), rtol=0, atol=1e-7)
    assert torch.equal(dense, dense.T)  # the backward relies on it


def test_adjacency_of_known_graphs() -> None:
    pair = torch.tensor([[0, 1], [1, 0]])
    wanted = torch.tensor([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]])
    torch.testing.assert_close(normalized_adjacency(pair, 3).to_dense(), wanted)
    nothing = torch.empty(2, 0, dtype=torch.long)
    assert torch.equal(normalized_adjacency(nothing, 4).to_dense(), torch.eye(4))


def test_adjacency_warns_of_nothing_and_leaves_the_edges(random_edges: RandomEdges) -> None:
    edges = random_edges(10)
    before = edges.clone()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        normalized_adjacency(edges, 10)
    assert torch.equal(edges, before)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_equals_pyg(random_edges: RandomEdges, share: float, seed: int) -> None:
    edges = random_edges(30, share, seed)  # at 0.1 some nodes are isolated, at 0 all are
    torch.manual_seed(seed)
    ours, theirs = GCNConv(5, 3), ReferenceConv(5, 3)
    theirs.load_state_dict(ours.state_dict())
    with torch.no_grad():
        for conv in (ours, theirs):
            conv.bias.fill_(0.5)
    first, weight = torch.randn(30, 5).requires_grad_(), torch.randn(30, 3)
    second = first.detach().clone().requires_grad_()
    y, wanted = ours(first, normalized_adjacency(edges, 30)), theirs(second, edges)
    torch.testing.assert_close(y, wanted)
    (y * weight).sum().backward()
    (wanted * weight).sum().backward()
    torch.testing.assert_close(first.grad, second.grad)
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, theirs.get_parameter(name).grad)
        assert bool((parameter.grad != 0).any())


def test_starts_like_pyg() -> None:
    torch.manual_seed(4)
    ours = GCNConv(7, 3).state_dict()
    reference = ReferenceConv(7, 3)
    torch.manual_seed(4)
    reference.reset_parameters()  # its constructor draws twice
    theirs = reference.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_isolated_node_sees_only_itself(random_edges: RandomEdges) -> None:
    edges = random_edges(10, 0.5)
    conv = GCNConv(4, 3)
    x = torch.randn(11, 4)
    y = conv(x, normalized_adjacency(edges, 11))
    torch.testing.assert_close(y[10], conv.lin(x[10]) + conv.bias)
    x[:10] = 0
    torch.testing.assert_close(conv(x, normalized_adjacency(edges, 11))[10], y[10])


def test_roots_of_degrees_are_a_fixed_point(random_edges: RandomEdges) -> None:
    edges = random_edges(20, 0.3)
    degree = torch.bincount(edges[0], minlength=20)
    x = (degree + 1).sqrt()[:, None].float()
    torch.testing.assert_close(normalized_adjacency(edges, 20) @ x, x)


def test_rows_follow_their_nodes(random_edges: RandomEdges) -> None:
    edges, order = random_edges(20), torch.randperm(20, generator=torch.Generator().manual_seed(0))
    conv, x = GCNConv(4, 3), torch.randn(20, 4)
    moved = order.argsort()[edges]
    y = conv(x, normalized_adjacency(edges, 20))
    torch.testing.assert_close(conv(x[order], normalized_adjacency(moved, 20)), y[order])


def test_input_is_not_written_to(random_edges: RandomEdges) -> None:
    adjacency, x = normalized_adjacency(random_edges(20), 20), torch.randn(20, 4).requires_grad_()
    before, values = x.detach().clone(), adjacency.values().clone()
    GCNConv(4, 3)(x, adjacency).sum().backward()
    assert torch.equal(x, before)
    assert torch.equal(adjacency.values(), values)
