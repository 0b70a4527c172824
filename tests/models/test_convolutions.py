"""PyG's convolutions on symmetric matrices, against PyG's own on edges, values and gradients."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch_geometric.nn as pyg
from torch import Tensor, nn
from torch_geometric.utils import get_laplacian, to_dense_adj

from cna_viz.models.backbones import get_backbone
from cna_viz.models.convolutions import ChebConv, GCN2Conv, GINConv, Mean, SAGEConv, adjacency, mean, scaled_laplacian

RandomEdges = Callable[..., Tensor]
NODES = 25

# Backbone, ours by way of it, and PyG's as its documentation calls it.
PAIRS: dict[str, Callable[[], nn.Module]] = {
    "sage": lambda: pyg.SAGEConv(5, 3),
    "gin": lambda: pyg.GINConv(pyg.MLP([5, 3, 3], norm=None)),
    "chebyshev": lambda: pyg.ChebConv(5, 3, K=3),
    "gat": lambda: pyg.GATConv(5, 3, heads=1),
    "transformer": lambda: pyg.TransformerConv(5, 3),
}


def shuffled(edges: Tensor) -> Tensor:
    return edges[:, torch.randperm(edges.shape[1], generator=torch.Generator().manual_seed(7))]


def outcome(conv: nn.Module, x: Tensor, edges: Any, *others: Tensor) -> list[Tensor]:
    """Return the result and the gradients of x, others and every parameter for a loss that weighs nodes differently."""
    x, *others = (value.clone().requires_grad_() for value in (x, *others))
    conv.zero_grad()
    y = conv(x, *others, edges)
    (y * torch.randn(y.shape, generator=torch.Generator().manual_seed(3))).sum().backward()
    gradients = [value.grad for value in (x, *others, *conv.parameters())]
    assert all(gradient is not None for gradient in gradients)
    return [y.detach(), *gradients]  # type: ignore[list-item]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("share", [0.0, 0.08, 0.4])  # at 0.08 some nodes are isolated, at 0 all are
def test_equals_pyg_with_gradients(random_edges: RandomEdges, name: str, share: float) -> None:
    torch.manual_seed(1)
    edges, backbone, theirs = random_edges(NODES, share), get_backbone(name), PAIRS[name]()
    ours = backbone.conv(5, 3, 1).conv
    assert isinstance(ours, nn.Module)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(NODES, 5)
    wanted = outcome(theirs, x, edges)
    for order in (edges, shuffled(edges)):
        for one, other in zip(outcome(ours, x, backbone.prepare(order, NODES, None)), wanted, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.08, 0.4])
def test_gcnii_equals_pyg_with_gradients(random_edges: RandomEdges, share: float) -> None:
    torch.manual_seed(1)
    edges, theirs = random_edges(NODES, share), pyg.GCN2Conv(4, alpha=0.1, theta=0.5, layer=3)
    ours = GCN2Conv(4, 3)
    ours.load_state_dict(theirs.state_dict())
    x, initial = torch.randn(2, NODES, 4)
    prepared = get_backbone("gcnii").prepare(edges, NODES, None)
    for one, other in zip(outcome(ours, x, prepared, initial), outcome(theirs, x, edges, initial), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_sage_is_the_dense_mean(random_edges: RandomEdges) -> None:
    edges, conv, x = random_edges(NODES, 0.1), SAGEConv(5, 3).double(), torch.randn(NODES, 5, dtype=torch.float64)
    dense = to_dense_adj(edges, max_num_nodes=NODES)[0].double()
    assert bool((dense.sum(dim=1) == 0).any())
    wanted = dense @ x / dense.sum(dim=1, keepdim=True).clamp(min=1)
    torch.testing.assert_close(
        conv(x, Mean(*(part.double() for part in mean(edges, NODES)))), conv.lin_l(wanted) + conv.lin_r(x)
    )


def test_gin_is_the_dense_sum(random_edges: RandomEdges) -> None:
    edges, conv, x = random_edges(NODES, 0.1), GINConv(5, 3).double(), torch.randn(NODES, 5, dtype=torch.float64)
    dense = to_dense_adj(edges, max_num_nodes=NODES)[0].double()
    torch.testing.assert_close(conv(x, adjacency(edges, NODES).double()), conv.nn(x + dense @ x))


def test_chebyshev_is_its_polynomials(random_edges: RandomEdges) -> None:
    edges, conv, x = random_edges(NODES, 0.1), ChebConv(5, 3).double(), torch.randn(NODES, 5, dtype=torch.float64)
    laplacian = scaled_laplacian(edges, NODES).double()
    dense = laplacian.to_dense()
    polynomials = [torch.eye(NODES, dtype=torch.float64), dense, 2 * dense @ dense - torch.eye(NODES)]
    wanted = sum(polynomial @ x @ lin.weight.T for polynomial, lin in zip(polynomials, conv.lins, strict=True))
    torch.testing.assert_close(conv(x, laplacian), wanted + conv.bias)


@pytest.mark.parametrize("share", [0.0, 0.05, 1.0])
def test_matrices_are_the_dense_ones(random_edges: RandomEdges, share: float) -> None:
    edges = random_edges(NODES, share)
    dense = torch.zeros(NODES, NODES)
    dense[edges[0], edges[1]] = 1
    laplacian = to_dense_adj(*_laplacian(edges), max_num_nodes=NODES)[0]
    for order in (edges, shuffled(edges)):
        assert torch.equal(adjacency(order, NODES).to_dense(), dense)
        scaled = scaled_laplacian(order, NODES).to_dense()
        torch.testing.assert_close(scaled, laplacian - torch.eye(NODES))
        assert torch.equal(scaled, scaled.T)  # the backward relies on it


def _laplacian(edges: Tensor) -> tuple[Tensor, None, Tensor]:
    index, weight = get_laplacian(edges, normalization="sym", num_nodes=NODES)
    return index, None, weight


def test_spectrum_of_the_scaled_laplacian(random_edges: RandomEdges) -> None:
    values = torch.linalg.eigvalsh(scaled_laplacian(random_edges(NODES, 0.3), NODES).to_dense().double())
    assert float(values[0]) == pytest.approx(-1, abs=1e-6)
    assert float(values[-1]) < 1
    pair = torch.tensor([[0, 1], [1, 0]])
    assert torch.equal(scaled_laplacian(pair, 3).to_dense(), torch.tensor([[0.0, -1, 0], [-1, 0, 0], [0, 0, 0]]))
