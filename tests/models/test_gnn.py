"""The deep network: L convolutions, L - 1 slots of their own, a tap on both sides of each."""

import io
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, optim

from cna_viz.config import ModelConfig
from cna_viz.models.backbones import prepare_graph
from cna_viz.models.gnn import GNN
from cna_viz.models.inputs import GraphInput
from cna_viz.nn.cna import CNA
from cna_viz.nn.slots import SLOTS, SlotContext

RandomEdges = Callable[..., Tensor]
NODES, FEATURES, CLASSES = 30, 6, 3
CONTEXT = SlotContext(partition=torch.arange(NODES) % 4)
Inputs = tuple[Tensor, GraphInput]


def config(slot: str = "cna", layers: int = 4, **changes: Any) -> ModelConfig:
    model = ModelConfig(slot=slot, layers=layers, hidden=8, recluster_every=2).replace(**changes)
    return model.replace(clusters=4) if model.uses_clusters else model


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


@pytest.mark.sampled(strength=1)
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


@pytest.mark.sampled(strength=1)
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


@pytest.mark.sampled(strength=1)
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


def test_a_shared_slot_has_one_set_of_parts() -> None:
    slots = [slot for slot in network("cna-released", 5).slots if isinstance(slot, CNA)]
    assert len(slots) == 4
    assert len({id(slot) for slot in slots}) == len({id(slot.label_tap) for slot in slots}) == 4
    assert len({id(slot.assignment) for slot in slots}) == len({id(slot.activation) for slot in slots}) == 1


def test_arms_start_from_the_same_weights() -> None:
    first, second = network("relu", 4), network("cna", 4)
    for one, other in zip(first.convs.parameters(), second.convs.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("assignment", ["labels", "communities"])
def test_slots_are_told_which_nodes_they_see(random_edges: RandomEdges, assignment: str) -> None:
    model = network("cna", 3, assignment=assignment)
    nodes = torch.tensor([5, 29, 8, 8 + 4, 0, 17])
    seen: list[Tensor] = []
    for slot in model.slots:
        slot.label_tap.register_forward_hook(lambda module, args, output: seen.append(output))  # type: ignore[union-attr]
    model(torch.randn(6, FEATURES), prepare_graph("gcn", random_edges(6, 0.5), 6, nodes))
    assert [labels.tolist() for labels in seen] == [(nodes % 4).tolist()] * 2


@pytest.mark.parametrize("slot", ["cna-labels", "cna-communities", "cna-random", "cna", "n", "relu"])
def test_ordinary_configs_make_no_warning(slot: str) -> None:
    context = SlotContext(partition=torch.arange(30) % 3, num_nodes=30)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = GNN(6, 3, ModelConfig(slot=slot, layers=3, hidden=4), context)
    assert model.config.clusters == 8
    if slot in {"cna-labels", "cna-communities"}:
        assert [each.clusters for each in model.slots] == [3, 3]


@pytest.mark.parametrize("backbone", ["gcn", "sgc"])
@pytest.mark.parametrize("layers", [1, 3])
def test_last_conv_tap_sees_the_logits(random_edges: RandomEdges, backbone: str, layers: int) -> None:
    model, seen = network("relu", layers, backbone=backbone), []
    model.taps()[layers, "conv"].register_forward_hook(lambda module, args, output: seen.append(output))
    logits = model(torch.randn(NODES, FEATURES), prepare_graph(backbone, random_edges(NODES), NODES))
    assert len(seen) == 1
    assert seen[0] is logits
