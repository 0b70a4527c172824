"""Slots in the place of activations: one per call, for models of PyG and for others."""

import inspect
import io
from collections.abc import Callable
from copy import deepcopy
from textwrap import dedent
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Adam
from torch_geometric.nn import (
    MLP,
    BatchNorm,
    DeepGCNLayer,
    GATConv,
    GCNConv,
    GINConv,
    GraphUNet,
    MixHopConv,
    SAGPooling,
    Sequential,
)
from torch_geometric.nn.models import GAT, GCN, GIN, PNA, EdgeCNN, GraphSAGE

from cna_viz.errors import UsageError
from cna_viz.nn.cna import CNA
from cna_viz.nn.rational import Rational
from cna_viz.nn.replace import replace_activations
from cna_viz.nn.replacing.calls import SlotPerCall
from cna_viz.nn.replacing.places import ACTIVATIONS

MODELS = [GCN, GraphSAGE, GAT, GIN]
NODES = 30
GROUPS = torch.arange(NODES) % 2


@pytest.fixture
def inputs() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(NODES, 5, generator=generator), torch.randint(NODES, (2, 90), generator=generator)


def slots_of(model: nn.Module) -> list[CNA]:
    return [module for module in model.modules() if isinstance(module, CNA)]


def counters_of(model: nn.Module) -> list[SlotPerCall]:
    return [module for module in model.modules() if isinstance(module, SlotPerCall)]


def make(kind: Any, **options: Any) -> nn.Module:
    torch.manual_seed(0)
    if kind is PNA:
        options = {"aggregators": ["mean", "max"], "scalers": ["identity"], "deg": torch.tensor([1, 9]), **options}
    model: nn.Module = kind(5, 8, 4, 3, **options)
    return model


class Layers(nn.Module):
    """A model of one's own: one activation that is called after each of its layers."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.act = nn.ReLU()
        self.lins = nn.ModuleList(nn.Linear(5, 5) for _ in range(calls))

    def forward(self, x: Tensor) -> Tensor:
        for lin in self.lins:
            x = self.act(lin(x))
        return x


class Recursive(nn.Module):
    """Calls itself between the first and the second call of its activation."""

    def __init__(self) -> None:
        super().__init__()
        self.act = nn.ReLU()

    def forward(self, x: Tensor, depth: int = 1) -> Tensor:
        x = self.act(x)
        if depth:
            x = self(x, depth - 1)
        y: Tensor = self.act(x)
        return y


# What a model computes


@pytest.mark.sampled
@pytest.mark.parametrize("kind", [*MODELS, PNA, EdgeCNN])
@pytest.mark.parametrize(
    "options", [{}, {"jk": "cat"}, {"norm": "batch_norm", "act_first": True}, {"norm": "layer_norm"}], ids=str
)
@pytest.mark.parametrize("training", [False, True])
def test_relu_for_relu_changes_nothing(
    inputs: tuple[Tensor, Tensor], kind: Any, options: dict[str, Any], training: bool
) -> None:
    model = make(kind, **options).train(training)
    replaced = replace_activations(deepcopy(model), "relu")
    for _ in range(2):
        assert torch.equal(replaced(*inputs), model(*inputs))


OTHERS: list[Callable[[], nn.Module]] = [
    lambda: MLP([5, 8, 6, 3]),
    lambda: MLP([5, 8, 6, 3], plain_last=False, norm=None),
    lambda: nn.Sequential(nn.Linear(5, 4), nn.Sequential(nn.ReLU(), nn.Linear(4, 4)), nn.ReLU()),
    lambda: nn.ModuleDict({"a": Layers(1)})["a"],
]


@pytest.mark.parametrize("make_other", OTHERS)
def test_relu_for_relu_changes_nothing_without_a_graph(
    inputs: tuple[Tensor, Tensor], make_other: Callable[[], nn.Module]
) -> None:
    model = make_other()
    assert torch.equal(replace_activations(deepcopy(model), "relu")(inputs[0]), model(inputs[0]))


@pytest.mark.parametrize("block", ["res+", "res", "dense", "plain"])
def test_layers_of_deep_gcn(inputs: tuple[Tensor, Tensor], block: str) -> None:
    layer = DeepGCNLayer(GCNConv(5, 5), BatchNorm(5), nn.ReLU(), block=block)
    assert torch.equal(replace_activations(deepcopy(layer), "relu")(*inputs), layer(*inputs))
    replaced = replace_activations(layer, "na")
    assert len(slots_of(replaced)) == 1
    assert replaced(*inputs).shape == (NODES, 10 if block == "dense" else 5)


def test_sequences_of_pyg(inputs: tuple[Tensor, Tensor]) -> None:
    model = Sequential(
        "x, edge_index", [(GCNConv(5, 4), "x, edge_index -> x"), nn.ReLU(), (GCNConv(4, 3), "x, edge_index -> x")]
    )
    assert torch.equal(replace_activations(deepcopy(model), "relu")(*inputs), model(*inputs))
    replaced = deepcopy(replace_activations(model, "cna", clusters=3))
    assert replaced(*inputs).shape == (NODES, 3)
    assert int(slots_of(replaced)[0].assignment.count) == 1  # type: ignore[arg-type]


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


# How many slots there are


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(
    ("options", "calls"),
    [({}, 3), ({"jk": "cat"}, 4), ({"act": torch.tanh}, 3), ({"act": "gelu"}, 3), ({"act_first": True}, 3)],
    ids=["plain", "jk", "function", "gelu", "act-first"],
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


@pytest.mark.parametrize(("plain_last", "slots"), [(True, 2), (False, 3)])
def test_slots_of_mlp(plain_last: bool, slots: int) -> None:
    assert len(slots_of(replace_activations(MLP([5, 8, 6, 3], plain_last=plain_last), "na"))) == slots


def test_one_call_needs_no_counting(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(GCN(5, 8, 2, 3), "na")
    assert isinstance(model.act, CNA)
    assert not model._forward_pre_hooks
    assert torch.equal(model.forward(*inputs), model(*inputs))


def test_what_is_never_called_stays(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(GCN(5, 8, 1, 3), "na")
    assert isinstance(model.act, nn.ReLU)


def test_no_activation_stays_none() -> None:
    with pytest.raises(UsageError, match="found no activation module"):
        replace_activations(GCN(5, 8, 3, 3, act=None), "na")


@pytest.mark.parametrize("kind", ACTIVATIONS, ids=lambda kind: kind.__name__)
def test_every_activation_is_found(kind: type[nn.Module]) -> None:
    model = replace_activations(nn.Sequential(nn.Linear(5, 4), kind()), "na")
    assert isinstance(model[1], CNA)  # type: ignore[index]


def test_an_activation_at_several_places_becomes_several_slots(inputs: tuple[Tensor, Tensor]) -> None:
    shared = nn.ReLU()
    model = replace_activations(nn.Sequential(nn.Linear(5, 4), shared, nn.Linear(4, 6), shared), "cna", clusters=2)
    first, second = slots_of(model)
    assert first is not second
    assert model(inputs[0]).shape == (NODES, 6)
    assert (first.assignment.centroids.shape, second.assignment.centroids.shape) == ((2, 4), (2, 6))
    fresh = replace_activations(nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 6), nn.Tanh()), clusters=2)
    fresh.load_state_dict(model.state_dict())
    assert torch.equal(fresh.eval()(inputs[0]), model.eval()(inputs[0]))


def test_a_block_with_shared_weights_shares_its_slot(inputs: tuple[Tensor, Tensor]) -> None:
    block = nn.Sequential(nn.Linear(5, 5), nn.ReLU())
    model = replace_activations(nn.Sequential(block, block), "cna", clusters=2)
    model(inputs[0])
    (slot,) = slots_of(model)
    assert int(slot.assignment.count) == 2  # type: ignore[arg-type]


def test_activations_in_lists_belong_to_the_module_that_calls_them(inputs: tuple[Tensor, Tensor]) -> None:
    class Listed(Layers):
        def __init__(self) -> None:
            super().__init__(2)
            del self.act
            self.acts = nn.ModuleDict({"all": nn.ModuleList([nn.ReLU()])})

        def forward(self, x: Tensor) -> Tensor:
            for lin in self.lins:
                x = self.acts["all"][0](lin(x))  # type: ignore[index]
            return x

    model = replace_activations(Listed(), "cna", clusters=2, calls=2)
    for _ in range(2):
        model(inputs[0])
    assert [int(slot.assignment.count) for slot in slots_of(model)] == [2, 2]  # type: ignore[arg-type]


def test_gates_stay(inputs: tuple[Tensor, Tensor]) -> None:
    model = nn.ModuleList([SAGPooling(5, nonlinearity="tanh"), nn.Sigmoid(), nn.Softmax(dim=1), nn.Linear(5, 5)])
    with pytest.raises(UsageError, match="found no activation module"):
        replace_activations(model, "na")


# Counting of calls


def test_a_subclass_that_calls_the_forward_of_pyg(inputs: tuple[Tensor, Tensor]) -> None:
    class Wrapped(GCN):  # type: ignore[misc]
        def forward(self, pair: tuple[Tensor, Tensor]) -> Tensor:
            y: Tensor = super().forward(*pair)
            return y

    model = Wrapped(5, 8, 4, 3)
    replaced = replace_activations(deepcopy(model), "relu")
    assert torch.equal(replaced(inputs), model(inputs))
    assert [len(counter.slots) for counter in counters_of(replaced)] == [3]


def test_too_few_calls_are_said_at_the_first_forward(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(nn.Sequential(Layers(3)), "na")
    message = "activation '0.act' is called 2 times or more in one forward, but has a slot for 1: pass calls=2 or more"
    with pytest.raises(UsageError, match=message):
        model(inputs[0])
    replace_activations(model, "cna", clusters=2, calls=4)
    for _ in range(2):
        model(inputs[0])
    assert [int(slot.assignment.count) for slot in slots_of(model)] == [2, 2, 2, 0]  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:Sparse:UserWarning")  # of torch, once in a process
def test_calls_is_for_what_is_not_known(inputs: tuple[Tensor, Tensor]) -> None:
    model = nn.ModuleList([GCN(5, 8, 4, 5), Layers(2)])
    replaced = replace_activations(model, "na", calls=2)
    assert [len(counter.slots) for counter in counters_of(replaced)] == [3, 2]
    unet = replace_activations(GraphUNet(5, 8, 3, depth=2), "na", calls=4)
    assert unet(*inputs).shape == (NODES, 3)


def test_a_forward_within_a_forward_counts_for_itself(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(Recursive(), "na", calls=2)
    first, second = slots_of(model)
    order: list[nn.Module] = []
    for slot in (first, second):
        slot.register_forward_hook(lambda module, args, output: order.append(module))
    model(inputs[0])
    assert [slot is first for slot in order] == [True, True, False, False]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_exception_leaves_no_trace(inputs: tuple[Tensor, Tensor], error: type[BaseException]) -> None:
    def fail(*args: Any) -> None:
        raise error

    model = replace_activations(make(GCN), "na").eval()
    wanted = model(*inputs)
    handle = model.convs[2].register_forward_pre_hook(fail)  # type: ignore[union-attr, index]
    with pytest.raises(error):
        model(*inputs)
    handle.remove()
    assert torch.equal(model(*inputs), wanted)


def test_an_exception_in_an_inner_forward_that_is_caught(inputs: tuple[Tensor, Tensor]) -> None:
    class Careful(Recursive):
        def forward(self, x: Tensor, depth: int = 1) -> Tensor:
            x = self.act(x)
            if not depth:
                raise ZeroDivisionError
            with pytest.raises(ZeroDivisionError):
                self(x, depth - 1)
            y: Tensor = self.act(x)
            return y

    model = replace_activations(Careful(), "cna", clusters=2, calls=2)
    model(inputs[0])
    assert [int(slot.assignment.count) for slot in slots_of(model)] == [2, 1]  # type: ignore[arg-type]
    assert counters_of(model)[0].calls == ()


def test_a_copy_counts_for_itself(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(make(GCN), "cna", clusters=3)
    copy = deepcopy(model)
    copy(*inputs)
    assert [int(slot.assignment.count) for slot in slots_of(model)] == [0, 0, 0]  # type: ignore[arg-type]
    assert [int(slot.assignment.count) for slot in slots_of(copy)] == [1, 1, 1]  # type: ignore[arg-type]


def test_a_copy_within_the_forward_of_the_model_counts_for_itself(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(make(GCN), "cna", clusters=3)
    copy = deepcopy(model)

    def run_copy(*args: Any) -> None:
        copy(*inputs)

    model.convs[1].register_forward_pre_hook(run_copy)  # type: ignore[union-attr, index]
    model(*inputs)
    for each in (model, copy):
        assert [int(slot.assignment.count) for slot in slots_of(each)] == [1, 1, 1]  # type: ignore[arg-type]


def test_a_call_outside_a_forward_is_refused_where_it_is_not_known_which_it_is(
    inputs: tuple[Tensor, Tensor],
) -> None:
    model = replace_activations(make(GCN), "na")
    message = "activation 'act' has 3 slots, one for every call in a forward, but was called outside a forward"
    with pytest.raises(UsageError, match=message):
        model.forward(*inputs)
    with pytest.raises(UsageError, match=message):
        model.inference_per_layer(0, *inputs, batch_size=NODES)  # type: ignore[operator]
    alone = replace_activations(Layers(1), "na")
    assert torch.equal(alone.forward(inputs[0]), alone(inputs[0]))


# State


@pytest.mark.parametrize("kind", MODELS)
def test_saved_and_loaded_is_the_same(inputs: tuple[Tensor, Tensor], kind: Any) -> None:
    model = replace_activations(make(kind), "cna", clusters=3)
    for _ in range(3):
        model(*inputs)
    other = replace_activations(kind(5, 8, 4, 3), "cna", clusters=3)
    other.load_state_dict(model.state_dict())
    assert torch.equal(other.eval()(*inputs), model.eval()(*inputs))
    assert torch.equal(other.train()(*inputs), model.train()(*inputs))


def test_a_model_can_be_pickled(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(make(GCN), "na").eval()
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(*inputs), model(*inputs))


def test_device_type_and_mode_are_kept(inputs: tuple[Tensor, Tensor]) -> None:
    for slot in ("cna", "batchnorm"):
        model = replace_activations(MLP([5, 8, 8, 3]).double().eval(), slot, clusters=3)
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float64}
        assert not any(module.training for module in model.modules())
        assert model(inputs[0].double()).dtype == torch.float64
    assert all(module.training for module in replace_activations(make(GCN), "cna").modules())
    away = replace_activations(make(GCN).to("meta"), "cna")
    assert {parameter.device.type for parameter in away.parameters()} == {"meta"}


def test_evaluation_changes_nothing(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(make(GIN), "cna", clusters=3)
    model(*inputs)
    before = deepcopy(model.state_dict())
    model.eval()(*inputs)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_channels_of_a_model_may_come_from_the_first_step(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(GCN(-1, 8, 3, 3), "cna", clusters=3)
    assert model(*inputs).shape == (NODES, 3)


@pytest.mark.parametrize("slot", ["none", "relu", "cna", "na", "layernorm", "pairnorm"])
@pytest.mark.parametrize("kind", [GCN, GIN])
def test_replacing_twice_is_as_replacing_once(inputs: tuple[Tensor, Tensor], kind: Any, slot: str) -> None:
    model = make(kind).eval()
    once = replace_activations(deepcopy(model), "relu")
    twice = replace_activations(replace_activations(deepcopy(model), slot), "relu")
    assert torch.equal(twice(*inputs), once(*inputs))
    assert [*twice.state_dict()] == [*once.state_dict()]
    assert len(twice._forward_pre_hooks) == len(twice._forward_hooks) == 1


# Arguments


def test_factors_are_those_of_the_config(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(
        make(GCN), "cna", clusters=3, normalization="node", metric="cosine", schedule="released", recluster_every=7
    )
    for slot in slots_of(model):
        assert slot.clusters == 3
        assert type(slot.normalization).__name__ == "NodeNorm"
        assert (slot.assignment.distance, slot.assignment.schedule) == ("cosine", "released")
        assert slot.assignment.recluster_every == 7
    assert all(slot.compiled for slot in slots_of(replace_activations(make(GCN), "cna", compile=True)))


def test_shared_slots_have_the_same_clusters_and_rationals(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(make(GCN), "cna", clusters=3, sharing="shared")
    slots = slots_of(model)
    assert len(slots) == 3
    assert len({id(slot.activation) for slot in slots}) == len({id(slot.assignment) for slot in slots}) == 1
    model(*inputs).sum().backward()
    assert int(slots[0].assignment.count) == 3  # type: ignore[arg-type]
    assert sum(isinstance(module, Rational) for module in model.modules()) == 1


def test_sharing_k_means_needs_the_same_channels_everywhere() -> None:
    model = MLP([5, 8, 6, 3])
    with pytest.raises(UsageError, match="needs the same channels at all activations, but they have 6, 8: choose"):
        replace_activations(model, "cna", sharing="shared")
    assert isinstance(model.act, nn.ReLU)
    assert len({id(slot.activation) for slot in slots_of(replace_activations(model, "na", sharing="shared"))}) == 1


@pytest.mark.parametrize("slot", ["cna-labels", "cna-communities", "cna-random"])
def test_labels_are_the_clusters(inputs: tuple[Tensor, Tensor], slot: str) -> None:
    model = replace_activations(make(GCN), slot, labels=GROUPS)
    model(*inputs)
    assert [each.clusters for each in slots_of(model)] == [2, 2, 2]
    assert all(torch.equal(each.assignment.labels, GROUPS) for each in slots_of(model))  # type: ignore[arg-type]


def test_random_clusters_without_labels(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(make(GCN), "cna-random", clusters=5)
    assert [slot.clusters for slot in slots_of(model)] == [5, 5, 5]
    assert model(*inputs).shape == (NODES, 3)


def test_clusters_beside_labels_have_no_effect_and_that_is_said() -> None:
    with pytest.warns(UserWarning, match="clusters = 5 has no effect with assignment 'labels'"):
        replace_activations(make(GCN), "cna-random", clusters=5, labels=GROUPS)


def test_k_means_needs_rows_and_running_takes_mini_batches(inputs: tuple[Tensor, Tensor]) -> None:
    x = inputs[0]
    with pytest.raises(UsageError, match="clusters = 8 is out of range: the input has 4 nodes"):
        replace_activations(Layers(1))(x[:4])
    model = replace_activations(Layers(1), schedule="running")
    assert [len(model(batch)) for batch in (x, x[:4], x[4:10])] == [NODES, 4, 6]


# Channels, which norms need to know


NORMS = ["layernorm", "nodenorm", "batchnorm", "diffgroupnorm", "graphnorm"]
CHANNELS: dict[str, Callable[[], nn.Module]] = {
    **{kind.__name__: lambda kind=kind: make(kind) for kind in (*MODELS, PNA, EdgeCNN)},  # type: ignore[misc]
    "MLP": lambda: MLP([5, 8, 6, 3]),
    "MLP-to-the-end": lambda: MLP([5, 8, 6, 3], plain_last=False),
    "linear": lambda: nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Dropout(), nn.Linear(4, 6), nn.Tanh()),
    "norm-between": lambda: nn.Sequential(nn.Linear(5, 4), BatchNorm(4), nn.Identity(), nn.ReLU()),
    "nested": lambda: nn.Sequential(nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4)), nn.ReLU()),
    "after-activation": lambda: nn.Sequential(nn.Sequential(nn.Linear(5, 4), nn.ReLU()), nn.ELU()),
    "res": lambda: DeepGCNLayer(GATConv(5, 5), None, nn.ReLU(), block="res"),
    "res+": lambda: DeepGCNLayer(GCNConv(5, 5), None, nn.ReLU(), block="res+"),
    "dense": lambda: DeepGCNLayer(GCNConv(5, 4), None, nn.ReLU(), block="dense"),
    "gin": lambda: Sequential(
        "x, edge_index",
        [(GINConv(nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 6))), "x, edge_index -> x"), nn.ReLU()],
    ),
    "heads": lambda: Sequential("x, edge_index", [(GATConv(5, 4, heads=3), "x, edge_index -> x"), nn.ReLU()]),
    "mean-of-heads": lambda: Sequential(
        "x, edge_index", [(GATConv(5, 4, heads=3, concat=False), "x, edge_index -> x"), nn.ReLU()]
    ),
    # The activation reads what the first convolution gave, not the second.
    "by-name": lambda: Sequential(
        "x, edge_index",
        [
            (GCNConv(5, 4), "x, edge_index -> a"),
            (GCNConv(5, 6), "x, edge_index -> b"),
            (BatchNorm(4), "a -> c"),
            (nn.ReLU(), "c -> c"),
        ],
    ),
}


@pytest.mark.sampled(strength=1)
@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("slot", NORMS)
def test_norms_know_the_channels(inputs: tuple[Tensor, Tensor], name: str, slot: str) -> None:
    model = replace_activations(CHANNELS[name](), slot, clusters=2)
    plain = name.startswith("MLP") or type(model) is nn.Sequential
    assert len(model(*inputs[: 1 if plain else 2])) == NODES


UNTOLD: dict[str, Callable[[], nn.Module]] = {
    "first": lambda: nn.Sequential(nn.ReLU(), nn.Linear(5, 4)),
    "own": lambda: nn.Sequential(Layers(1)),
    "function": lambda: Sequential("x", [(nn.Linear(5, 5), "x -> x"), (torch.sin, "x -> x"), nn.ReLU()]),
    "several-values": lambda: Sequential(
        "x", [(nn.Linear(5, 4), "x -> x"), (lambda x: (x, x[:, :3]), "x -> y, x"), (nn.ReLU(), "x -> x")]
    ),
    "input": lambda: Sequential("x, y", [(nn.Linear(5, 4), "x -> x"), (nn.ReLU(), "y -> y")]),
    "multiple": lambda: Sequential("x, edge_index", [(MixHopConv(5, 4), "x, edge_index -> x"), nn.ReLU()]),
}


@pytest.mark.parametrize("name", UNTOLD)
def test_channels_that_the_model_does_not_tell_are_asked_for(name: str) -> None:
    model = UNTOLD[name]()
    with pytest.raises(UsageError, match=r"slot 'batchnorm' needs the channels at activation '[\w.]+': pass channels="):
        replace_activations(model, "batchnorm")
    for slot in ("pairnorm", "meansub", "cna"):
        replace_activations(deepcopy(model), slot)


def test_channels_are_for_what_is_not_known(inputs: tuple[Tensor, Tensor]) -> None:
    model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 5), Layers(1))
    assert replace_activations(model, "batchnorm", channels=5)(inputs[0]).shape == (NODES, 5)
    mixed = replace_activations(UNTOLD["multiple"](), "batchnorm", channels=12)
    assert mixed(*inputs).shape == (NODES, 12)


# What is refused


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "slot": ({"slot": "cnna"}, "unknown slot 'cnna'; choices, nearest first: cna"),
    "slot-type": ({"slot": None}, "slot = None is not accepted"),
    "factor": ({"cluster": 3}, "unknown argument of replace_activations 'cluster'; choices, nearest first: clusters"),
    "other-field": ({"layers": 3}, "unknown argument of replace_activations 'layers'"),
    "value": ({"metric": "cosin"}, "unknown metric 'cosin'; choices, nearest first: cosine"),
    "no-factor-of-slot": ({"slot": "relu", "metric": "cosine"}, "metric = 'cosine' does not go with slot 'relu'"),
    "clusters": ({"clusters": 0}, "clusters = 0 is out of range: it must be at least 1"),
    "recluster": ({"recluster_every": 0}, "recluster_every = 0 is out of range"),
    "channels": ({"channels": 0}, "channels = 0 is out of range: it must be an integer of at least 1"),
    "calls": ({"calls": 0}, "calls = 0 is out of range: it must be an integer of at least 1"),
    "calls-type": ({"calls": 2.0}, "calls = 2.0 is out of range"),
    "calls-bool": ({"calls": True}, "calls = True is out of range"),
    "labels-missing": ({"slot": "cna-labels"}, "assignment 'labels' needs labels: pass the cluster of every node"),
    "communities-missing": ({"slot": "cna-communities"}, "assignment 'communities' needs labels"),
    "labels-kmeans": ({"labels": GROUPS}, "labels don't go with assignment 'kmeans': only random, labels and"),
    "labels-na": ({"slot": "na", "labels": GROUPS}, "labels don't go with assignment 'none'"),
    "labels-relu": ({"slot": "relu", "labels": GROUPS}, "labels don't go with slot 'relu'"),
    "labels-list": (
        {"slot": "cna-labels", "labels": [0, 1]},
        r"labels of type list are not accepted: pass torch.as_tensor\(labels\)",
    ),
    "labels-float": ({"slot": "cna-random", "labels": GROUPS / 2}, "must be one integer of at least 0 for every node"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_leaves_the_model_as_it_was(inputs: tuple[Tensor, Tensor], name: str) -> None:
    arguments, message = REFUSED[name]
    model = make(GIN, act=torch.tanh).eval()
    wanted, modules = model(*inputs), [*model.modules()]
    with pytest.raises(UsageError, match=message):
        replace_activations(model, **arguments)
    assert all(one is other for one, other in zip(model.modules(), modules, strict=True))
    assert vars(model)["act"] is torch.tanh
    assert not model._forward_pre_hooks
    assert torch.equal(model(*inputs), wanted)


def test_one_activation_that_can_not_be_replaced_leaves_them_all() -> None:
    model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), Layers(1))
    with pytest.raises(UsageError, match=r"slot 'batchnorm' needs the channels at activation '2\.act'"):
        replace_activations(model, "batchnorm")
    assert isinstance(model[1], nn.ReLU)


def test_a_model_without_activations_is_refused() -> None:
    for model in (nn.Sequential(nn.Linear(2, 2), nn.Sigmoid()), nn.ReLU(), CNA(4)):
        for inputs in (None, torch.ones(9, 2)):
            with pytest.raises(UsageError, match="found no activation module in this model") as caught:
                replace_activations(model, inputs=inputs)
            assert "activations called as functions, such as F.relu, are found with inputs=" in str(caught.value)
            assert all(kind.__name__ in str(caught.value) for kind in ACTIVATIONS)


def test_a_model_without_a_forward_is_refused() -> None:
    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.ReLU()

        def encode(self, x: Tensor) -> Tensor:
            y: Tensor = self.act(self.act(x))
            return y

    for model in (Encoder(), nn.Sequential(Encoder())):
        with pytest.raises(
            UsageError, match=r"^Encoder has no forward, in which the calls of activation '(0\.)?act' cou"
        ):
            replace_activations(model, "na")


def test_channels_of_a_layer_of_ones_own_are_not_guessed(inputs: tuple[Tensor, Tensor]) -> None:
    class Heads(GATConv):  # type: ignore[misc]
        """Says its channels per head."""

        def __init__(self) -> None:
            super().__init__(5, 4, heads=3)
            self.concat = None

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            self.concat = True
            y: Tensor = super().forward(x, edge_index)
            self.concat = None
            return y

    model = Sequential("x, edge_index", [(Heads(), "x, edge_index -> x"), nn.ReLU()])
    with pytest.raises(UsageError, match="slot 'batchnorm' needs the channels at activation"):
        replace_activations(deepcopy(model), "batchnorm")
    for slot in ("cna", "batchnorm"):
        assert replace_activations(deepcopy(model), slot, inputs=inputs)(*inputs).shape == (NODES, 12)
    assert replace_activations(model, "cna")(*inputs).shape == (NODES, 12)


def test_no_model() -> None:
    for thing, name in ((GCN, "the class GCN"), ("gcn", "an object of type str"), (torch.relu, "an object of type")):
        with pytest.raises(UsageError, match=f"needs a model, an instance of torch.nn.Module, not {name}"):
            replace_activations(thing)  # type: ignore[arg-type]


def test_labels_of_another_graph_are_refused_in_the_forward(inputs: tuple[Tensor, Tensor]) -> None:
    model = replace_activations(make(GCN), "cna-labels", labels=GROUPS[:-1])
    with pytest.raises(UsageError, match="the input has 30 nodes, but the partition has a cluster for each of 29"):
        model(*inputs)


# Words


def test_the_same_model_is_returned_and_says_what_it_has() -> None:
    model = nn.Sequential(Layers(2))
    assert replace_activations(model, "na", calls=2) is model
    assert "SlotPerCall(\n      place=0.act\n" in str(model)


def test_the_example_runs() -> None:
    lines = str(inspect.getdoc(replace_activations)).split("::\n")[-1]
    names: dict[str, Any] = {
        "GCN": GCN,
        "Adam": Adam,
        "Rational": Rational,
        "replace_activations": replace_activations,
    }
    exec(dedent(lines), names)
    model, (weights, rationals) = names["model"], names["optimizer"].param_groups
    assert len(slots_of(model)) == 15
    assert len(rationals["params"]) == 30
    assert {*weights["params"], *rationals["params"]} == {*model.parameters()}
    assert len(weights["params"]) + 30 == len([*model.parameters()])
