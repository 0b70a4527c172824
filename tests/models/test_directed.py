"""DirGNN and DirGCN (arXiv 2305.10498) on directed graphs, against PyG and dense matrices."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch_geometric.nn as pyg
from torch import Tensor, nn
from torch.autograd import gradcheck

from cna_viz.config import ModelConfig
from cna_viz.config.vocabulary import DIRECTED
from cna_viz.errors import UsageError
from cna_viz.models.backbones import BACKBONES, get_backbone, prepare_graph
from cna_viz.models.convolutions import DirGCNConv, DirGNNConv, Mean, directed_adjacency, directed_means
from cna_viz.models.gnn import GNN

RandomEdges = Callable[..., Tensor]
NODES = 25


def random_arcs(share: float = 0.1, seed: int = 0) -> Tensor:
    """Return random arcs, sorted, without self-loops; few have one back."""
    table = torch.rand(NODES, NODES, generator=torch.Generator().manual_seed(seed)) < share
    return table.fill_diagonal_(False).nonzero().T.contiguous()


def both(arcs: Tensor) -> Tensor:
    return torch.cat([arcs, arcs.flip(0)], dim=1).unique(dim=1)


def in_double(means: tuple[Mean, Mean]) -> tuple[Mean, ...]:
    return tuple(Mean(*(part.double() for part in one)) for one in means)


def outcome(conv: nn.Module, x: Tensor, edges: Any) -> list[Tensor]:
    """Return the result, the gradient of x and those of all parameters."""
    x = x.clone().requires_grad_()
    conv.zero_grad()
    y = conv(x, edges)
    (y * torch.randn(y.shape, generator=torch.Generator().manual_seed(3))).sum().backward()
    return [y.detach(), *(value.grad for value in (x, *conv.parameters()))]  # type: ignore[misc]


def test_sources_and_targets_have_a_map_each() -> None:
    """0 → 1, 0 → 2, 1 → 2: node 2 hears of both others by the first map, node 0 by the second."""
    arcs, conv = torch.tensor([[0, 0, 1], [1, 2, 2]]), DirGNNConv(1, 1)
    for parameter, value in zip(conv.parameters(), conv.state_dict(), strict=True):
        nn.init.constant_(parameter, {"conv_in.lin_l.weight": 2.0, "conv_out.lin_l.weight": 20.0}.get(value, 0.0))
    y = conv(torch.tensor([[1.0], [3.0], [7.0]]), directed_means(arcs, 3))
    # Half of twice the mean of sources plus half of twenty times the mean of targets.
    assert y.flatten().tolist() == [0 + 10 * 5, 1 + 10 * 7, 2 + 0]


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3])
def test_values_and_gradients_are_the_dense_ones(share: float) -> None:
    torch.manual_seed(0)
    arcs, x = random_arcs(share), torch.randn(NODES, 4, dtype=torch.float64)
    conv = DirGNNConv(4, 3).double()
    dense = torch.zeros(NODES, NODES, dtype=torch.float64)  # entry [i, j]: arc from i to j
    dense[arcs[0], arcs[1]] = 1
    targets, sources = (a @ x / a.sum(dim=1, keepdim=True).clamp(min=1) for a in (dense, dense.T))
    means = in_double(directed_means(arcs, NODES))
    wanted = 0.5 * conv.conv_in.lin_l(sources) + 0.5 * conv.conv_out.lin_l(targets) + conv.lin(x)
    torch.testing.assert_close(conv(x, means), wanted)
    assert gradcheck(lambda x: conv(x, means), (x.requires_grad_(),))


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3])
def test_dirgcn_is_its_dense_formula(share: float) -> None:
    torch.manual_seed(0)
    arcs, x = random_arcs(share), torch.randn(NODES, 4, dtype=torch.float64)
    conv, dense = DirGCNConv(4, 3).double(), torch.zeros(NODES, NODES, dtype=torch.float64)
    dense[arcs[0], arcs[1]] = 1
    nn.init.normal_(conv.bias)
    leaving, entering = (dense.sum(dim=dim).clamp(min=1).rsqrt() for dim in (1, 0))
    wanted = torch.diag(leaving) @ dense @ torch.diag(entering) @ x @ conv.lin.weight.T + conv.bias
    shuffled = arcs[:, torch.randperm(arcs.shape[1])]
    edges = tuple(matrix.double() for matrix in directed_adjacency(shuffled, NODES))
    torch.testing.assert_close(conv(x, edges), wanted, rtol=1e-6, atol=1e-6)  # the matrices were float32
    assert torch.equal(edges[1].to_dense(), edges[0].to_dense().T)
    assert gradcheck(lambda x: conv(x, edges), (x.requires_grad_(),))


def test_dirgcn_hears_only_the_targets_of_its_arcs() -> None:
    """0 → 1, 0 → 2, 1 → 2: node 0 hears of both others, node 2 of none."""
    conv = DirGCNConv(1, 1)
    nn.init.constant_(conv.lin.weight, 1.0)
    y = conv(torch.tensor([[1.0], [3.0], [7.0]]), directed_adjacency(torch.tensor([[0, 0, 1], [1, 2, 2]]), 3))
    torch.testing.assert_close(y.flatten(), torch.tensor([3 / 2**0.5 + 7 / 2, 7 / 2**0.5, 0.0]))


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("shuffled", [False, True])
def test_equals_message_passing_to_the_bit(symmetric: bool, shuffled: bool) -> None:
    torch.manual_seed(1)
    theirs, x = pyg.DirGNNConv(pyg.SAGEConv(5, 3, root_weight=False)), torch.randn(NODES, 5)
    ours = DirGNNConv(5, 3)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    arcs = both(random_arcs()) if symmetric else random_arcs()
    arcs = arcs[:, torch.randperm(arcs.shape[1])] if shuffled else arcs
    found, wanted = outcome(ours, x, directed_means(arcs, NODES)), outcome(theirs, x, arcs)
    assert all(torch.equal(one, other) for one, other in zip(found, wanted, strict=True))


def test_starts_from_the_weights_of_pyg() -> None:
    torch.manual_seed(4)
    theirs = pyg.DirGNNConv(pyg.SAGEConv(5, 3, root_weight=False))
    torch.manual_seed(4)
    ours = get_backbone("dirgnn").conv(5, 3, 1).conv
    assert isinstance(ours, nn.Module)
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


def network(**changes: Any) -> GNN:
    torch.manual_seed(0)
    return GNN(4, 3, ModelConfig(backbone="dirgnn", layers=3, hidden=8).replace(**changes))


def test_direction_changes_the_network_and_a_symmetric_graph_does_not() -> None:
    arcs, x, model = random_arcs(), torch.randn(NODES, 4), network()
    edges = both(arcs)
    undirected = model(x, prepare_graph("dirgnn", edges, NODES))
    assert torch.equal(model(x, prepare_graph("dirgnn", edges, NODES, arcs=edges)), undirected)
    directed, turned = (model(x, prepare_graph("dirgnn", edges, NODES, arcs=one)) for one in (arcs, arcs.flip(0)))
    assert not torch.allclose(directed, undirected, atol=1e-3)
    assert not torch.allclose(directed, turned, atol=1e-3)


def test_drop_edge_drops_arcs_one_by_one() -> None:
    edges, x, model = both(random_arcs(0.3)), torch.randn(NODES, 4), network(drop_edge=0.5)
    graph = prepare_graph("dirgnn", edges, NODES, arcs=edges)
    torch.manual_seed(3)
    y = model(x, graph)
    torch.manual_seed(3)
    kept = edges[:, torch.rand(edges.shape[1]) >= 0.5]
    assert not torch.equal(both(kept), kept)  # some lost one direction only
    torch.testing.assert_close(y, model.eval()(x, prepare_graph("dirgnn", edges, NODES, arcs=kept)))


@pytest.mark.parametrize("name", BACKBONES)
def test_direction_is_refused_by_backbones_that_ignore_it(name: str) -> None:
    arcs = random_arcs()
    if name in {*DIRECTED, "mlp"}:
        assert prepare_graph(name, both(arcs), NODES, arcs=arcs).arcs is arcs
        return
    with pytest.raises(UsageError, match=f"backbone '{name}' can't use direction; these can: dirgnn, dirgcn"):
        prepare_graph(name, both(arcs), NODES, arcs=arcs)
