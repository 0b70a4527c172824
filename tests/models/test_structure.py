"""What changes the way through the network: residuals, jumping knowledge, dropout, DropEdge."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from cna_viz.config import ModelConfig
from cna_viz.models.backbones import BACKBONES, prepare_graph
from cna_viz.models.gnn import GNN
from cna_viz.models.inputs import GraphInput, SparseFeatures

RandomEdges = Callable[..., Tensor]
NODES, FEATURES, CLASSES = 30, 6, 3
Inputs = tuple[Tensor, GraphInput]


def network(layers: int = 4, **changes: Any) -> GNN:
    torch.manual_seed(0)
    return GNN(FEATURES, CLASSES, ModelConfig(slot="relu", layers=layers, hidden=8).replace(**changes))


def listen(model: GNN) -> dict[tuple[int, str], Tensor]:
    seen: dict[tuple[int, str], Tensor] = {}
    for key, tap in model.taps().items():
        tap.register_forward_hook(lambda module, args, output, key=key: seen.update({key: output}))
    return seen


@pytest.fixture
def inputs(random_edges: RandomEdges) -> Inputs:
    x = torch.randn(NODES, FEATURES, generator=torch.Generator().manual_seed(0))
    return x, prepare_graph("gcn", random_edges(NODES), NODES)


@pytest.mark.parametrize(("residual", "share"), [(True, 0.25), (True, 0.0), (False, 0.25)])
def test_residuals_are_added_to_what_leaves_the_slot(inputs: Inputs, residual: bool, share: float) -> None:
    model, (x, graph) = network(residual=residual, initial_residual=share), inputs
    seen = listen(model)
    first = model.convs[0](x, graph.edges).relu()
    second = (1 - share) * (model.convs[1](first, graph.edges).relu() + residual * first) + share * first
    third = (1 - share) * (model.convs[2](second, graph.edges).relu() + residual * second) + share * first
    torch.testing.assert_close(model(x, graph), model.convs[3](third, graph.edges))
    # Taps see what the next convolution reads.
    for layer, wanted in enumerate((first, second, third), start=1):
        torch.testing.assert_close(seen[layer, "slot"], wanted)


@pytest.mark.parametrize("backbone", ["sgc", "appnp", "gcnii"])
def test_residuals_of_a_projecting_backbone_start_at_the_second_layer(random_edges: RandomEdges, backbone: str) -> None:
    model = network(3, backbone=backbone, residual=True)
    x, graph = torch.randn(NODES, FEATURES), prepare_graph(backbone, random_edges(NODES), NODES)
    seen, start = listen(model), model.input(x)
    model(x, graph)
    first = model.convs[0](start, graph.edges, start).relu()
    torch.testing.assert_close(seen[1, "slot"], first)
    torch.testing.assert_close(seen[2, "slot"], model.convs[1](first, graph.edges, start).relu() + first)


@pytest.mark.parametrize("kind", ["cat", "max"])
def test_the_last_convolution_reads_all_hidden_layers(inputs: Inputs, kind: str) -> None:
    model, (x, graph) = network(3, jumping_knowledge=kind), inputs
    first = model.convs[0](x, graph.edges).relu()
    second = model.convs[1](first, graph.edges).relu()
    joined = torch.cat([first, second], dim=1) if kind == "cat" else torch.maximum(first, second)
    torch.testing.assert_close(model(x, graph), model.convs[2](joined, graph.edges))


@pytest.mark.parametrize("kind", ["cat", "max"])
@pytest.mark.parametrize("backbone", ["sgc", "appnp", "gcnii"])
def test_the_output_map_reads_all_layers(random_edges: RandomEdges, backbone: str, kind: str) -> None:
    model = network(3, backbone=backbone, jumping_knowledge=kind)
    x, graph = torch.randn(NODES, FEATURES), prepare_graph(backbone, random_edges(NODES), NODES)
    start = model.input(x)
    first = model.convs[0](start, graph.edges, start).relu()
    second = model.convs[1](first, graph.edges, start).relu()
    layers = [first, second, model.convs[2](second, graph.edges, start)]
    joined = torch.cat(layers, dim=1) if kind == "cat" else torch.stack(layers).amax(dim=0)
    torch.testing.assert_close(model(x, graph), model.output(joined))


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("kind", ["cat", "max"])
def test_one_layer_has_nothing_to_jump_over(random_edges: RandomEdges, backbone: str, kind: str) -> None:
    x, graph = torch.randn(NODES, FEATURES), prepare_graph(backbone, random_edges(NODES), NODES)
    plain, jumping = network(1, backbone=backbone), network(1, backbone=backbone, jumping_knowledge=kind)
    assert torch.equal(plain(x, graph), jumping(x, graph))


def what_convolutions_read(model: GNN) -> list[Any]:
    read: list[Any] = []
    for conv in model.convs:
        conv.register_forward_pre_hook(lambda module, args: read.append(args[0]))
    return read


@pytest.mark.parametrize("sparse", [False, True])
def test_dropout_acts_on_what_every_convolution_reads(inputs: Inputs, sparse: bool) -> None:
    model = network(4, slot="none", dropout=0.5)
    read = what_convolutions_read(model)
    dense, graph = torch.ones(NODES, FEATURES), inputs[1]
    x = SparseFeatures.from_dense(dense) if sparse else dense
    model(x, graph)
    first, *others = (value.rows.to_dense() if isinstance(value, SparseFeatures) else value for value in read)
    assert set(first.unique().tolist()) == {0.0, 2.0}
    assert len(others) == 3
    assert all(0.3 < float((value == 0).float().mean()) < 0.7 for value in others)
    read.clear()
    model.eval()(x, graph)
    assert read[0] is x
    assert torch.equal(model(x, graph), network(4, slot="none").eval()(x, graph))


@pytest.mark.parametrize("sparse", [False, True])
def test_dropout_acts_on_what_the_input_map_reads(random_edges: RandomEdges, sparse: bool) -> None:
    model, graph = network(2, backbone="sgc", dropout=0.5), prepare_graph("sgc", random_edges(NODES), NODES)
    read: list[Any] = []
    model.input.register_forward_pre_hook(lambda module, args: read.append(args[0]))
    x = torch.ones(NODES, FEATURES)
    model(SparseFeatures.from_dense(x) if sparse else x, graph)
    assert set((read[0].rows.to_dense() if sparse else read[0]).unique().tolist()) == {0.0, 2.0}


def test_dropout_is_drawn_anew(inputs: Inputs) -> None:
    dropping = network(dropout=0.5)
    assert not torch.equal(dropping(*inputs), dropping(*inputs))


def edges_of_a_step(model: GNN, x: Tensor, graph: GraphInput) -> list[Any]:
    read: list[Any] = []
    handles = [conv.register_forward_pre_hook(lambda module, args: read.append(args[1])) for conv in model.convs]
    model(x, graph)
    for handle in handles:
        handle.remove()
    return read


def test_a_step_with_drop_edge_has_one_thinner_undirected_graph(random_edges: RandomEdges) -> None:
    edges = random_edges(200, 0.2)
    graph, x = prepare_graph("gin", edges, 200), torch.randn(200, FEATURES)
    before = edges.clone()
    model, whole = network(4, backbone="gin", drop_edge=0.3), graph.edges.to_dense()
    used = edges_of_a_step(model, x, graph)
    assert len(used) == 4
    assert len({id(matrix) for matrix in used}) == 1
    thin = used[0].to_dense()
    assert torch.equal(thin, thin.T)
    assert bool((thin <= whole).all())
    assert float(thin.sum() / whole.sum()) == pytest.approx(0.7, abs=0.03)  # of about 4,000 edges
    assert not torch.equal(edges_of_a_step(model, x, graph)[0].to_dense(), thin)
    assert all(matrix is graph.edges for matrix in edges_of_a_step(model.eval(), x, graph))
    assert torch.equal(graph.edge_index, before)


@pytest.mark.parametrize("backbone", [name for name in BACKBONES if name != "mlp"])
def test_drop_edge_is_the_network_on_the_thinner_graph(random_edges: RandomEdges, backbone: str) -> None:
    edges, x = random_edges(NODES, 0.4), torch.randn(NODES, FEATURES)
    model, graph = network(3, backbone=backbone, drop_edge=0.5), prepare_graph(backbone, edges, NODES)
    torch.manual_seed(3)
    upper = edges[:, edges[0] <= edges[1]]
    y = model(x, graph)
    torch.manual_seed(3)
    kept = upper_kept(edges)
    thin = torch.cat([kept, kept.flip(0)], dim=1)
    assert 0 < thin.shape[1] < 2 * upper.shape[1]
    thin = thin[:, (thin[0] * NODES + thin[1]).argsort()]
    torch.testing.assert_close(y, model.eval()(x, prepare_graph(backbone, thin, NODES)), rtol=1e-4, atol=1e-5)


def upper_kept(edges: Tensor) -> Tensor:
    """Return what a draw keeps with probability one half, of each edge the direction from the smaller node."""
    mask = torch.rand(edges.shape[1]) >= 0.5
    return edges[:, mask & (edges[0] <= edges[1])]


def test_drop_edge_of_a_network_without_edges_draws_nothing(random_edges: RandomEdges) -> None:
    graph, x = prepare_graph("mlp", random_edges(NODES, 0.4), NODES), torch.randn(NODES, FEATURES)
    outputs = []
    for drop_edge in (0.5, 0.0):
        model = network(3, backbone="mlp", drop_edge=drop_edge, dropout=0.5)
        torch.manual_seed(3)
        outputs.append((model(x, graph), torch.get_rng_state()))
    (one, state), (other, wanted_state) = outputs
    assert torch.equal(one, other)
    assert torch.equal(state, wanted_state)


def test_dropping_nearly_all_edges_works(inputs: Inputs) -> None:
    assert bool(torch.isfinite(network(drop_edge=0.999)(*inputs)).all())
