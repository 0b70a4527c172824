"""Activations that can have no slot: replace_activations names them, and they stay as they are."""

import warnings
from collections.abc import Callable
from copy import deepcopy
from inspect import getsourcelines
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from cna_viz.errors import UsageError
from cna_viz.nn.replace import replace_activations

X = torch.randn(30, 5, generator=torch.Generator().manual_seed(0))


class Squashed(torch.autograd.Function):
    """Has a backward of its own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return F.relu(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # type: ignore[override]
        return grad * (ctx.saved_tensors[0] > 0)


def helper(x: Tensor) -> Tensor:
    return F.relu(x)


SCRIPTED: Any = torch.jit.script(helper)


class Beside(nn.Module):
    """Applies a function beside an activation that is replaced."""

    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.act, self.lin, self.function = nn.ELU(), nn.Linear(5, 5), function

    def forward(self, x: Tensor) -> Any:
        return self.function(self.lin(self.act(x)))


class Outside(Beside):
    """Applies a function outside of its forward."""

    def __call__(self, x: Tensor) -> Any:
        return F.relu(super().__call__(x))


WITHOUT_SLOTS: dict[str, tuple[Callable[[Tensor], Any], str]] = {
    "Function": (Squashed.apply, "relu in Squashed.forward"),
    "vmap": (torch.vmap(F.relu), "relu in Beside.forward"),
    "aten": (torch.ops.aten.relu, "relu in Beside.forward"),
    "scripted": (lambda x: SCRIPTED(x), "relu in <lambda>"),
    "hardsigmoid": (F.hardsigmoid, "hardsigmoid in Beside.forward"),
    "logsigmoid": (F.logsigmoid, "log_sigmoid in Beside.forward"),
    "in place": (lambda x: torch.sigmoid_(x), "sigmoid_ in <lambda>"),
    "module in no list": (lambda x: nn.Sigmoid()(x), "sigmoid in <lambda>"),
}


@pytest.mark.parametrize("name", WITHOUT_SLOTS)
def test_functions_that_can_have_no_slot_are_named_and_stay(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    function, place = WITHOUT_SLOTS[name]
    model = Beside(function)
    replaced = replace_activations(deepcopy(model), "none", inputs=X)
    one, two = capsys.readouterr().out.splitlines()
    assert (one, two.partition(",")[0]) == ("replaced: act (ELU, 1 call, 5 channels)", f"left alone: {place}")
    pairs = (replaced(X), replaced), (function(model.lin(X)), model)
    assert torch.equal(pairs[0][0], pairs[1][0])
    made, wanted = (torch.autograd.grad(y.square().sum(), [*m.parameters()]) for y, m in pairs)
    for each, other in zip(made, wanted, strict=True):
        assert torch.equal(each, other)


def test_hooks_and_calls_of_the_model_are_outside_of_its_forward(capsys: pytest.CaptureFixture[str]) -> None:
    def before(module: nn.Module, args: Any) -> Tensor:
        return args[0].tanh()  # type: ignore[no-any-return]

    model = Outside(F.selu)
    model.register_forward_pre_hook(before)
    replaced = replace_activations(deepcopy(model), "none", inputs=X)
    path = "test_hooks_and_calls_of_the_model_are_outside_of_its_forward.<locals>.before"
    wanted = f"left alone: tanh in {path}, line {getsourcelines(before)[1] + 1}, relu in Outside.__call__, line "
    _, selu, last = capsys.readouterr().out.splitlines()
    assert selu.startswith("replaced: selu in Beside.forward, line ")
    assert last.startswith(wanted)
    assert torch.equal(replaced(X), model.lin(X.tanh()).relu())


def test_another_call_at_a_line_with_a_slot_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    model = replace_activations(Beside(lambda x: torch.vmap(F.relu)(F.relu(-x))), "none", inputs=X)
    assert capsys.readouterr().out.splitlines()[-1].startswith("left alone: another relu in test_another_call")
    assert torch.equal(model(X), (-model.lin(X)).relu())  # type: ignore[operator]


def test_a_model_with_nothing_else_is_refused_by_their_names() -> None:
    class Only(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return Squashed.apply(x)

    with pytest.raises(UsageError, match=r"but no slot can take the place of relu in Squashed\.forward, line \d+$"):
        replace_activations(Only(), "na", inputs=X)


def test_a_compiled_helper_is_replaced_and_not_named(capsys: pytest.CaptureFixture[str]) -> None:
    helper = torch.compile(lambda x: F.relu(x) * 2, backend="eager")
    with warnings.catch_warnings(action="ignore"):
        model = replace_activations(Beside(helper), "none", inputs=X)
        assert torch.equal(model(X), model.lin(X) * 2)  # type: ignore[operator]
    assert "left alone" not in capsys.readouterr().out


def test_functions_in_a_sequence_of_modules_are_replaced() -> None:
    model = nn.Sequential(nn.Linear(5, 5), Beside(F.relu), nn.Linear(5, 3))
    replaced = replace_activations(deepcopy(model), "none", inputs=X)
    assert torch.equal(replaced(X), model[2](model[1].lin(model[0](X))))  # type: ignore[operator]


def test_models_of_torch_jit_are_refused() -> None:
    scripted = torch.jit.script(nn.Sequential(nn.Linear(5, 4), nn.ReLU()))
    for model in (scripted, nn.Sequential(scripted, nn.ReLU())):
        with pytest.raises(
            UsageError, match=r"^the calls of a compiled model can't be counted: leave torch\.compile or"
        ):
            replace_activations(model, "na", inputs=X)
