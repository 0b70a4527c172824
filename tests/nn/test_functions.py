"""Slots in the place of activations that a model calls as functions."""

import inspect
import io
import threading
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.functional import relu as imported
from torch.overrides import _get_current_function_mode_stack
from torch.utils.checkpoint import checkpoint
from torch_geometric.nn import GATConv, GCNConv, Sequential
from torch_geometric.nn.models import GCN, LINKX, AttentiveFP

from cna_viz.errors import UsageError
from cna_viz.nn.cna import CNA
from cna_viz.nn.replace import replace_activations
from cna_viz.nn.replacing.calls import SlotPerCall
from cna_viz.nn.replacing.functions import FUNCTIONS, FunctionSlots

NODES = 30
Inputs = tuple[Tensor, Tensor]


@pytest.fixture
def inputs() -> Inputs:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(NODES, 5, generator=generator), torch.randint(NODES, (2, 90), generator=generator)


@pytest.fixture(autouse=True)
def no_mode_is_left() -> Iterator[None]:
    yield
    assert _get_current_function_mode_stack() == []


class Net(nn.Module):
    """The model of the report: functions between the convolutions, a module in the head."""

    def __init__(self, conv: Any = GCNConv) -> None:
        super().__init__()
        self.convs = nn.ModuleList([conv(5, 8), conv(8, 6), conv(6, 6)])
        self.head = nn.Sequential(nn.Linear(6, 7), nn.ReLU(), nn.Linear(7, 3))

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        x = F.relu(self.convs[0](x, edge_index))
        x = self.convs[1](x, edge_index).relu_()
        x = self.convs[2](x, edge_index)
        torch.relu_(x)  # the result is not used
        y: Tensor = self.head(x)
        return y


class Call(nn.Module):
    """Applies a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function
        self.lin = nn.Linear(5, 5)

    def forward(self, *args: Any) -> Any:
        return self.function(*args)


def slots_of(model: nn.Module) -> list[CNA]:
    return [module for module in model.modules() if isinstance(module, CNA)]


def counts_of(model: nn.Module) -> list[int]:
    return [int(slot.assignment.count) for slot in slots_of(model)]  # type: ignore[arg-type]


def places_of(model: nn.Module) -> list[str]:
    (slots,) = (module for module in model.modules() if isinstance(module, FunctionSlots))
    return [place.partition(",")[0] for place, _ in slots.calls]


def gradients(model: nn.Module, inputs: Inputs) -> list[Tensor]:
    return list(torch.autograd.grad(model(*inputs).square().sum(), [*model.parameters()]))


# Right values


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("conv", [GCNConv, GATConv])
def test_relu_for_relu_changes_nothing(inputs: Inputs, conv: Any, training: bool) -> None:
    model = Net(conv).train(training)
    replaced = replace_activations(deepcopy(model), "relu", inputs=inputs)
    assert torch.equal(replaced(*inputs), model(*inputs))
    for one, other in zip(gradients(replaced, inputs), gradients(model, inputs), strict=True):
        assert torch.equal(one, other)


def test_every_activation_has_a_slot_that_each_forward_calls_once(inputs: Inputs) -> None:
    model = replace_activations(Net(), "cna", clusters=3, inputs=inputs)
    assert len(slots_of(model)) == 4
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(1, 4):
        optimizer.zero_grad()
        model(*inputs).sum().backward()
        optimizer.step()
        assert counts_of(model) == [step] * 4
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert places_of(model) == ["relu in Net.forward", "relu_ in Net.forward", "relu_ in Net.forward"]


def test_slots_get_what_the_functions_got_and_give_what_goes_on(inputs: Inputs) -> None:
    model, given, taken = replace_activations(Net(), "na", inputs=inputs), list[Tensor](), list[Tensor]()
    for conv in model.convs:  # type: ignore[union-attr]
        conv.register_forward_hook(lambda module, args, output: given.append(output.clone()))
    for slot in model.function_slots.slots:  # type: ignore[union-attr]
        slot.register_forward_hook(lambda module, args, output: taken.extend((args[0], output)))
    heads = list[Tensor]()
    model.head.register_forward_pre_hook(lambda module, args: heads.append(args[0]))  # type: ignore[union-attr]
    model(*inputs)
    assert all(torch.equal(one, other) for one, other in zip(given, taken[::2], strict=True))
    assert torch.equal(heads[0], taken[-1])


ARGUMENTS: dict[str, tuple[Any, ...]] = {"prelu": (torch.tensor(0.25),)}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: f"{FUNCTIONS[function]}-{type(function).__name__}")
def test_every_function_is_replaced(function: Any) -> None:
    x = torch.randn(6, 5)
    model = Call(lambda x: function(x, *ARGUMENTS.get(FUNCTIONS[function], ())))
    model = replace_activations(model, "none", inputs=x.clone())
    assert torch.equal(model(x.clone()), x)
    assert places_of(model)[0].startswith(FUNCTIONS[function])


IN_PLACE: dict[str, Callable[[Tensor], Any]] = {
    "method": lambda x: x.relu_(),
    "torch": lambda x: torch.tanh_(x),
    "argument": lambda x: F.leaky_relu(x, 0.1, True),
    "keyword": lambda x: F.elu(input=x, inplace=True),
    "out": lambda x: torch.tanh(x.detach(), out=x),  # type: ignore[call-overload]
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_functions_in_place_change_their_tensor(name: str) -> None:
    def unused(x: Tensor) -> tuple[Any, Tensor]:
        return IN_PLACE[name](x), x

    x = torch.randn(6, 5)
    model = replace_activations(Call(unused), "pairnorm", inputs=x.clone())
    wanted = model.function_slots.slots[0](x)  # type: ignore[union-attr, index, operator]
    result, changed = model(given := x.clone())
    assert result is changed is given
    assert torch.equal(given, wanted)


@pytest.mark.parametrize("slot", ["relu", "cna", "pairnorm", "none"])
def test_gradients_of_functions_in_place_are_those_of_the_others(inputs: Inputs, slot: str) -> None:
    class Other(Net):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            for conv in self.convs:
                x = F.relu(conv(x, edge_index))
            y: Tensor = self.head(x)
            return y

    torch.manual_seed(0)
    options: dict[str, Any] = {"clusters": 3} if slot == "cna" else {}
    model = replace_activations(Net(), slot, inputs=inputs, **options)
    other = replace_activations(Other(), slot, inputs=inputs, **options)
    other.load_state_dict(model.state_dict())
    for one, two in zip(gradients(model, inputs), gradients(other, inputs), strict=True):
        assert torch.equal(one, two)


def test_norms_know_the_channels(inputs: Inputs) -> None:
    model = replace_activations(Net(), "batchnorm", inputs=inputs)
    norms = [module.num_features for module in model.modules() if isinstance(module, nn.BatchNorm1d)]
    assert sorted(norms) == [6, 6, 7, 8]  # type: ignore[type-var]
    assert model(*inputs).shape == (NODES, 3)


class Loop(nn.Module):
    """One activation module, called more often than there are modules."""

    def __init__(self) -> None:
        super().__init__()
        self.act, self.unused = nn.ReLU(), nn.ReLU()
        self.lins = nn.ModuleList([nn.Linear(5, 4), nn.Linear(4, 3), nn.Linear(3, 6)])

    def forward(self, x: Tensor) -> Tensor:
        for lin in self.lins:
            x = self.act(lin(x))
        return x


def test_modules_are_counted_as_well(inputs: Inputs) -> None:
    model = replace_activations(nn.Sequential(Loop()), "batchnorm", inputs=inputs[0])
    norms = [module.num_features for module in model.modules() if isinstance(module, nn.BatchNorm1d)]
    assert norms == [4, 3, 6]
    assert [len(each.slots) for each in model.modules() if isinstance(each, SlotPerCall)] == [3]
    assert len(model(inputs[0])) == NODES
    gnn = replace_activations(GCN(5, 8, 3, 3), "cna", clusters=3, inputs=inputs)
    gnn(*inputs)
    assert counts_of(gnn) == [1, 1]


# What is left alone


def test_other_functions_and_the_code_of_libraries_stay(inputs: Inputs) -> None:
    class Gates(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.layer = GATConv(5, 4, heads=2), nn.TransformerEncoderLayer(8, 2)

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            x = self.layer(self.conv(x, edge_index))
            x = torch.where(x > 0, x, 0 * x).sigmoid().clamp(min=0.2)
            return F.log_softmax(F.selu(x), dim=1)

    model = Gates().eval()
    replaced = replace_activations(deepcopy(model), "none", inputs=inputs)
    assert places_of(replaced) == ["selu in test_other_functions_and_the_code_of_libraries_stay.<locals>.Gates.forward"]
    wanted = torch.zeros(0)

    def hear(x: Tensor) -> Tensor:
        nonlocal wanted
        wanted = x
        return x

    heard = replace_activations(deepcopy(model), "none", inputs=inputs)
    heard.function_slots.slots[0].forward = hear  # type: ignore[union-attr, index, assignment]
    y = heard(*inputs)
    with torch.no_grad():
        x = model.layer(model.conv(*inputs))
    torch.testing.assert_close(wanted, torch.where(x > 0, x, 0 * x).sigmoid().clamp(min=0.2))
    torch.testing.assert_close(y, wanted.log_softmax(dim=1))


def test_models_of_pyg_call_functions_between_their_layers(inputs: Inputs) -> None:
    with pytest.raises(UsageError, match=r"^LINKX\.forward calls relu_ as a function"):
        replace_activations(LINKX(NODES, 5, 8, 3, 2), "relu")
    edges = torch.randn(90, 3)
    model = AttentiveFP(5, 8, 3, edge_dim=3, num_layers=2, num_timesteps=1)
    replaced = replace_activations(model, "relu", inputs=(*inputs, edges, torch.zeros(NODES, dtype=torch.long)))
    assert {place.partition(" in ")[2] for place in places_of(replaced)} == {"AttentiveFP.forward"}


def test_functions_in_sequences_of_pyg(inputs: Inputs) -> None:
    parts = [(GCNConv(5, 4), "x, edge_index -> x"), (F.relu, "x -> x"), (GCNConv(4, 3), "x, edge_index -> x")]
    model = Sequential("x, edge_index", parts)
    assert torch.equal(replace_activations(deepcopy(model), "relu")(*inputs), model(*inputs))
    assert len(slots_of(replace_activations(model, "na"))) == 1
    lambdas = Sequential("x, edge_index", [*parts, (lambda x: F.relu(x), "x -> x")])
    with pytest.raises(UsageError, match=r"calls relu as a function, and only a run"):
        replace_activations(lambdas, "relu")
    assert torch.equal(replace_activations(deepcopy(lambdas), "relu", inputs=inputs)(*inputs), lambdas(*inputs))
    assert len(slots_of(replace_activations(lambdas, "na", inputs=inputs))) == 2


def test_a_forward_that_was_set_on_the_object_is_refused(inputs: Inputs) -> None:
    model = nn.Linear(5, 5)
    model.forward = lambda x: F.relu(x)  # type: ignore[method-assign]
    with pytest.raises(
        UsageError, match=r"this Linear calls as functions can't be replaced, as its forward was set on the object"
    ):
        replace_activations(model, "relu", inputs=inputs[0])


def test_functions_that_layers_of_torch_hold_are_left_alone() -> None:
    model = replace_activations(nn.Sequential(nn.TransformerEncoderLayer(8, 2), nn.ReLU()), "na")
    assert len(slots_of(model)) == 1


# Functions that are seen without a run


def helper(x: Tensor) -> Tensor:
    return x.tanh()


class Inherited(Net):
    """Has the forward of Net."""


class ByName(nn.Module):
    """Calls a module that is named as a function is."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.lin = nn.ReLU(), nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.relu(self.lin(x))
        return y


class Made(ByName):
    """Makes its activation in the forward."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.ReLU()(self.relu(x))  # type: ignore[no-any-return]


class Overridden(Net):
    """Never calls the functions of Net."""

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        y: Tensor = self.head(self.convs[2](x, edge_index))
        return y


class Calling(Net):
    """Calls the functions of Net by super()."""

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        return super().forward(x, edge_index)


MENTIONS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "forward": (Net, r"Net\.forward calls relu"),
    "inherited": (Inherited, r"Net\.forward calls relu"),
    "super": (Calling, r"Net\.forward calls relu"),
    "within": (lambda: nn.Sequential(nn.ReLU(), Net()), r"Net\.forward calls relu"),
    "held": (lambda: Call(F.gelu), r"Call\.function is gelu"),
    "partial": (lambda: Call(partial(F.leaky_relu, negative_slope=0.1)), r"Call\.function is leaky_relu"),
    "lambda": (lambda: Call(lambda x: torch.tanh(x)), r"Call\.function calls tanh"),
    "nested": (lambda: Call(lambda xs: [(lambda: x.elu_())() if False else F.elu_(x) for x in xs]), "calls elu_"),
    "module": (lambda: Made(), r"Made\.forward calls ReLU"),
    "list": (lambda: Call([nn.ELU()]), r"Call\.function is ELU"),  # type: ignore[arg-type]
    "imported": (lambda: Call(lambda x: imported(x)), r"Call\.function calls relu"),
    "helper": (lambda: Call(lambda x: helper(x)), r"helper calls tanh"),
    "closure": (lambda: (lambda f: Call(lambda x: f(x)))(helper), r"Call\.function calls tanh"),
}


@pytest.mark.parametrize("name", MENTIONS)
def test_functions_without_a_run_are_refused(name: str) -> None:
    make, message = MENTIONS[name]
    model = make()
    with pytest.raises(
        UsageError, match=rf"{message} as a function, and only a run of the model shows how often: pass inputs=\(data"
    ):
        replace_activations(model, "relu")
    assert not any(isinstance(module, FunctionSlots) for module in model.modules())


@pytest.mark.parametrize("make", [ByName, Overridden])
def test_modules_and_methods_that_never_run_are_no_functions(make: Callable[[], nn.Module]) -> None:
    assert len(slots_of(replace_activations(make(), "na"))) == 1


# The run


@pytest.mark.parametrize("training", [False, True])
def test_the_run_leaves_the_model_and_the_random_state_as_they_were(inputs: Inputs, training: bool) -> None:
    class Cached(Net):
        def __init__(self) -> None:
            super().__init__(partial(GCNConv, cached=True))
            self.norm = nn.BatchNorm1d(3)

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = F.dropout(self.norm(super().forward(x, edge_index)), training=True)
            return y

    model = Cached().train(training)
    model.head.eval()
    before, state = deepcopy(model.state_dict()), torch.get_rng_state()
    modes = [module.training for module in model.modules()]
    replace_activations(model, "relu", inputs=inputs)
    assert torch.equal(torch.get_rng_state(), state)
    assert [*model.state_dict()] == [*before]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [module.training for name, module in model.named_modules() if "slots" not in name][: len(modes)] == modes
    assert all(conv._cached_edge_index is None for conv in model.convs)  # type: ignore[union-attr]


def test_inputs_may_be_a_sequence_a_dictionary_or_one_value(inputs: Inputs) -> None:
    x, edge_index = inputs
    for each in (inputs, [*inputs], {"x": x, "edge_index": edge_index}):
        assert len(slots_of(replace_activations(Net(), "na", inputs=each))) == 4
    assert len(slots_of(replace_activations(Call(F.relu), "na", inputs=x))) == 1


REFUSED: dict[str, tuple[Callable[[], nn.Module], dict[str, Any], str]] = {
    "missing": (Net, {"inputs": torch.ones(9, 5)}, r"^the model fails on inputs with TypeError, .*'edge_index': pass"),
    "shape": (lambda: Call(nn.Linear(3, 2)), {"inputs": torch.ones(9, 5)}, "fails on inputs with RuntimeError, mat1"),
    "calls": (Net, {"inputs": torch.ones(9, 5), "calls": 2}, "^calls = 2 does not go with inputs"),
    "names": (Net, {"inputs": {"a": 1}}, r"fails on inputs with TypeError, .* unexpected keyword argument 'a'"),
    "lock": (
        lambda: Call(partial(print, threading.Lock())),
        {"inputs": torch.ones(9, 5)},
        "it can't be copied: TypeError",
    ),
    "none": (lambda: Call(torch.sin), {"inputs": torch.ones(9, 5)}, "found no activation module"),
    "compiled": (
        lambda: torch.compile(Call(F.relu)),
        {"inputs": torch.ones(9, 5)},
        "leave torch.compile or torch.jit out",
    ),  # type: ignore[dict-item, return-value]
}


@pytest.mark.parametrize("name", REFUSED)
def test_runs_that_fail_leave_the_model_as_it_was(name: str) -> None:
    make, arguments, message = REFUSED[name]
    model = make()
    kind, modules = type(model), [*model.modules()]
    with pytest.raises(UsageError, match=message):
        replace_activations(model, "relu", **arguments)
    assert type(model) is kind
    assert [*model.modules()] == modules


def test_calls_that_the_run_did_not_make_are_refused(inputs: Inputs) -> None:
    class Deeper(Net):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            for _ in range(1 + self.training):
                x = F.relu(x)
            return F.elu(x) if x.shape[0] == 2 else x

    model = replace_activations(Deeper(), "na", inputs=inputs)
    message = (
        r"^relu in .*Deeper\.forward, line \d+ is called 2 times or more in one forward, but 1 times in the run on"
    )
    with pytest.raises(UsageError, match=message):
        model(*inputs)
    assert model.eval()(*inputs).shape == (NODES, 5)
    with pytest.raises(UsageError, match=r"^elu in .*Deeper\.forward, line \d+ is called 1 times or more"):
        model(inputs[0][:2], inputs[1])


def test_functions_that_only_training_calls_are_refused_there(inputs: Inputs) -> None:
    class Auxiliary(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            x = self.act(x)
            return F.elu(x) if self.training else x

    model = replace_activations(Auxiliary(), "na", inputs=inputs[0])
    assert len(slots_of(model)) == 1
    assert model.eval()(inputs[0]).shape == (NODES, 5)
    with pytest.raises(
        UsageError, match=r"^elu in .*Auxiliary\.forward, line \d+ is called 1 times or more in one forw"
    ):
        model.train()(inputs[0])


def test_calls_that_are_left_out_move_no_other_slot(inputs: Inputs) -> None:
    class Skips(nn.Module):
        def forward(self, x: Tensor, first: bool = True) -> Tensor:
            if first:
                x = F.relu(x)
            return torch.tanh(x)

    model = replace_activations(Skips(), "cna", clusters=2, inputs=inputs[0])
    for first in (True, False, False):
        model(inputs[0], first)
    assert counts_of(model) == [1, 3]


# Copies, nesting, errors, threads


def test_copies_have_slots_of_their_own(inputs: Inputs) -> None:
    model = replace_activations(Net(), "cna", clusters=3, inputs=inputs)
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    copies = [deepcopy(model), torch.load(file, weights_only=False)]
    for copy in copies:
        assert isinstance(copy, Net)
        assert torch.equal(copy(*inputs), deepcopy(model)(*inputs))
        assert (counts_of(copy), counts_of(model)) == ([1] * 4, [0] * 4)
    fresh = replace_activations(Net(), "cna", clusters=3, inputs=inputs)
    fresh.load_state_dict(copies[0].state_dict())
    assert torch.equal(fresh.eval()(*inputs), copies[0].eval()(*inputs))
    assert {each.dtype for each in fresh.double().parameters()} == {torch.float64}


def test_replicas_use_the_slots_that_they_have(inputs: Inputs) -> None:
    model = replace_activations(Net(), "na", inputs=inputs)
    replica = model._replicate_for_data_parallel()  # type: ignore[operator]
    replica._modules["function_slots"] = deepcopy(model.function_slots)
    calls: list[int] = []
    model.function_slots.slots[0].register_forward_hook(lambda *args: calls.append(0))  # type: ignore[union-attr, index, arg-type]
    replica._modules["function_slots"].slots[0].register_forward_hook(lambda *args: calls.append(1))
    assert torch.equal(replica(*inputs), nn.DataParallel(model)(*inputs))
    assert calls == [1, 0]


@pytest.mark.parametrize("slot", ["none", "na", "cna"])
@pytest.mark.parametrize("again", [True, False])
def test_replacing_twice_is_as_replacing_once(inputs: Inputs, slot: str, again: bool) -> None:
    model = Net()
    once = replace_activations(deepcopy(model), "relu", inputs=inputs)
    first = replace_activations(deepcopy(model), slot, inputs=inputs)
    twice = replace_activations(first, "relu", inputs=inputs if again else None)
    assert torch.equal(twice(*inputs), once(*inputs))
    assert [*twice.state_dict()] == [*once.state_dict()]
    assert places_of(twice) == places_of(once)


def test_a_replaced_model_within_another(inputs: Inputs) -> None:
    class Outer(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            return F.elu(self.inner(F.selu(x), edge_index))

    inner = replace_activations(Net(), "na", inputs=inputs)
    outer = replace_activations(Outer(inner), "cna", clusters=3, inputs=inputs)
    assert [len(each.slots) for each in outer.modules() if isinstance(each, FunctionSlots)] == [3, 2]
    outer(*inputs)
    assert counts_of(outer) == [1] * 6
    # The other way round, the inner model takes its own calls and leaves the slots of the outer one unused.
    late = replace_activations(Outer(Net()), "cna", clusters=3, inputs=inputs)
    replace_activations(late.inner, "cna", clusters=2, inputs=inputs)  # type: ignore[arg-type]
    late(*inputs)
    assert counts_of(late.function_slots) == [1, 0, 0, 0, 1]  # type: ignore[arg-type]
    assert counts_of(late.inner) == [1] * 4  # type: ignore[arg-type]


def test_a_forward_within_a_forward_counts_for_itself(inputs: Inputs) -> None:
    class Recursive(nn.Module):
        def forward(self, x: Tensor, depth: int = 1) -> Tensor:
            x = F.relu(x)
            if depth:
                x = self(x, depth - 1)
            return torch.tanh(x)

    model = replace_activations(Recursive(), "cna", clusters=2, inputs=(inputs[0], 0))
    model(inputs[0])
    assert counts_of(model) == [2, 2]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
@pytest.mark.parametrize("place", ["head", "conv"])
def test_an_exception_ends_the_mode(inputs: Inputs, place: str, error: type[BaseException]) -> None:
    def fail(*args: Any) -> None:
        raise error

    model = replace_activations(Net(), "na", inputs=inputs)
    wanted = model(*inputs)
    where = model.head if place == "head" else model.convs[1].lin  # type: ignore[union-attr, index]
    handle = where.register_forward_hook(fail)  # type: ignore[union-attr]
    with pytest.raises(error):
        model(*inputs)
    assert _get_current_function_mode_stack() == []
    handle.remove()
    assert torch.equal(model(*inputs), wanted)
    assert torch.equal(F.relu(torch.tensor([-1.0])), torch.tensor([0.0]))


def test_threads_count_for_themselves(inputs: Inputs) -> None:
    model = replace_activations(Net(), "na", inputs=inputs).eval()
    wanted, results = model(*inputs), list[bool]()

    def work() -> None:
        results.extend(torch.equal(model(*inputs), wanted) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 80


def test_calling_forward_itself_is_calling_the_model(inputs: Inputs) -> None:
    model = replace_activations(Net(), "na", inputs=inputs)
    assert torch.equal(model.forward(*inputs), model(*inputs))
    assert [*inspect.signature(model.forward).parameters] == ["x", "edge_index"]
    assert type(model).__name__ == "Net"


def test_checkpoints_of_the_whole_model_but_not_of_its_functions(inputs: Inputs) -> None:
    class Saving(Net):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = checkpoint(super().forward, x, edge_index, use_reentrant=False)
            return y

    model = Net()
    replaced = replace_activations(deepcopy(model), "relu", inputs=inputs)
    checkpoint(replaced, *inputs, use_reentrant=False).square().sum().backward()
    for parameter, wanted in zip(replaced.parameters(), gradients(model, inputs), strict=True):
        assert torch.equal(parameter.grad, wanted)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"^relu in Net\.forward, line \d+ runs within torch\.utils\.checkpoint"):
        replace_activations(Saving(), "relu", inputs=inputs)


def test_torch_jit_and_compile_are_refused(inputs: Inputs) -> None:
    model = replace_activations(Net(), "relu", inputs=inputs)
    for refused in (
        lambda: torch.jit.script(model),
        lambda: torch.jit.trace(model, inputs),
        lambda: torch.compile(model, backend="eager")(*inputs),
    ):
        with (
            warnings.catch_warnings(action="ignore"),
            pytest.raises(UsageError, match=r"^torch\.compile, torch\.export and torch\.jit don't keep the slots"),
        ):
            refused()
    assert model(*inputs).shape == (NODES, 3)


def test_print_shows_the_functions(inputs: Inputs) -> None:
    line = inspect.getsourcelines(Net.forward)[1] + 1
    text = str(replace_activations(Net(), "na", inputs=inputs))
    assert f"(function_slots): FunctionSlots(\n    (0): relu in Net.forward, line {line}\n    (1): relu_ in" in text
