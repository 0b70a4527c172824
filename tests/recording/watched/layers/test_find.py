"""Layers: found or named, numbered by their calls, in a chain, with a row per node, and the slots between them."""

from collections import deque, namedtuple
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from torch_geometric.data import Data
from torch_geometric.nn import (
    DeepGCNLayer,
    DenseGCNConv,
    GCN2Conv,
    GCNConv,
    GraphConv,
    MessagePassing,
    SAGPooling,
    global_mean_pool,
)
from torch_geometric.nn.models import GAT, GCN, GIN, GraphSAGE

from cna_viz.errors import UsageError
from cna_viz.nn.cna import CNA
from cna_viz.nn.replace import replace_activations
from cna_viz.recording.taps import listen
from cna_viz.recording.watched.layers.find import Layers, find_layers
from cna_viz.recording.watched.model.call import make_call
from tests.recording.helpers import NODES, hooks, karate_data

WIDTH = 8


def layers_of(model: nn.Module, names: Any = None, inputs: Any = None) -> Layers:
    data = karate_data()
    return find_layers(make_call(model, data, inputs), names, NODES)


def modules(found: Layers) -> list[nn.Module]:
    assert list(found.convs) == list(range(1, len(found.convs) + 1))
    return list(found.convs.values())


def refusal(model: nn.Module, names: Any = None, inputs: Any = None) -> str:
    with pytest.raises(UsageError) as caught:
        layers_of(model, names, inputs)
    assert hooks(model) == 0
    assert not torch.nn.modules.module._global_forward_pre_hooks
    return str(caught.value)


def conv() -> GCNConv:
    return GCNConv(WIDTH, WIDTH)


class Stack(nn.Module):
    """Blocks, one after the other, behind a linear layer."""

    def __init__(self, *blocks: nn.Module) -> None:
        super().__init__()
        self.first, self.blocks = nn.Linear(NODES, WIDTH), nn.ModuleList(blocks)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = self.step(block, x, edge_index)
        return x

    def step(self, block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
        y: Tensor = block(x, edge_index).relu()
        return y


class Sides(nn.Module):
    """Two convolutions side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.low, self.high = conv(), conv()

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        y: Tensor = self.low(x, edge_index) + self.high(x, edge_index.flip(0))
        return y


class Backwards(nn.Module):
    """Layers and slots that are called in another order than they are made in."""

    def __init__(self, slots: tuple[nn.Module, ...] = (nn.ReLU(), nn.ReLU())) -> None:
        super().__init__()
        self.last, self.middle, self.first = (GCNConv(*sizes) for sizes in ((8, 4), (8, 8), (NODES, 8)))
        self.late, self.early = reversed(slots)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        x = self.early(self.first(x, edge_index))
        return self.last(self.late(self.middle(x, edge_index)), edge_index)


# What is found


@pytest.mark.parametrize("kind", [GCN, GraphSAGE, GAT, GIN])
def test_the_convolutions_of_models_of_pyg_are_found(kind: Callable[..., nn.Module]) -> None:
    model = kind(NODES, 8, 3, 4)
    found = layers_of(model)
    assert modules(found) == list(model.convs)  # type: ignore[arg-type]
    assert found.taps.keys == ((1, "conv"), (2, "conv"), (3, "conv"), (1, "slot"), (2, "slot"))
    assert found.slots == {}
    assert not found.random
    assert torch.equal(found.output, model.eval()(karate_data().x, karate_data().edge_index))
    assert hooks(model) == 0


def test_layers_are_numbered_in_the_order_of_the_calls() -> None:
    model = Backwards()
    assert modules(layers_of(model)) == [model.first, model.middle, model.last]


def test_a_layer_inside_another_is_a_part_of_it() -> None:
    class Outer(MessagePassing):
        def __init__(self) -> None:
            super().__init__()
            self.inner = conv()

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = self.inner(self.inner(x, edge_index), edge_index)
            return y

    model = Stack(Outer(), conv())
    assert modules(layers_of(model)) == list(model.blocks)
    inner = model.blocks[0].inner
    assert modules(layers_of(model, ["blocks.0.inner", "blocks.1"])) == [inner, inner, model.blocks[1]]


def test_own_message_passing_is_a_layer() -> None:
    class Mean(MessagePassing):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = self.propagate(edge_index, x=x)
            return y

    model = Stack(Mean(), nn.Identity(), Mean())
    model.step = lambda block, x, edges: block(x, edges) if isinstance(block, Mean) else block(x)  # type: ignore[assignment]
    assert modules(layers_of(model)) == [model.blocks[0], model.blocks[2]]


def test_one_convolution_that_is_called_three_times_is_three_layers() -> None:
    shared = conv()
    model = Stack(shared, shared, shared)
    assert modules(layers_of(model)) == [shared] * 3
    assert modules(layers_of(model, "blocks.0")) == [shared] * 3


def test_layers_that_take_and_return_graphs() -> None:
    class Block(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.conv = GCNConv(channels, WIDTH)

        def forward(self, batch: Data) -> Data:
            batch.x = self.conv(batch.x, batch.edge_index).relu()
            return batch

    model, data = nn.Sequential(Block(NODES), Block(WIDTH)), karate_data()
    found = find_layers(make_call(model, data), ["0", "1"], NODES)
    assert modules(found) == list(model)
    assert found.taps.keys == ((1, "conv"), (2, "conv"), (1, "slot"))
    assert data.x.shape == (NODES, NODES)
    assert modules(find_layers(make_call(model, data), None, NODES)) == [model[0].conv, model[1].conv]


def test_the_score_of_a_pooling_is_no_layer() -> None:
    class Model(Stack):
        def __init__(self) -> None:
            super().__init__(conv(), conv())
            self.pool = SAGPooling(WIDTH, GNN=GraphConv)

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            x = super().forward(x, edge_index)
            kept, _, _, batch, _, _ = self.pool(x, edge_index)
            return global_mean_pool(kept, batch)

    model = Model()
    assert modules(layers_of(model)) == list(model.blocks)


def test_what_is_heard_are_the_features_by_hand() -> None:
    model, data = Backwards().eval(), karate_data()
    heard: dict[Any, Tensor] = {}
    with listen(layers_of(model).taps, lambda key, value, training: heard.update({key: value})):
        model(data.x, data.edge_index)
    first = model.first(data.x, data.edge_index)
    assert torch.equal(heard[1, "conv"], first)
    assert torch.equal(heard[1, "slot"], first.relu())
    assert torch.equal(heard[2, "conv"], model.middle(first.relu(), data.edge_index))


def test_the_table_says_what_is_recorded() -> None:
    assert layers_of(GCN(NODES, 8, 2, 4)).table == (
        "layer  module             recorded                         shape\n"
        "1      convs.0 (GCNConv)  output, input of the next layer  [34, 8]\n"
        "2      convs.1 (GCNConv)  output                           [34, 4]"
    )


def test_looking_for_layers_leaves_no_trace() -> None:
    model = GCN(NODES, 8, 3, 4, dropout=0.5, norm="batch")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    states = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index, union-attr]
    layers_of(model)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.array_equal(np.random.get_state()[1], states[1])  # type: ignore[index]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
    assert all(module.training for module in model.modules())
    assert torch.is_grad_enabled()


# Named


def test_named_modules_are_the_layers() -> None:
    model = Backwards()
    found = layers_of(model, ["early", "late"])
    assert modules(found) == [model.early, model.late]
    assert found.taps.keys == ((1, "conv"), (2, "conv"), (1, "slot"))


def test_one_name_is_one_layer() -> None:
    model = GCN(NODES, 8, 3, 4)
    assert modules(layers_of(model, "convs.0")) == [model.convs[0]]  # type: ignore[index]


@pytest.mark.parametrize("holder", [nn.ModuleList, nn.Sequential])
def test_a_container_stands_for_what_it_holds(holder: Callable[..., nn.Module]) -> None:
    model = Stack(Sides(), Sides())
    model.blocks = holder(model.blocks) if holder is nn.ModuleList else holder(*model.blocks)  # type: ignore[assignment]
    assert modules(layers_of(model, "blocks")) == list(model.blocks)


def test_a_sequence_that_is_called_is_itself_the_layer() -> None:
    model, data = nn.Sequential(nn.Sequential(nn.Linear(NODES, 8), nn.ReLU()), nn.Linear(8, 4)), karate_data()
    assert modules(layers_of(model, ["0", "1"], inputs=data.x)) == list(model)


def test_an_unknown_name_lists_the_names_there_are() -> None:
    assert refusal(GCN(NODES, 8, 3, 4), ["conv.0"]).startswith(
        "unknown module of GCN 'conv.0'; choices, nearest first: convs.0, "
    )


@pytest.mark.parametrize("names", [[], "", ["convs.0", "convs.0"], ["convs", "convs.1"], [3], 3])
def test_no_name_a_name_twice_and_a_part_of_a_layer_are_refused(names: Any) -> None:
    message = refusal(GCN(NODES, 8, 3, 4), names)
    assert message.startswith(("layers = ", "unknown module of GCN ''"))


def test_one_module_under_two_names_is_refused() -> None:
    shared = conv()
    assert "each once" in refusal(Stack(shared, shared), ["blocks.0", "blocks.1"])


def test_a_name_that_is_not_called_is_refused() -> None:
    class Idle(Backwards):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            return self.first.forward(x, edge_index)

    assert refusal(Idle()) == (
        "none of the 3 layers of Idle is called when Idle runs: name modules that are, layers=[...]"
    )
    # Its linear part is called, but it is not what was named.
    assert refusal(Idle(), ["first"]).startswith("the layer first is not called when Idle runs")
    assert refusal(Idle(), ["first.lin", "early"]).startswith("the layer early is not called when Idle runs")


def test_a_model_without_layers_lists_its_outermost_modules() -> None:
    linear = nn.Sequential(nn.Linear(NODES, 2), nn.ReLU())
    assert refusal(linear, inputs=karate_data().x).endswith(
        "has no layers of PyG's MessagePassing: name the modules whose outputs are the layers, such as those of DGL or "
        "your own, layers=[...]; there are: 0, 1"
    )
    assert refusal(nn.Linear(NODES, 2), inputs=karate_data().x).endswith("there are: none")
    deep = nn.Sequential(*(nn.Sequential(nn.Linear(2, 2), nn.ReLU()) for _ in range(30)))
    assert refusal(deep, inputs=karate_data().x).endswith(f"{', '.join(map(str, range(20)))}, ...")


def test_a_model_that_fails_is_refused_in_a_sentence() -> None:
    message = refusal(GCN(5, 8, 3, 4))
    assert message.startswith("GCN(x, edge_index) fails in evaluation mode (RuntimeError: mat1 and mat2 shapes")
    assert "\n" not in message


def test_a_model_that_writes_into_its_inputs_is_refused() -> None:
    class Writing(Stack):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            x[:, 0] += 1
            return super().forward(x, edge_index)

    model = Writing(conv())
    assert refusal(model).startswith("Writing(x, edge_index) writes into its inputs, so that looking at it would")
    assert modules(layers_of(Stack(conv()), inputs={"x": karate_data().x, "edge_index": karate_data().edge_index}))


@pytest.mark.parametrize("kind", ["function", "method", "part", "part of a list"])
def test_layers_of_compiled_models_are_those_of_the_plain_ones(kind: str) -> None:
    model = Stack(conv(), conv(), conv())
    table, given = layers_of(model).table, model
    if kind == "function":
        given = torch.compile(model, backend="eager")  # type: ignore[assignment]
    elif kind == "method":
        model.compile(backend="eager")  # type: ignore[no-untyped-call]
    elif kind == "part":
        model.blocks[1].compile(backend="eager")  # type: ignore[operator]
    else:
        model.blocks[1] = torch.compile(model.blocks[1], backend="eager")  # type: ignore[assignment]
    assert layers_of(given).table == table
    assert [name.split()[2] for name in layers_of(given, "blocks").table.splitlines()[1:]].count("(GCNConv)") >= 2


# A chain of calls


def test_layers_side_by_side_are_refused_and_their_parents_proposed() -> None:
    assert refusal(Stack(Sides(), Sides())) == (
        "Stack calls blocks.0.low (GCNConv) and then blocks.0.high (GCNConv), which does not use the output of that "
        "call, so its layers can't be counted: name the modules whose outputs are the layers, "
        "layers=['blocks.0', 'blocks.1']"
    )
    assert refusal(Stack(conv(), Sides())).endswith("layers=['blocks.0', 'blocks.1']")


def test_nothing_is_proposed_that_would_be_refused() -> None:
    class Branches(Stack):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            x = self.first(x)
            y: Tensor = self.blocks[0](x, edge_index) + self.blocks[1](x, edge_index)
            return y

    assert refusal(Branches(Sides(), Sides())).endswith(
        "layers=[...], for example of blocks.0.low, blocks.0.high, blocks.1.low, blocks.1.high"
    )


def test_one_convolution_on_two_graphs_is_refused() -> None:
    class Hops(Stack):
        def step(self, block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = block(x, edge_index) + block(x, edge_index.flip(0))
            return y

    assert refusal(Hops(conv(), conv())).startswith(
        "Hops calls blocks.0 (GCNConv) and then blocks.0 (GCNConv), which does not use"
    )


def test_an_encoder_that_runs_twice_is_refused() -> None:
    class Contrastive(nn.Module):
        def __init__(self, frozen: bool) -> None:
            super().__init__()
            self.encoder = GCN(NODES, 8, 2).requires_grad_(not frozen)

        def forward(self, x: Tensor, edge_index: Tensor) -> tuple[Tensor, Tensor]:
            return self.encoder(x, edge_index), self.encoder(x.flip(0), edge_index)

    for frozen in (True, False):
        assert refusal(Contrastive(frozen)).startswith(
            "Contrastive calls encoder.convs.1 (GCNConv) and then encoder.convs.0 (GCNConv), which does not use"
        )


@pytest.mark.parametrize(
    "kind",
    [
        tuple,
        list,
        namedtuple("Pair", "first second")._make,
        lambda pair: {"edges": None, "x": pair[1]},
        lambda pair: Data(edge_index=pair[0], x=pair[1]),
    ],
)
def test_a_chain_without_gradients_is_followed_through_whatever_holds_the_features(kind: Any) -> None:
    class Holding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = conv()

        def forward(self, given: Any, edge_index: Tensor) -> Any:
            x = given if isinstance(given, Tensor) else given["x" if isinstance(given, dict | Data) else 1]
            return kind([edge_index, self.conv(x, edge_index).detach()])

    class Model(Stack):
        def step(self, block: nn.Module, x: Any, edge_index: Tensor) -> Any:
            return block(x, edge_index)

    model = Model(Holding(), Holding())
    found = layers_of(model, "blocks")
    assert modules(found) == list(model.blocks)
    assert found.taps.keys == ((1, "conv"), (2, "conv"), (1, "slot"))
    assert modules(layers_of(model)) == [block.conv for block in model.blocks]


def test_a_model_that_fails_with_changed_features_tells_nothing() -> None:
    class Bounded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = conv()

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = self.conv(x, edge_index).sigmoid()
            return y

    class Strict(Stack):
        def step(self, block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = block(x, edge_index).detach()
            if y.min() < 0:
                raise ValueError("no probability")
            return y

    model = Strict(Bounded(), Bounded())
    assert layers_of(model, "blocks").taps.keys == ((1, "conv"), (2, "conv"))


def test_inputs_that_change_by_themselves_tell_nothing() -> None:
    generator = torch.Generator()

    class Noise(Stack):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = self.blocks[0](self.first(x), edge_index)
            return y + self.blocks[1](torch.rand(NODES, WIDTH, generator=generator), edge_index)

    assert refusal(Noise(conv(), conv())).startswith(
        "Noise calls blocks.0 (GCNConv) and then blocks.1 (GCNConv), which"
    )


def inplace(block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
    x = block(x, edge_index)
    x[:, 0] *= 2
    x.view(-1).relu_()
    return x.unsqueeze(0).squeeze(0)


@torch.no_grad()
def without_gradients(block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
    y: Tensor = block(x, edge_index)
    return y


def detached(block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
    y: Tensor = block(x, edge_index).detach().relu()
    return y


def through_numpy(block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
    return torch.from_numpy(block(x, edge_index).detach().numpy().clip(0))


def residual(block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
    y: Tensor = x + block(x, edge_index)
    return y


def again(block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
    y: Tensor = checkpoint(block, x, edge_index, use_reentrant=False)
    return y


def reentrant(block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
    y: Tensor = checkpoint(block, x, edge_index, use_reentrant=True)
    return y


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad:UserWarning")  # of checkpoint, in evaluation
@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("step", [inplace, without_gradients, detached, through_numpy, residual, again, reentrant])
def test_a_chain_is_followed_through(step: Callable[..., Tensor], frozen: bool) -> None:
    model = Stack(conv(), conv(), conv()).requires_grad_(not frozen)
    model.step = step  # type: ignore[assignment]
    found = layers_of(model)
    assert modules(found) == list(model.blocks)
    assert found.taps.keys == ((1, "conv"), (2, "conv"), (3, "conv"), (1, "slot"), (2, "slot"))
    assert all(parameter.requires_grad != frozen for parameter in model.parameters())


@pytest.mark.parametrize("frozen", [True, False])
def test_without_gradients_two_calls_on_the_same_features_are_side_by_side(frozen: bool) -> None:
    model = Stack(Sides()).requires_grad_(not frozen)
    model.step = without_gradients  # type: ignore[assignment]
    assert refusal(model).startswith("Stack calls blocks.0.low (GCNConv) and then blocks.0.high (GCNConv), which")


def test_between_named_layers_side_by_side_no_slot_is_recorded() -> None:
    model = Stack(Sides(), conv())
    found = layers_of(model, ["blocks.0.low", "blocks.0.high", "blocks.1"])
    assert modules(found) == [model.blocks[0].low, model.blocks[0].high, model.blocks[1]]
    assert found.taps.keys == ((1, "conv"), (2, "conv"), (3, "conv"), (2, "slot"))
    assert found.table.splitlines()[1:] == [
        "1      blocks.0.low (GCNConv)   output                           [34, 8]",
        "2      blocks.0.high (GCNConv)  output, input of the next layer  [34, 8]",
        "3      blocks.1 (GCNConv)       output                           [34, 8]",
    ]


def test_a_layer_whose_weights_come_from_the_layer_before_follows_it_but_its_features_are_no_slot() -> None:
    class Weighted(Stack):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            x = self.first(x)
            weight = self.blocks[0](x, edge_index)[edge_index[0]].mean(1).sigmoid()
            y: Tensor = self.blocks[1](x, edge_index, edge_weight=weight)
            return y

    model = Weighted(conv(), conv())
    found = layers_of(model)
    assert modules(found) == list(model.blocks)
    assert found.taps.keys == ((1, "conv"), (2, "conv"))


# Rows


class Pooling(nn.Module):
    """Halves the graph after the first layer."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = GCNConv(NODES, 8), GCNConv(8, 4)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        half = torch.arange(NODES) // 2
        x = global_mean_pool(self.one(x, edge_index).relu(), half)
        y: Tensor = self.two(x, half[edge_index])[half]
        return y


def test_layers_behind_a_pooling_are_refused_by_name() -> None:
    model = Pooling()
    assert refusal(model) == (
        "layer 2, two (GCNConv), returns features of shape (17, 4), but the graph has 34 nodes: only layers with one "
        "row per node can be recorded; name them, layers=['one']"
    )
    assert modules(layers_of(model, ["one"])) == [model.one]
    assert "returns features of shape (17, 4)" in refusal(model, ["one", "two"])


def test_dense_layers_without_a_row_per_node_are_refused_by_name() -> None:
    model = Stack(DenseGCNConv(WIDTH, WIDTH))
    assert refusal(model, inputs=(karate_data().x, torch.eye(NODES))).startswith(
        "layer 1, blocks.0 (DenseGCNConv), returns features of shape (1, 34, 8), but the graph has 34 nodes"
    )


def test_a_layer_that_returns_nothing_is_refused() -> None:
    class Nothing(nn.Module):
        def forward(self, x: Tensor) -> None:
            return None

    class Model(Backwards):
        def __init__(self) -> None:
            super().__init__()
            self.side = Nothing()

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            self.side(x)
            return super().forward(x, edge_index)

    assert refusal(Model(), ["side"]).startswith("layer 1, side (Nothing), returns no features, but")


# Modules that are no parts


class Listed(nn.Module):
    """Keeps layers in a plain list."""

    def __init__(self, *rest: nn.Module, last: nn.Module | None = None) -> None:
        super().__init__()
        self.rest, self.last = list(rest), last or nn.Identity()

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        for layer in self.rest:
            x = layer(x, edge_index) if isinstance(layer, GCNConv) else layer(x)
        y: Tensor = self.last(x, edge_index) if isinstance(self.last, GCNConv) else self.last(x)
        return y


def none_of_its_parts(kind: str) -> str:
    return (
        f"Listed calls {kind}, which is none of its parts (in a plain list?), so its weights are not in "
        "model.parameters(): keep them in an nn.ModuleList"
    )


@pytest.mark.parametrize("last", [GCNConv(8, 4), None])
def test_convolutions_in_a_plain_list_are_refused(last: nn.Module | None) -> None:
    assert refusal(Listed(GCNConv(NODES, 8), GCNConv(8, 8), last=last)) == none_of_its_parts("GCNConv")


def test_a_norm_in_a_plain_list_would_be_in_training_mode() -> None:
    last = GCNConv(NODES, 4)
    assert refusal(Listed(nn.BatchNorm1d(NODES), last=last)) == none_of_its_parts("BatchNorm1d")
    assert refusal(Listed(nn.Linear(NODES, NODES), last=last), "last") == none_of_its_parts("Linear")


def test_frozen_networks_and_modules_without_weights_may_be_kept_anywhere() -> None:
    frozen = nn.Linear(NODES, NODES).eval().requires_grad_(False)
    model = Listed(nn.ReLU(), frozen, last=GCNConv(NODES, 4))
    assert modules(layers_of(model)) == [model.last]


def test_a_module_that_is_made_in_the_first_call_is_refused_until_then() -> None:
    class Late(Stack):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            if not hasattr(self, "late"):
                self.late = nn.Linear(WIDTH, 4)
            y: Tensor = self.late(super().forward(x, edge_index))
            return y

    model, data = Late(conv(), conv()), karate_data()
    assert refusal(model) == (
        "Late makes a Linear when it is called: make it in __init__, or call the model once before it is watched"
    )
    model(data.x, data.edge_index)
    assert modules(layers_of(model)) == list(model.blocks)


# Modules that call themselves, and forward passes with a backward pass in them


class Recursive(nn.Module):
    """Calls itself; its only layer is called three times."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.conv = nn.Linear(NODES, WIDTH), conv()

    def forward(self, x: Tensor, edge_index: Tensor, left: int = 3) -> Tensor:
        x = self.first(x) if left == 3 else x
        y: Tensor = self(self.conv(x, edge_index), edge_index, left - 1) if left else x
        return y


def test_layers_inside_a_recursion_are_refused() -> None:
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.last = Recursive(), conv()

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = self.last(self.inner(x, edge_index), edge_index)
            return y

    message = (
        "Recursive calls itself while it runs, so that its layers can't be counted: let its forward call a method that "
        "does, or a loop"
    )
    assert refusal(Recursive()) == refusal(Outer()) == refusal(Outer(), ["inner", "last"]) == message
    outer = Outer()
    assert modules(layers_of(outer, "last")) == [outer.last]


@pytest.mark.parametrize("through", [False, True])
def test_a_gradient_that_is_taken_inside_the_forward_pass(through: bool) -> None:
    class Energy(Stack):
        def step(self, block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
            with torch.enable_grad():
                start = x if x.requires_grad else x.clone().requires_grad_()
                h = block(start, edge_index)
                (gradient,) = torch.autograd.grad(h.square().sum(), start if through else h, create_graph=True)
            return torch.as_tensor(h - 0.1 * gradient)

    model, data = Energy(conv(), conv()), karate_data()
    found = layers_of(model)
    assert modules(found) == list(model.blocks)
    assert found.taps.keys == ((1, "conv"), (2, "conv"), (1, "slot"))
    torch.testing.assert_close(found.output, model.eval()(data.x, data.edge_index).detach())
    assert not found.random
    assert not found.stateful


# Random outputs, and state


@pytest.mark.parametrize("draw", [torch.rand, lambda count: torch.from_numpy(np.random.rand(count)).float()])
def test_an_output_that_changes_in_evaluation_mode_is_noticed(draw: Callable[[int], Tensor]) -> None:
    class Dropped(Stack):
        def step(self, block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = block(x, edge_index) * draw(WIDTH)
            return y

    assert layers_of(Dropped(conv(), conv())).random


def test_dropout_without_the_mode_is_noticed_and_with_it_is_not_random() -> None:
    class Model(Stack):
        always = True

        def step(self, block: nn.Module, x: Tensor, edge_index: Tensor) -> Any:
            return F.dropout(block(x, edge_index), training=self.always or self.training)

    class Pair(Model):
        def forward(self, x: Tensor, edge_index: Tensor) -> Any:
            return {"hidden": [torch.zeros(2), None], "y": super().forward(x, edge_index)}

    for kind in (Model, Pair):
        model = kind(conv())
        assert layers_of(model).random
        model.always = False
        assert not layers_of(model).random


# Slots


def test_slots_belong_to_the_gap_in_which_they_are_called() -> None:
    early, late = CNA(8, 4), CNA(8, 4)
    assert layers_of(Backwards((early, late))).slots == {1: early, 2: late}
    assert layers_of(Backwards((early, nn.ReLU()))).slots == {1: early}
    assert layers_of(Backwards((nn.ReLU(), late))).slots == {2: late}


def test_a_slot_that_is_called_in_two_gaps_and_two_slots_in_one_are_no_slots_of_a_layer() -> None:
    slot = CNA(8, 4)
    assert layers_of(Backwards((slot, slot))).slots == {}
    assert layers_of(Backwards((nn.Sequential(CNA(8, 4), CNA(8, 4)), slot))).slots == {2: slot}


def test_slots_that_share_their_parts_are_slots_of_their_layers() -> None:
    slot = CNA.preset("cna-released", 8, 4)
    other = slot.sharing()
    assert layers_of(Backwards((slot, other))).slots == {1: slot, 2: other}


@pytest.mark.parametrize("kind", [GCN, GIN])
def test_slots_within_a_layer_are_not_those_between_layers(kind: Callable[..., nn.Module]) -> None:
    model = replace_activations(kind(NODES, 8, 3, 4), "cna", clusters=4)
    slots = layers_of(model).slots
    assert slots == dict(enumerate(model.act.slots, start=1))  # type: ignore[union-attr, arg-type]
    assert len(slots) == 2


def test_slots_before_the_first_layer_and_behind_the_last_are_none_of_a_gap() -> None:
    class Framed(Backwards):
        def __init__(self) -> None:
            super().__init__()
            self.before, self.behind = CNA(NODES, 4), CNA(4, 4)

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            return self.behind(super().forward(self.before(x), edge_index))

    torch.manual_seed(0)
    assert layers_of(Framed()).slots == {}


def test_a_slot_in_a_block_belongs_to_the_convolution_before_it() -> None:
    slots = [CNA(WIDTH, 4) for _ in range(3)]
    before = Stack(*(DeepGCNLayer(conv(), None, slot, block="res+") for slot in slots))
    assert layers_of(before).slots == {1: slots[1], 2: slots[2]}
    behind = Stack(*(DeepGCNLayer(conv(), None, slot, block="plain") for slot in slots))
    assert layers_of(behind).slots == {1: slots[0], 2: slots[1]}


def test_a_slot_between_layers_side_by_side_is_none_of_a_layer() -> None:
    class Model(Stack):
        def __init__(self) -> None:
            super().__init__(conv(), conv())
            self.slot = CNA(WIDTH, 4)

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            x = self.first(x)
            y: Tensor = self.slot(self.blocks[0](x, edge_index)) + self.blocks[1](x, edge_index)
            return y

    assert layers_of(Model(), ["blocks"]).slots == {}


def test_an_initial_residual_is_not_taken_for_the_features() -> None:
    class Initial(Stack):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            x = start = self.first(x).relu()
            for block in self.blocks:
                x = block(x, start, edge_index).relu()
            return x

    model = Initial(*(GCN2Conv(WIDTH, 0.1) for _ in range(3)))
    assert layers_of(model).taps.keys == ((1, "conv"), (2, "conv"), (3, "conv"), (1, "slot"), (2, "slot"))


@pytest.mark.parametrize(
    ("memory", "step"),
    [
        (SimpleNamespace(n=0), lambda memory: vars(memory).update(n=memory.n + 1) or memory.n),
        (deque([1]), lambda memory: memory.append(1) or len(memory)),
        ([torch.zeros(())], lambda memory: memory[0].add_(1).clone()),
        (iter(range(100)), next),
        ([torch.Generator().manual_seed(0)], lambda memory: torch.rand((), generator=memory[0])),
    ],
)
def test_a_pass_that_changes_the_next_is_noticed_and_is_not_random(memory: Any, step: Callable[[Any], Any]) -> None:
    class Counting(Stack):
        def step(self, block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = block(x, edge_index) * (1 + step(memory))
            return y

    found = layers_of(Counting(conv(), conv()))
    assert (found.stateful, found.random) == (True, False)


def test_state_in_attributes_is_put_back_and_random_outputs_are_no_state() -> None:
    class Model(Stack):
        calls, memory = 0, torch.zeros(1)

        def step(self, block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
            self.calls += 1
            y: Tensor = block(x, edge_index) * self.calls * (torch.rand(1) if self.random else 1)
            return y

    for random in (False, True):
        model = Model(conv(), conv())
        model.random = random
        found = layers_of(model)
        assert (found.stateful, found.random, model.calls) == (False, random, 0)
