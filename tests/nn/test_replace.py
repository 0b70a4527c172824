"""Slots in the place of activations: one per call, for models of PyG and for others."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.nn import MLP, DeepGCNLayer, GCNConv
from torch_geometric.nn.models import GAT, GCN, GIN, GraphSAGE

from cna_viz.errors import UsageError
from cna_viz.nn.cna import CNA
from cna_viz.nn.replace import SlotPerCall, replace_activations

MODELS = [GCN, GraphSAGE, GAT, GIN]
NODES = 30


@pytest.fixture
def inputs() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(NODES, 5, generator=generator), torch.randint(NODES, (2, 90), generator=generator)


def slots_of(model: nn.Module) -> list[CNA]:
    return [module for module in model.modules() if isinstance(module, CNA)]


def make(kind: Any, **options: Any) -> nn.Module:
    torch.manual_seed(0)
    model: nn.Module = kind(5, 8, 4, 3, **options)
    return model


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(
    "options", [{}, {"jk": "cat"}, {"norm": "batch_norm", "act_first": True}, {"norm": "layer_norm"}], ids=str
)
def test_relu_for_relu_changes_nothing(inputs: tuple[Tensor, Tensor], kind: Any, options: dict[str, Any]) -> None:
    model = make(kind, **options).eval()
    replaced = replace_activations(deepcopy(model), "relu")
    for _ in range(2):
        assert torch.equal(replaced(*inputs), model(*inputs))


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(
    ("options", "calls"),
    [({}, 3), ({"jk": "cat"}, 4), ({"act": torch.tanh}, 3), ({"act": "gelu"}, 3), ({"act_first": True}, 3)],
    ids=str,
)
def test_every_call_has_a_slot_of_its_own(
    inputs: tuple[Tensor, Tensor], kind: Any, options: dict[str, Any], calls: int
) -> None:
    model = replace_activations(make(kind, **options), "cna", clusters=3)
    slots = slots_of(model)
    inside = 4 if kind is GIN else 0  # each of GIN's convolutions is a network with an activation
    assert len({id(slot) for slot in slots}) == len(slots) == calls + inside
    model(*inputs).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert all(int(slot.assignment.count) == 1 for slot in slots)  # type: ignore[arg-type]


def test_every_slot_gets_what_its_layer_gives(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(make(GCN), "na")
    given: list[Tensor] = []
    taken: list[Tensor] = []
    for conv in model.convs:  # type: ignore[union-attr]
        conv.register_forward_hook(lambda module, args, output: given.append(output))
    for slot in slots_of(model):
        slot.register_forward_hook(lambda module, args, output: taken.append(args[0]))
    model(*inputs)
    assert len(taken) == 3
    for one, other in zip(given, taken, strict=False):
        assert torch.equal(one, other)


def test_a_copy_counts_for_itself_and_an_exception_leaves_no_trace(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(make(GCN), "na").eval()
    copy = deepcopy(model)
    wanted = model(*inputs)
    handle = model.convs[2].register_forward_pre_hook(lambda *args: 1 / 0)  # type: ignore[union-attr, index, operator]
    with pytest.raises(ZeroDivisionError):
        model(*inputs)
    handle.remove()
    assert torch.equal(model(*inputs), wanted)
    assert torch.equal(copy(*inputs), wanted)
    assert all(module.calls == 3 for module in copy.modules() if isinstance(module, SlotPerCall))


@pytest.mark.parametrize("kind", MODELS)
def test_saved_and_loaded_is_the_same(inputs: tuple[Tensor, Tensor], kind: Any) -> None:
    model = replace_activations(make(kind), "cna", clusters=3)
    for _ in range(3):
        model(*inputs)
    other = replace_activations(kind(5, 8, 4, 3), "cna", clusters=3)
    other.load_state_dict(model.state_dict())
    assert torch.equal(other.eval()(*inputs), model.eval()(*inputs))
    assert torch.equal(other.train()(*inputs), model.train()(*inputs))


def test_models_that_are_not_of_pyg(inputs: tuple[Tensor, Tensor]) -> None:
    shared = nn.ReLU()
    model = replace_activations(nn.Sequential(nn.Linear(5, 4), shared, nn.Linear(4, 6), shared), "cna", clusters=2)
    first, second = slots_of(model)
    assert first is not second
    assert model(inputs[0]).shape == (NODES, 6)
    assert (first.assignment.centroids.shape, second.assignment.centroids.shape) == ((2, 4), (2, 6))  # type: ignore[union-attr]
    fresh = replace_activations(nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 6), nn.Tanh()), clusters=2)
    fresh.load_state_dict(model.state_dict())
    assert torch.equal(fresh.eval()(inputs[0]), model.eval()(inputs[0]))


def test_layers_of_deep_gcn(inputs: tuple[Tensor, Tensor]) -> None:
    layer = DeepGCNLayer(GCNConv(5, 5), None, nn.ReLU(), block="res")
    replaced = replace_activations(layer, "na")
    assert len(slots_of(replaced)) == 1
    assert replaced(*inputs).shape == (NODES, 5)


def test_norms_know_the_channels_of_pyg_models(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(make(GCN), "batchnorm")
    assert model(*inputs).shape == (NODES, 3)
    with pytest.raises(UsageError, match="batchnorm needs channels= for the activation '1' of Sequential"):
        replace_activations(nn.Sequential(nn.Linear(5, 4), nn.ReLU()), "batchnorm")
    assert (
        replace_activations(nn.Sequential(nn.Linear(5, 4), nn.ReLU()), "batchnorm", channels=4)(inputs[0]).shape[1] == 4
    )


def test_factors_labels_and_replacing_twice(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(make(GCN), "cna", clusters=3, sharing="shared", normalization="node")
    assert len({id(slot.activation) for slot in slots_of(model)}) == 1
    replace_activations(model, "cna-labels", labels=torch.arange(NODES) % 2)
    assert [slot.clusters for slot in slots_of(model)] == [2, 2, 2]
    assert model(*inputs).shape == (NODES, 3)


def test_device_type_and_mode_are_kept(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(MLP([5, 8, 8, 3]).double().eval(), "cna", clusters=3)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float64}
    assert not any(module.training for module in model.modules())


def test_what_is_not_possible_is_said(inputs: tuple[Tensor, Tensor]) -> None:
    with pytest.raises(UsageError, match="found no activation module in this model"):
        replace_activations(nn.Sequential(nn.Linear(2, 2), nn.Sigmoid()))
    with pytest.raises(UsageError, match="unknown slot 'cnna'; choices, nearest first: cna"):
        replace_activations(make(GCN), "cnna")
    model = replace_activations(make(GCN), "na", calls=2)
    with pytest.raises(UsageError, match="called more than 2 times in one forward of its model: pass calls="):
        model(*inputs)
