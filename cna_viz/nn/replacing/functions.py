"""Activations that a model calls as functions, such as ``F.relu``: seen, and sent to slots, while it runs."""

import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from inspect import signature
from types import FrameType, FunctionType
from typing import Any, Final

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cna_viz.errors import UsageError
from cna_viz.nn.replacing.calls import applied

_NAMES: Final = (
    *("relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "gelu"),
    *("silu", "mish", "tanh", "softplus", "softsign", "hardtanh", "hardswish"),
)

FUNCTIONS: Final[dict[Any, str]] = {
    getattr(owner, name): name
    for stem in _NAMES
    for name in (stem, f"{stem}_")
    for owner in (F, torch, Tensor)
    if hasattr(owner, name)
}
"""The functional forms of the activations, with their names; those that end in an underscore work in place."""

_INPLACE: Final[dict[Any, int]] = {
    function: [*signature(function).parameters].index("inplace")
    for function in FUNCTIONS
    if isinstance(function, FunctionType) and "inplace" in signature(function).parameters
}
"""Position of the argument ``inplace``."""

WRAPPERS: Final = {
    *("torch.nn.functional", "torch.overrides", "torch._tensor", "torch._jit_internal"),
    # An activation module that still calls a function is in no list of modules: nn.ReLU()(x).
    *("torch.nn.modules.activation", "torch.nn.modules.module", "torch.nn.modules.container"),
}
"""Modules of torch that stand between a call and its caller."""


MARK: Final = "stands_for_activation"
"""Attribute by which a slot that replaced an activation is found again."""


def is_left_alone(module: str, function: str = "") -> bool:
    """Whether the activations in a function of a Python module stay as they are.

    They do in the code of torch and this library, and in PyG's, except in its models (LINKX, AttentiveFP) outside of
    their messages.
    """
    if module.startswith("torch_geometric.nn.models."):
        return function in {"message", "edge_update"}
    return module.partition(".")[0] in {"torch", "torch_geometric", "cna_viz"}


class FunctionMode(TorchFunctionMode):
    """Hands the activations that one forward calls as functions to ``handle``, which returns their results.

    It gets the place in the code, the number of the call there, the input, the tensor to write to and the activation.
    """

    def __init__(self, handle: Callable[[str, int, Tensor, Any, Callable[[], Any]], Any]) -> None:
        super().__init__()
        self.handle, self.calls = handle, Counter[str]()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Handle an activation; any other function runs as it would."""
        kwargs = kwargs or {}
        # Runs for every function of torch in a forward.
        if func not in FUNCTIONS or not (place := _place(func, sys._getframe(1))):
            return func(*args, **kwargs)
        self.calls[place] += 1
        x = args[0] if args else kwargs["input"]
        target = x if _is_in_place(func, args, kwargs) else kwargs.get("out")
        return self.handle(place, self.calls[place] - 1, x, target, partial(func, *args, **kwargs))


class FunctionSlots(nn.Module):
    """Slots of the activations that a model calls as functions.

    They belong to lines of code: a stored model whose code has changed since is refused, or must be replaced again.
    ``calls`` has the place in the code and the channels (None: unknown) for every slot. Functions at other places are
    refused, or stay as they are if ``partial``.
    """

    def __init__(self, slots: list[nn.Module], calls: list[tuple[str, int | None]], partial: bool) -> None:
        super().__init__()
        self.slots, self.calls, self.partial = nn.ModuleList(slots), calls, partial

    def forward(self, x: Any) -> Any:
        """Return the input: an nn.Sequential calls all that it holds."""
        return x

    def mode(self) -> FunctionMode:
        """Return the mode of a new forward."""
        return FunctionMode(self._send)

    def _send(self, place: str, call: int, x: Tensor, target: Any, activation: Callable[[], Any]) -> Any:
        slots = [slot for slot, (known, _) in zip(self.slots, self.calls, strict=True) if known == place]
        if self.partial and not slots:
            return activation()
        if call >= len(slots):
            raise UsageError(
                f"{place} is called {call + 1} times or more in one forward, but {len(slots)} times in the run on "
                "inputs: pass inputs to replace_activations with which the model, in evaluation mode, calls all its "
                "activations"
            )
        return applied(slots[call], x, target)

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return "\n".join(f"({number}): {place}" for number, (place, _) in enumerate(self.calls))


def _is_in_place(func: Any, args: Any, kwargs: dict[str, Any]) -> bool:
    position = _INPLACE.get(func, len(args))
    return FUNCTIONS[func].endswith("_") or bool(args[position] if position < len(args) else kwargs.get("inplace"))


def caller(frame: FrameType | None, is_between: Callable[[str], bool]) -> FrameType | None:
    """Return the frame of a model's own code that called a function; None in the code of a library.

    ``is_between`` tells the Python modules that stand between a call and its caller.
    """
    while frame is not None and is_between(frame.f_globals.get("__name__", "")):
        if MARK in getattr(frame.f_locals.get("self"), "__dict__", ()):
            return None
        frame = frame.f_back
    is_library = frame is None or is_left_alone(frame.f_globals.get("__name__", ""), frame.f_code.co_name)
    return None if is_library else frame


def place_of(name: str, frame: FrameType) -> str:
    """Return the name of a place in the code, such as ``relu in Net.forward, line 12``."""
    return f"{name} in {frame.f_code.co_qualname}, line {frame.f_lineno}"


def _place(func: Any, frame: FrameType | None) -> str | None:
    """Return where an activation is called, such as ``relu in Net.forward, line 12``; None in the code of a library."""
    frame = caller(frame, WRAPPERS.__contains__)
    if frame is None:
        return None
    place = place_of(FUNCTIONS[func], frame)
    while frame is not None and not (module := frame.f_globals.get("__name__", "")).startswith("cna_viz."):
        if module == "torch.autograd.function":  # its forward has no gradients, and its backward would be the old one
            return None
        # In the backward, a checkpoint runs the code again, after the forward and its mode.
        if module == "torch.utils.checkpoint":
            raise UsageError(
                f"{place} runs within torch.utils.checkpoint, whose second run, in the backward, would not reach the "
                "slot: checkpoint the whole model, or make it a module such as nn.ReLU()"
            )
        frame = frame.f_back
    return place
