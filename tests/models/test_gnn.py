"""The deep network: L convolutions, L - 1 slots of their own, a tap on both sides of each."""

import io
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, optim

from cna_viz.config import ModelConfig
from cna_viz.errors import UsageError
from cna_viz.models.backbones import BACKBONES, get_backbone, prepare_graph
from cna_viz.models.gnn import GNN
from cna_viz.models.inputs import GraphInput, SparseFeatures
from cna_viz.nn.cna import CNA
from cna_viz.nn.slots import SLOTS, SlotContext
from cna_viz.vocabulary import INITS

RandomEdges = Callable[..., Tensor]
NODES, FEATURES, CLASSES = 30, 6, 3
CONTEXT = SlotContext(partition=torch.arange(NODES) % 4)
Inputs = tuple[Tensor, GraphInput]


def config(slot: str = "cna", layers: int = 4, **changes: Any) -> ModelConfig:
    return ModelConfig(slot=slot, layers=layers, hidden=8, clusters=4, recluster_every=2).replace(**changes)


def network(slot: str = "cna", layers: int = 4, **changes: Any) -> GNN:
    torch.manual_seed(0)
    return GNN(FEATURES, CLASSES, config(slot, layers, **changes), CONTEXT)


@pytest.fixture
def inputs(random_edges: RandomEdges) -> Inputs:
    x = torch.randn(NODES, FEATURES, generator=torch.Generator().manual_seed(0))
    return x, prepare_graph("gcn", random_edges(NODES), NODES)


def take_steps(model: GNN, inputs: Inputs, steps: int) -> None:
    target = torch.arange(NODES) % CLASSES
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(*inputs), target).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("layers", [1, 2, 5])
def test_parts(inputs: Inputs, slot: str, layers: int) -> None:
    model = network(slot, layers)
    assert len(model.convs) == len(model.conv_taps) == layers
    assert len(model.slots) == len(model.slot_taps) == layers - 1
    for parts in (model.convs, model.slots, model.conv_taps, model.slot_taps):
        assert len({id(part) for part in parts}) == len(parts)
    tensors = [value for value in model.parameters() if value.numel()]
    assert len({tensor.data_ptr() for tensor in tensors}) == len(tensors)
    assert model(*inputs).shape == (NODES, CLASSES)
    stages = [*((layer, "conv") for layer in range(1, layers + 1)), *((layer, "slot") for layer in range(1, layers))]
    assert sorted(model.taps()) == sorted(stages)


@pytest.mark.parametrize(
    ("slot", "per_slot"), [("none", 0), ("relu", 0), ("a", 10), ("cna", 40), ("na", 10), ("cn", 0), ("batchnorm", 16)]
)
@pytest.mark.parametrize("layers", [1, 2, 3, 7])
def test_number_of_parameters(slot: str, per_slot: int, layers: int) -> None:
    widths = [FEATURES, *[8] * (layers - 1), CLASSES]
    wanted = sum(before * after + after for before, after in pairwise(widths)) + (layers - 1) * per_slot
    assert sum(parameter.numel() for parameter in network(slot, layers).parameters()) == wanted


@pytest.mark.parametrize("slot", SLOTS)
def test_weights_do_not_depend_on_the_slot_in_number_or_shape(slot: str) -> None:
    shapes = [tuple(conv.lin.weight.shape) for conv in network(slot, 3).convs]  # type: ignore[union-attr]
    assert shapes == [(8, FEATURES), (8, 8), (CLASSES, 8)]


@pytest.mark.parametrize("slot", SLOTS)
def test_forward_is_convolution_and_slot_in_turn(inputs: Inputs, slot: str) -> None:
    model = network(slot, 3)
    take_steps(model, inputs, 3)
    model.eval()
    seen: dict[tuple[int, str], Tensor] = {}
    for key, tap in model.taps().items():
        tap.register_forward_hook(lambda module, args, output, key=key: seen.setdefault(key, output))
    logits = model(*inputs)
    x, graph = inputs
    for layer, conv in enumerate(model.convs, start=1):
        x = conv(x, graph.edges)
        assert torch.equal(seen[layer, "conv"], x)
        if layer < 3:
            x = model.slots[layer - 1](x)
            assert torch.equal(seen[layer, "slot"], x)
    assert torch.equal(logits, x)
    assert len(seen) == 5


def test_one_layer_is_one_convolution(inputs: Inputs) -> None:
    model = network("cna", 1)
    assert torch.equal(model(*inputs), model.convs[0](inputs[0], inputs[1].edges))


def test_linear_network_is_repeated_propagation(inputs: Inputs) -> None:
    model, (x, graph) = network("none", 5), inputs
    weight = torch.eye(FEATURES, dtype=torch.float64)
    for conv in model.convs:
        weight = weight @ conv.lin.weight.double().T  # type: ignore[union-attr, operator]
    dense = graph.edges.to_dense().double()
    torch.testing.assert_close(model(*inputs).double(), torch.linalg.matrix_power(dense, 5) @ x.double() @ weight)


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("steps", [0, 3])
def test_saved_and_reloaded_is_the_same_bit_by_bit(inputs: Inputs, slot: str, steps: int) -> None:
    model = network(slot)
    take_steps(model, inputs, steps)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    torch.manual_seed(99)
    other = GNN(FEATURES, CLASSES, config(slot), CONTEXT)
    assert not torch.equal(other.eval()(*inputs), model.eval()(*inputs))
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other.eval()(*inputs), model.eval()(*inputs))
    assert torch.equal(other.train()(*inputs), model.train()(*inputs))


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("steps", [0, 3])
def test_evaluating_changes_nothing(inputs: Inputs, slot: str, steps: int) -> None:
    model = network(slot, dropout=0.5)
    take_steps(model, inputs, steps)
    model.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random_state = torch.get_rng_state()
    copies = [value.clone() for value in (inputs[0], inputs[1].edges.values())]
    assert torch.equal(model(*inputs), model(*inputs))
    after = model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert torch.equal(torch.get_rng_state(), random_state)
    assert torch.equal(inputs[0], copies[0])
    assert torch.equal(inputs[1].edges.values(), copies[1])


def test_dropout_only_while_training(inputs: Inputs) -> None:
    plain, dropping = network("relu"), network("relu", dropout=0.5)
    assert torch.equal(plain.eval()(*inputs), dropping.eval()(*inputs))
    assert not torch.equal(plain.train()(*inputs), dropping.train()(*inputs))
    assert not torch.equal(dropping(*inputs), dropping(*inputs))


def test_slots_start_the_same_way_but_draw_their_own_seeds() -> None:
    seeds = [int(slot.assignment.seed) for slot in network("cna", 5).slots]  # type: ignore[union-attr, arg-type]
    assert len(set(seeds)) == 4


def test_every_parameter_gets_a_gradient(inputs: Inputs) -> None:
    for slot in SLOTS:
        model = network(slot)
        model(*inputs).square().sum().backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None, name
            assert bool((parameter.grad != 0).any()), name


def test_an_unknown_backbone_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown backbone 'gct'; choices, nearest first: gat, gcn"):
        get_backbone("gct")


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("slot", ["none", "relu", "cna", "batchnorm"])
@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize(
    "structure",
    [
        {},
        {"residual": True, "initial_residual": 0.2, "dropout": 0.2, "drop_edge": 0.3, "jumping_knowledge": "cat"},
        {"jumping_knowledge": "max", "init": "orthogonal"},
    ],
    ids=["plain", "cat", "max"],
)
def test_every_backbone_trains_with_every_structure(
    random_edges: RandomEdges, backbone: str, slot: str, layers: int, structure: dict[str, Any]
) -> None:
    model = network(slot, layers, backbone=backbone, **structure)
    x, graph = torch.randn(NODES, FEATURES), prepare_graph(backbone, random_edges(NODES), NODES)
    logits = model(x, graph)
    assert logits.shape == (NODES, CLASSES)
    logits.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert bool(torch.isfinite(parameter.grad).all()), name


@pytest.mark.parametrize("backbone", BACKBONES)
def test_logits_go_with_their_nodes(random_edges: RandomEdges, backbone: str) -> None:
    edges, order = random_edges(NODES), torch.randperm(NODES, generator=torch.Generator().manual_seed(0))
    model, x = network("n", 3, backbone=backbone).eval(), torch.randn(NODES, FEATURES)
    moved = order.argsort()[edges]
    moved = moved[:, (moved[0] * NODES + moved[1]).argsort()]
    wanted = model(x, prepare_graph(backbone, edges, NODES))[order]
    torch.testing.assert_close(model(x[order], prepare_graph(backbone, moved, NODES)), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_node_without_edges_is_served(backbone: str) -> None:
    nothing = torch.empty(2, 0, dtype=torch.long)
    model = network("n", 3, backbone=backbone)
    assert bool(torch.isfinite(model(torch.randn(1, FEATURES), prepare_graph(backbone, nothing, 1))).all())


def test_sgc_is_a_power_of_the_adjacency(inputs: Inputs) -> None:
    model, (x, graph) = network("none", 5, backbone="sgc"), inputs
    dense = torch.linalg.matrix_power(graph.edges.to_dense().double(), 5)
    wanted = dense @ x.double() @ model.input.weight.double().T @ model.output.weight.double().T  # type: ignore[operator, union-attr]
    torch.testing.assert_close(model(x, graph).double(), wanted, rtol=1e-4, atol=1e-5)


def test_appnp_returns_to_the_projected_features(inputs: Inputs) -> None:
    model, (x, graph) = network("none", 3, backbone="appnp"), inputs
    dense = graph.edges.to_dense()
    start = model.input(x)
    h = start
    for _ in range(3):
        h = 0.9 * dense @ h + 0.1 * start
    torch.testing.assert_close(model(x, graph), model.output(h), rtol=1e-4, atol=1e-5)


def test_gcnii_is_its_formula(inputs: Inputs) -> None:
    model, (x, graph) = network("none", 3, backbone="gcnii"), inputs
    dense = graph.edges.to_dense()
    start = model.input(x)
    h = start
    for layer, conv in enumerate(model.convs, start=1):
        mixed = 0.9 * dense @ h + 0.1 * start
        beta = torch.log(torch.tensor(0.5 / layer + 1))
        h = (1 - beta) * mixed + beta * mixed @ conv.conv.weight1  # type: ignore[union-attr, operator]
    torch.testing.assert_close(model(x, graph), model.output(h), rtol=1e-4, atol=1e-5)


def test_residuals_are_added_to_what_leaves_the_slot(inputs: Inputs) -> None:
    model, (x, graph) = network("relu", 4, residual=True, initial_residual=0.25), inputs
    first = model.convs[0](x, graph.edges).relu()
    second = 0.75 * (model.convs[1](first, graph.edges).relu() + first) + 0.25 * first
    third = 0.75 * (model.convs[2](second, graph.edges).relu() + second) + 0.25 * first
    torch.testing.assert_close(model(x, graph), model.convs[3](third, graph.edges))


def test_jumping_knowledge_reads_all_hidden_layers(inputs: Inputs) -> None:
    model, (x, graph) = network("relu", 3, jumping_knowledge="cat"), inputs
    first = model.convs[0](x, graph.edges).relu()
    second = model.convs[1](first, graph.edges).relu()
    torch.testing.assert_close(model(x, graph), model.convs[2](torch.cat([first, second], 1), graph.edges))
    model = network("relu", 3, jumping_knowledge="max")
    torch.manual_seed(0)
    first = model.convs[0](x, graph.edges).relu()
    second = model.convs[1](first, graph.edges).relu()
    torch.testing.assert_close(model(x, graph), model.convs[2](torch.maximum(first, second), graph.edges))


def test_edges_are_dropped_only_while_training(inputs: Inputs) -> None:
    model, plain = network("relu", 3, drop_edge=0.5), network("relu", 3)
    assert torch.equal(model.eval()(*inputs), plain.eval()(*inputs))
    assert not torch.equal(model.train()(*inputs), model(*inputs))


def test_a_shared_slot_has_one_set_of_parts() -> None:
    slots = [slot for slot in network("cna-released", 5).slots if isinstance(slot, CNA)]
    assert len(slots) == 4
    assert len({id(slot) for slot in slots}) == len({id(slot.label_tap) for slot in slots}) == 4
    assert len({id(slot.assignment) for slot in slots}) == len({id(slot.activation) for slot in slots}) == 1


def test_arms_start_from_the_same_weights() -> None:
    first, second = network("relu", 4), network("cna", 4)
    for one, other in zip(first.convs.parameters(), second.convs.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("init", INITS)
def test_starts_of_the_weights(init: str) -> None:
    weight = network("none", 3, init=init, hidden=200).convs[1].lin.weight.detach()  # type: ignore[union-attr]
    if init == "orthogonal":
        torch.testing.assert_close(weight @ weight.T, torch.eye(200), atol=1e-4, rtol=0)
    else:
        variance = {"glorot": 1 / 200, "large": 4 / 200}[init]
        assert float(weight.var()) == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize("backbone", [name for name, backbone in BACKBONES.items() if backbone.sparse])
def test_sparse_features_give_the_same(random_edges: RandomEdges, backbone: str) -> None:
    x = torch.randn(NODES, FEATURES) * (torch.rand(NODES, FEATURES) < 0.3)
    graph = prepare_graph(backbone, random_edges(NODES), NODES)
    gradients = []
    for features in (x, SparseFeatures.from_dense(x)):
        model = network("relu", 3, backbone=backbone)
        logits = model(features, graph)
        logits.square().sum().backward()
        gradients.append([logits.detach(), *(parameter.grad for parameter in model.parameters())])
    for dense, sparse in zip(*gradients, strict=True):
        torch.testing.assert_close(sparse, dense, rtol=1e-4, atol=1e-5)
