"""A run of a model that counts the calls of its activations, and their channels."""

from collections.abc import Mapping
from contextlib import nullcontext
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from cna_viz.errors import CnaVizError, UsageError
from cna_viz.nn.replacing.calls import SlotPerCall, count_in
from cna_viz.nn.replacing.functions import FunctionMode, FunctionSlots, argument
from cna_viz.nn.replacing.places import Call, find_places
from cna_viz.nn.replacing.sending import NAME, Sending


def counted_calls(model: nn.Module, inputs: Any) -> dict[str, list[Call]]:
    """Return the calls at every place of the model in one forward, by path; functions are those of :data:`NAME`.

    A copy of the model runs, in evaluation mode and without gradients, so the model stays as it is; so do the random
    states of torch.
    """
    _refuse_compiled(model)
    trial = _copy(model)
    counters: dict[str, _Counter | _FunctionCounter] = {
        place.path: _put_counter(place.parent, place.name, place.owner) for place in find_places(trial)
    }
    functions = _FunctionCounter()
    counters.setdefault(NAME, functions)
    devices = [parameter.device for parameter in model.parameters() if parameter.is_cuda]
    with torch.random.fork_rng(devices), torch.no_grad(), _mode(trial, functions):
        _call(trial, inputs)
    return {path: counter.counted(path) for path, counter in counters.items()}


class _Counter(SlotPerCall):
    """Stands for an activation, calls it, and keeps the channels at every call in a forward."""

    def __init__(self, activation: Any) -> None:
        super().__init__([], "")
        self.activation, self.widths = activation, list[int | None]()

    def forward(self, x: Tensor) -> Tensor:
        call = self.next_call()
        if call == len(self.widths):
            self.widths.append(_width(x))
        # Slots of before know their call only in their own place.
        old = self.activation
        y: Tensor = old.slots[min(call, len(old.slots) - 1)](x) if isinstance(old, SlotPerCall) else old(x)
        return y

    def counted(self, path: str) -> list[Call]:
        return [(path, width) for width in self.widths]


class _FunctionCounter(nn.Module):
    """Stands for the slots of functions, and keeps the channels at every call in a forward, by place in the code."""

    def __init__(self) -> None:
        super().__init__()
        self.widths = dict[str, list[int | None]]()

    def mode(self) -> FunctionMode:
        return _Listen(self.widths)

    def counted(self, path: str) -> list[Call]:
        return [(place, width) for place, widths in self.widths.items() for width in widths]


class _Listen(FunctionMode):
    def __init__(self, widths: dict[str, list[int | None]]) -> None:
        super().__init__()
        self.widths = widths

    def handle(self, func: Any, place: str, call: int, args: Any, kwargs: dict[str, Any]) -> Any:
        widths = self.widths.setdefault(place, [])
        if call == len(widths):
            widths.append(_width(argument(args, kwargs)))
        return func(*args, **kwargs)


def _width(x: Tensor) -> int | None:
    return x.shape[-1] if x.dim() > 1 else None


def _refuse_compiled(model: nn.Module) -> None:
    # Compiled code calls functions where no mode sees them.
    if any(type(m).__name__ == "OptimizedModule" or m._compiled_call_impl is not None for m in model.modules()):
        raise UsageError("the calls of a compiled model can't be counted: leave torch.compile out, or inputs")


def _copy(model: nn.Module) -> nn.Module:
    try:
        return deepcopy(model).eval()
    except Exception as error:
        raise UsageError(
            f"replace_activations runs a copy of the model on inputs, but it can't be copied: {_said(error)}; make it "
            "anew, or leave inputs out"
        ) from error


def _put_counter(parent: nn.Module, name: str, owner: nn.Module) -> _Counter | _FunctionCounter:
    old = getattr(parent, name)
    if isinstance(old, FunctionSlots):
        functions = _FunctionCounter()
        setattr(parent, name, functions)
        return functions
    counter = _Counter(old)
    setattr(parent, name, counter)
    count_in(owner)
    return counter


def _mode(model: nn.Module, functions: _FunctionCounter) -> FunctionMode | nullcontext[None]:
    # A model with slots for its functions enters the mode of the counter in their place.
    return nullcontext() if isinstance(model, Sending) else functions.mode()


def _call(model: nn.Module, inputs: Any) -> None:
    try:
        if isinstance(inputs, Mapping):
            model(**inputs)
        else:
            model(*inputs if isinstance(inputs, tuple | list) else (inputs,))
    except CnaVizError:
        raise
    except Exception as error:
        raise UsageError(
            f"the model fails on inputs with {_said(error)}: pass the arguments of its forward, such as "
            "inputs=(data.x, data.edge_index), on its device"
        ) from error


def _said(error: Exception) -> str:
    return f"{type(error).__name__}, {str(error).partition(chr(10))[0]}".rstrip(" .,")
