"""What replace_activations prints, which places it replaces, and what it does not mix."""

from collections.abc import Callable
from copy import deepcopy
from inspect import getsourcelines
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch_geometric.nn import SAGPooling
from torch_geometric.nn.models import GCN

from cna_viz.errors import UsageError
from cna_viz.nn.cna import CNA
from cna_viz.nn.replace import replace_activations

X = torch.randn(30, 5, generator=torch.Generator().manual_seed(0))


class Gated(nn.Module):
    """Functions, gates, an activation for training only, and one after the last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.lins, self.gate, self.out = nn.ModuleList([nn.Linear(5, 8), nn.Linear(8, 4)]), nn.Sigmoid(), nn.Tanh()
        self.head = nn.Linear(4, 1)
        self.extra = nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        for lin in self.lins:
            x = F.relu(lin(x))
        x = x * self.gate(x)
        x = self.extra(x) if self.training else x
        y: Tensor = self.out(self.head(x))
        return y


RELU = f"relu in Gated.forward, line {getsourcelines(Gated.forward)[1] + 2}"


def slots_of(model: nn.Module) -> list[str]:
    return [name for name, module in model.named_modules() if isinstance(module, CNA)]


# What is printed


def test_every_place_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    replace_activations(Gated(), "na", inputs=X)
    assert capsys.readouterr().out.splitlines() == [
        "replaced: out (Tanh, 1 call, 1 channel, the last module)",
        "not called: extra (PReLU)",
        f"replaced: {RELU} (2 calls, 8 and 4 channels)",
        "left alone: gate (Sigmoid)",
    ]
    replace_activations(Gated(), "na", inputs=X, quiet=True)
    assert capsys.readouterr().out == ""


MODELS: dict[str, tuple[Callable[[], nn.Module], list[str]]] = {
    "last": (
        lambda: nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Sequential(nn.Linear(8, 1), nn.Softplus()), nn.Dropout()),
        ["1 (ReLU, 1 call, 8 channels)", "2.1 (Softplus, 1 call, 1 channel, the last module)"],
    ),
    "function": (lambda: GCN(5, 8, 3, 4, act=torch.tanh), ["act (tanh, 2 calls, 8 channels)"]),
    "again": (
        lambda: replace_activations(nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 3)), "na", quiet=True),
        ["1 (CNA, 1 call, 8 channels)"],
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_known_models_need_no_run(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    make, lines = MODELS[name]
    replace_activations(make(), "na")
    assert capsys.readouterr().out.splitlines() == [f"replaced: {line}" for line in lines]


def test_calls_that_nobody_counted_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.leakyrelu, self.pool, self.softmax = nn.LeakyReLU(), SAGPooling(5), nn.Softmax(dim=1)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.softmax(self.leakyrelu(x))
            return y

    replace_activations(Attention(), "na")
    assert capsys.readouterr().out.splitlines() == [
        "replaced: leakyrelu (LeakyReLU, 1 call assumed)",
        "left alone: pool.select.act (Tanh), softmax (Softmax)",
    ]


@pytest.mark.parametrize("end", ["linear", "parameter", "activation"])
def test_the_last_module_is_the_one_after_which_no_layer_runs(end: str, capsys: pytest.CaptureFixture[str]) -> None:
    class Ends(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lin, self.weight = nn.Linear(5, 5), nn.Parameter(torch.ones(5)) if end == "parameter" else None

        def forward(self, x: Tensor) -> Tensor:
            x = torch.tanh(self.lin(x))
            if self.weight is not None:
                x = x * self.weight
            y: Tensor = self.lin(x) if end == "linear" else x
            return y

    replace_activations(Ends(), "na", inputs=X)
    assert ("the last module" in capsys.readouterr().out) is (end == "activation")


# The choice of places


@pytest.mark.parametrize(
    ("only", "slots"),
    [
        (["out"], ["out.slots.0"]),
        ("out", ["out.slots.0"]),
        ([RELU], ["function_slots.slots.0", "function_slots.slots.1"]),
        (("out", RELU), ["out.slots.0", "function_slots.slots.0", "function_slots.slots.1"]),
        ([], []),
    ],
)
def test_only_the_chosen_places_are_replaced(only: Any, slots: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    model = Gated()
    replaced = replace_activations(deepcopy(model), "na", inputs=X, only=only)
    assert slots_of(replaced) == slots
    others = [each for each in ("out (Tanh)", "extra (PReLU)", RELU) if each.removesuffix(" (Tanh)") not in only]
    assert capsys.readouterr().out.splitlines()[-1] == f"left alone: {', '.join([*others, 'gate (Sigmoid)'])}"
    same = replace_activations(deepcopy(model), "none", inputs=X, only=only)
    relu = nn.Identity() if RELU in only else nn.ReLU()
    x = relu(model.lins[1](relu(model.lins[0](X))))
    x = model.head(model.extra(x * x.sigmoid()))
    assert torch.equal(same(X), x if "out" in only else x.tanh())


def test_only_keeps_the_slots_of_before() -> None:
    model = replace_activations(Gated(), "na", inputs=X)
    before = model.function_slots.slots[0]  # type: ignore[union-attr, index]
    replace_activations(model, "relu", only="out")
    assert model.function_slots.slots[0] is before  # type: ignore[union-attr, index]
    assert len(slots_of(model)) == 2
    replace_activations(model, "relu", only=RELU)
    assert slots_of(model) == []
    assert model.eval()(X).shape == (30, 1)


def test_functions_that_stay_without_a_run_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    model = replace_activations(Gated(), "none", only="out")
    assert capsys.readouterr().out.splitlines()[-1].endswith("gate (Sigmoid), Gated.forward calls relu")
    with pytest.raises(UsageError, match=r"^Gated\.forward calls relu as a function"):
        replace_activations(replace_activations(model, "na", inputs=X, only=RELU), "na")


@pytest.mark.parametrize(("only", "name"), [(["out", "haed"], "'haed'"), ("relu", "'relu'"), (3, "'3'")])
def test_unknown_places_are_refused(only: Any, name: str) -> None:
    model = Gated()
    with pytest.raises(UsageError, match=rf"^unknown activation {name}; choices, nearest first: .*out") as caught:
        replace_activations(model, "na", inputs=X, only=only)
    assert RELU in str(caught.value)
    assert isinstance(model.out, nn.Tanh)


# Activations that are not called


class Twice(nn.Module):
    """Holds one activation at two names, and calls it by one."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)])
        self.net = nn.Sequential(*self.layers)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.net(x)
        return y


def test_only_the_place_that_is_called_gets_slots(capsys: pytest.CaptureFixture[str]) -> None:
    model = replace_activations(Twice(), "cna", clusters=2, inputs=X)
    assert slots_of(model) == ["net.1"]
    assert isinstance(model.layers[1], nn.ReLU)  # type: ignore[index]
    assert "not called: layers.1 (ReLU)" in capsys.readouterr().out
    model(X).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    again = replace_activations(deepcopy(model), "relu", inputs=X)
    first, _, last = model.layers  # type: ignore[union-attr, misc]
    assert torch.equal(again(X), last(first(X).relu()))


def test_calls_that_only_training_makes_are_refused() -> None:
    model = replace_activations(Gated(), "na", inputs=X)
    assert model.eval()(X).shape == (30, 1)
    with pytest.raises(UsageError, match=r"^activation 'extra' is called, but has no slot, as replace_activations fou"):
        model.train()(X)
    chosen = replace_activations(Gated(), "na", inputs=X, only=["out", RELU])
    assert chosen.train()(X).shape == (30, 1)


# Activations in place


class Statement(nn.Module):
    """Does not use what its activation returns."""

    def __init__(self, inplace: bool = True) -> None:
        super().__init__()
        self.lins, self.act = nn.ModuleList(nn.Linear(5, 5) for _ in range(3)), nn.ReLU(inplace=inplace)

    def forward(self, x: Tensor) -> Tensor:
        for lin in self.lins:
            x = lin(x)
            self.act(x)
        return x


@pytest.mark.parametrize("options", [{"calls": 3}, {"inputs": X}], ids=["calls", "inputs"])
def test_slots_of_activations_in_place_work_in_place(options: dict[str, Any]) -> None:
    model = Statement()
    replaced = replace_activations(replace_activations(deepcopy(model), "na", **options), "relu", **options)
    assert torch.equal(replaced(X), model(X))
    for one, other in zip(_gradients(replaced), _gradients(model), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("slot", ["cna", "pairnorm"])
def test_gradients_through_slots_in_place(slot: str) -> None:
    class Used(Statement):
        def forward(self, x: Tensor) -> Tensor:
            for lin in self.lins:
                x = self.act(lin(x))
            return x

    options: dict[str, Any] = {"clusters": 2} if slot == "cna" else {}
    model = replace_activations(Statement(), slot, calls=3, **options)
    other = replace_activations(Used(inplace=False), slot, calls=3, **options)
    other.load_state_dict(model.state_dict())
    for one, two in zip(_gradients(model), _gradients(other), strict=True):
        assert torch.equal(one, two)


def test_a_sequence_that_works_on_its_input_in_place() -> None:
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(5, 3))
    x = X.clone()
    replaced = replace_activations(deepcopy(model), "relu")
    assert torch.equal(replaced(x), model(X.clone()))
    assert torch.equal(x, X.relu())


def _gradients(model: nn.Module) -> list[Tensor]:
    return list(torch.autograd.grad(model(X).square().sum(), [*model.parameters()]))


# Activations out of sight


def test_modules_in_no_list_of_modules_are_functions() -> None:
    class Made(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lin, self.listed = nn.Linear(5, 5), [nn.ELU(), nn.Sequential(nn.ReLU(), nn.ReLU(inplace=True))]

        def forward(self, x: Tensor) -> Tensor:
            x = self.lin(nn.ReLU()(self.lin(x)))
            self.listed[1](x)
            y: Tensor = self.listed[0](self.lin(x))
            return y

    model = replace_activations(Made(), "na", inputs=X)
    assert [place.partition(" in ")[0] for place, _ in model.function_slots.calls] == ["relu", "relu", "relu", "elu"]  # type: ignore[union-attr]
    same = replace_activations(deepcopy(model), "none", inputs=X)
    assert torch.equal(same(X), model.lin(model.lin(model.lin(X))))  # type: ignore[operator]


def test_functions_within_an_activation_of_ones_own_are_not_counted_twice() -> None:
    class Mine(nn.ReLU):
        def forward(self, x: Tensor) -> Tensor:
            return F.relu(x)

    model = replace_activations(nn.Sequential(nn.Linear(5, 4), Mine()), "na", inputs=X)
    assert slots_of(model) == ["1"]


@pytest.mark.parametrize("options", [{}, {"inputs": X[None]}], ids=["assumed", "counted"])
def test_the_fast_path_of_a_transformer_uses_the_slot(options: dict[str, Any]) -> None:
    layer = nn.TransformerEncoderLayer(5, 1, 8, dropout=0.0, activation=nn.ReLU(), batch_first=True).eval()
    model = replace_activations(deepcopy(layer), "none", **options)
    with torch.no_grad():
        fast = model(X[None])
    torch.testing.assert_close(fast, model(X[None]))
    assert not torch.allclose(fast, layer(X[None]), atol=1e-3)
