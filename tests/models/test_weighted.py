"""Weights of edges in every convolution that uses them, against dense matrices in float64."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from cna_viz.config import ModelConfig
from cna_viz.config.vocabulary import WEIGHTED
from cna_viz.errors import UsageError
from cna_viz.models.backbones import BACKBONES, get_backbone, prepare_graph
from cna_viz.models.convolutions import Mean, adjacency, mean, normalized_adjacency, scaled_laplacian
from cna_viz.models.gnn import GNN

RandomEdges = Callable[..., Tensor]
NODES, CHANNELS = 25, 4
EYE = torch.eye(NODES, dtype=torch.float64)


def symmetric_weights(edges: Tensor, seed: int = 0) -> Tensor:
    """Return a random weight for every edge, 0.1 to 10, the same in both directions."""
    table = 10 ** (2 * torch.rand(NODES, NODES, generator=torch.Generator().manual_seed(seed)) - 1)
    return (table + table.T)[edges[0], edges[1]] / 2


def dense_weights(edges: Tensor, weight: Tensor) -> Tensor:
    dense = torch.zeros(NODES, NODES, dtype=torch.float64)
    dense[edges[0], edges[1]] = weight.double()
    return dense


def scaled(matrix: Tensor, degree: Tensor) -> Tensor:
    """Return D^(-1/2) M D^(-1/2), with zero rows where the degree is zero."""
    scale = torch.where(degree > 0, degree, torch.inf).rsqrt()
    return scale[:, None] * matrix * scale


def gcn(dense: Tensor) -> Tensor:
    return scaled(dense + EYE, dense.sum(dim=1) + 1)


def laplacian(dense: Tensor) -> Tensor:
    return -scaled(dense, dense.sum(dim=1))


def weighted_mean(dense: Tensor) -> Tensor:
    return dense / dense.sum(dim=1, keepdim=True).clamp(min=1e-60)


OPERATORS: dict[str, Callable[[Tensor], Tensor]] = {
    "gcn": gcn,
    "sgc": gcn,
    "gcnii": gcn,
    "appnp": gcn,
    "chebyshev": laplacian,
    "sage": weighted_mean,
}


def matrix_of(edges: Any) -> Tensor:
    """Return the dense matrix of what a convolution multiplies with."""
    if isinstance(edges, Mean):
        return edges.matrix.to_dense().double() / edges.degree
    dense: Tensor = edges.to_dense().double()
    return dense


def in_double(edges: Any) -> Any:
    return Mean(*(part.double() for part in edges)) if isinstance(edges, Mean) else edges.double()


def test_every_weighted_backbone_has_a_reference() -> None:
    assert set(OPERATORS) == set(WEIGHTED)


@pytest.mark.parametrize("name", WEIGHTED)
@pytest.mark.parametrize("share", [0.0, 0.08, 0.4])  # at 0.08 some nodes are isolated, at 0 all are
def test_operators_are_the_dense_ones(random_edges: RandomEdges, name: str, share: float) -> None:
    edges = random_edges(NODES, share)
    weight = symmetric_weights(edges)
    order = torch.randperm(len(weight), generator=torch.Generator().manual_seed(7))
    wanted = OPERATORS[name](dense_weights(edges, weight))
    for index, weights in ((edges, weight), (edges[:, order], weight[order])):
        found = matrix_of(prepare_graph(name, index, NODES, edge_weight=weights).edges)
        torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("make", [normalized_adjacency, adjacency, scaled_laplacian])
def test_matrices_are_symmetric_to_the_bit(random_edges: RandomEdges, make: Callable[..., Tensor]) -> None:
    edges = random_edges(NODES, 0.4)
    dense = make(edges, NODES, symmetric_weights(edges)).to_dense()
    assert torch.equal(dense, dense.T)  # the backward relies on it


def test_known_weights() -> None:
    """Nodes 0 and 1 joined with weight 3, 1 and 2 with weight 1; node 3 is isolated."""
    edges, weight = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]]), torch.tensor([3.0, 3.0, 1.0, 1.0])
    found = normalized_adjacency(edges, 4, weight).to_dense()  # degrees with loops: 4, 5, 2, 1
    torch.testing.assert_close(found[0], torch.tensor([1 / 4, 3 / 20**0.5, 0, 0]))
    torch.testing.assert_close(found[3], torch.tensor([0.0, 0, 0, 1]))
    found = scaled_laplacian(edges, 4, weight).to_dense()  # degrees: 3, 4, 1, 0
    torch.testing.assert_close(found[1], torch.tensor([-3 / 12**0.5, 0, -1 / 2, 0]))
    assert torch.equal(found[3], torch.zeros(4))
    x = torch.tensor([[4.0], [100.0], [8.0], [100.0]])
    sums = matrix_of(mean(edges, 4, weight)) @ x.double()
    assert sums.flatten().tolist() == [100, (3 * 4 + 8) / 4, 100, 0]


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_of_one_change_nothing(random_edges: RandomEdges, name: str) -> None:
    edges = random_edges(NODES, 0.2)
    one, other = (
        matrix_of(prepare_graph(name, edges, NODES, edge_weight=weight).edges)
        for weight in (None, torch.ones(edges.shape[1]))
    )
    torch.testing.assert_close(one, other, rtol=1e-6, atol=0)


@pytest.mark.parametrize(("name", "matters"), [("sage", False), ("chebyshev", False), ("gcn", True)])
def test_a_common_factor_matters_only_beside_a_self_loop(random_edges: RandomEdges, name: str, matters: bool) -> None:
    edges = random_edges(NODES, 0.2)
    weight = symmetric_weights(edges)
    one, other = (matrix_of(prepare_graph(name, edges, NODES, edge_weight=w).edges) for w in (weight, 2 * weight))
    assert torch.allclose(one, other, rtol=1e-6, atol=0) != matters
    if name == "sage":  # and weights that are all 2 are the plain mean, to the bit
        twos = prepare_graph(name, edges, NODES, edge_weight=torch.full_like(weight, 2)).edges
        assert torch.equal(matrix_of(twos), matrix_of(prepare_graph(name, edges, NODES).edges))


@pytest.mark.parametrize("size", [1e-30, 1e30])
@pytest.mark.parametrize("name", WEIGHTED)
def test_very_small_and_large_weights_stay_finite(random_edges: RandomEdges, name: str, size: float) -> None:
    edges = random_edges(NODES, 0.2)
    weight = (symmetric_weights(edges).double() * size).float()
    found = matrix_of(prepare_graph(name, edges, NODES, edge_weight=weight).edges)
    torch.testing.assert_close(found, OPERATORS[name](dense_weights(edges, weight)), rtol=1e-4, atol=1e-30)


def dense_outcome(name: str, conv: Any, matrix: Tensor, x: Tensor, initial: Tensor) -> Tensor:
    """Return what the first convolution of a backbone should return, with dense matrices."""
    match name:
        case "gcn":
            return matrix @ x @ conv.lin.weight.T + conv.bias
        case "sage":
            return conv.conv.lin_l(matrix @ x) + conv.conv.lin_r(x)
        case "chebyshev":
            polynomials = (EYE, matrix, 2 * matrix @ matrix - EYE)
            sums = [p @ x @ lin.weight.T for p, lin in zip(polynomials, conv.conv.lins, strict=True)]
            return sums[0] + sums[1] + sums[2] + conv.conv.bias
        case "gcnii":
            mixed, beta = 0.9 * matrix @ x + 0.1 * initial, torch.log(torch.tensor(1.5, dtype=torch.float64))
            return (1 - beta) * mixed + beta * mixed @ conv.conv.weight1
    return matrix @ x if name == "sgc" else 0.9 * matrix @ x + 0.1 * initial


@pytest.mark.parametrize("name", WEIGHTED)
def test_values_and_gradients_of_every_weighted_convolution(random_edges: RandomEdges, name: str) -> None:
    torch.manual_seed(0)
    edges = random_edges(NODES, 0.1)
    prepared = in_double(prepare_graph(name, edges, NODES, edge_weight=symmetric_weights(edges)).edges)
    conv = get_backbone(name).conv(CHANNELS, CHANNELS, 1).double()
    x, initial = torch.randn(2, NODES, CHANNELS, dtype=torch.float64)
    torch.testing.assert_close(
        conv(x, prepared, initial), dense_outcome(name, conv, matrix_of(prepared), x, initial), rtol=1e-6, atol=1e-7
    )
    assert gradcheck(lambda x: conv(x, prepared, initial), (x.requires_grad_(),))


@pytest.mark.parametrize("name", BACKBONES)
def test_weights_are_refused_by_backbones_that_ignore_them(random_edges: RandomEdges, name: str) -> None:
    edges = random_edges(NODES)
    weight = symmetric_weights(edges)
    if name in {*WEIGHTED, "mlp"}:
        assert prepare_graph(name, edges, NODES, edge_weight=weight).edge_weight is weight
        return
    with pytest.raises(UsageError, match=f"backbone '{name}' can't use edge weights; these can: gcn, sage, "):
        prepare_graph(name, edges, NODES, edge_weight=weight)


@pytest.mark.parametrize("name", WEIGHTED)
def test_drop_edge_keeps_the_weights_of_kept_edges(random_edges: RandomEdges, name: str) -> None:
    torch.manual_seed(0)
    edges, x = random_edges(NODES, 0.4), torch.randn(NODES, CHANNELS)
    weight = symmetric_weights(edges)
    model = GNN(CHANNELS, 3, ModelConfig(backbone=name, layers=2, hidden=8, drop_edge=0.5))
    graph = prepare_graph(name, edges, NODES, edge_weight=weight)
    torch.manual_seed(3)
    y = model(x, graph)
    torch.manual_seed(3)
    drawn = torch.zeros(NODES, NODES, dtype=torch.bool)
    drawn[edges[0], edges[1]] = torch.rand(edges.shape[1]) >= 0.5
    kept = (drawn.triu() | drawn.triu().T)[edges[0], edges[1]]  # the direction from the smaller node decides
    assert 0 < int(kept.sum()) < len(kept)
    thin = prepare_graph(name, edges[:, kept], NODES, edge_weight=weight[kept])
    torch.testing.assert_close(y, model.eval()(x, thin), rtol=1e-4, atol=1e-5)
