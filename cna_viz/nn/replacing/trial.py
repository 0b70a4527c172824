"""A run of a model that counts the calls of its activations, and their channels."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from cna_viz.errors import CnaVizError, UsageError
from cna_viz.nn.replacing.calls import SlotPerCall, count_in
from cna_viz.nn.replacing.functions import FUNCTIONS, MARK, WRAPPERS, FunctionMode, caller, place_of
from cna_viz.nn.replacing.places import NAME, Calls, Place, find_places
from cna_viz.nn.replacing.sending import Sending, send

_OPERATIONS: Final = {
    *FUNCTIONS.values(),
    *("sigmoid", "sigmoid_", "hardsigmoid", "hardsigmoid_", "log_sigmoid_forward", "threshold", "threshold_"),
    *("softshrink", "hardshrink", "glu", "rrelu_with_noise", "rrelu_with_noise_", "_prelu_kernel"),
}
"""Operations of torch that are activations or gates."""

_COPIED: Final = "replace_activations runs a copy of the model on inputs, but it can't be copied:"
_CALLED: Final = "the model fails on inputs with"
_ARGUMENTS: Final = ": pass the arguments of its forward, such as inputs=(data.x, data.edge_index), on its device"


def counted_calls(model: nn.Module, inputs: Any) -> tuple[Calls, list[str], list[str]]:
    """Return the calls of one forward by place, the last module, and the places in the code that can't have slots.

    The last module is the path of the activation after which no layer is called.

    A copy of the model runs, in evaluation mode and without gradients, so the model stays as it is; so do the random
    states of torch.
    """
    if any(_is_compiled(module) for module in model.modules()):
        raise UsageError(
            "the calls of a compiled model can't be counted: leave torch.compile or torch.jit out, or inputs"
        )
    with _readable(_COPIED, "; make it anew, or leave inputs out"):
        trial, seen = deepcopy(model).eval(), _Seen()
        parts = [*zip(model.modules(), trial.modules(), strict=True)]
        listeners = [
            (part, copy, _Listener(seen)) for part, copy in parts if copy is trial or isinstance(copy, Sending)
        ]
        for _, copy, listener in listeners:
            vars(copy)[NAME] = listener  # no module: nn.Sequential would call it
            send(copy)
    places = [[place for place in find_places(each) if place.name != NAME] for each in (model, trial)]
    for _, part in parts:
        if part._parameters:
            part.register_forward_pre_hook(lambda *_: seen.last.clear())
            part.register_forward_hook(lambda *_: seen.last.clear())
        if type(part).__module__ == nn.ReLU.__module__:  # what it calls is no function of the model's
            vars(part)[MARK] = True
    counters = [_Counter(place, seen) for place in places[1]]
    devices = [parameter.device for parameter in model.parameters() if parameter.is_cuda]
    args = inputs if isinstance(inputs, tuple | list) else () if isinstance(inputs, Mapping) else (inputs,)
    with torch.random.fork_rng(devices), torch.no_grad(), _readable(_CALLED, _ARGUMENTS), seen:
        trial(*args, **(inputs if isinstance(inputs, Mapping) else {}))
    found = [(place, counter.widths) for place, counter in zip(places[0], counters, strict=True)]
    for part, _, listener in listeners:
        found += [(Place(part, NAME, part, path), widths) for path, widths in listener.widths.items()]
    return found, seen.last, [*seen.places]


def _is_compiled(module: nn.Module) -> bool:
    """Whether a module calls functions where no mode sees them."""
    is_call_compiled = module._compiled_call_impl is not None or type(module).__name__ == "OptimizedModule"
    return is_call_compiled or isinstance(module, torch.jit.ScriptModule)


class _Seen(TorchDispatchMode):  # type: ignore[misc, no-untyped-call, unused-ignore]
    """Keeps the last module, and the places of activations that reach torch, by whatever way, but are not counted."""

    supports_higher_order_operators = True

    # Otherwise torch would refuse to compile under a mode, as flex_attention and torch.cond do.
    @classmethod
    def ignore_compile_internals(cls) -> bool:
        return True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self.last, self.places, self.is_counted = list[str](), dict[str, None](), False  # places in order, each once

    def run(self, place: str, activation: Callable[[], Any]) -> Any:
        """Run an activation that was counted."""
        self.is_counted = True
        y = activation()
        self.last, self.is_counted = [place], False
        return y

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "overloadpacket", func).__name__
        frame = None if self.is_counted or name not in _OPERATIONS else caller(sys._getframe(1), _is_between)
        # In a compiled helper, code of torch.fx runs what was counted when it was traced.
        if frame and not frame.f_code.co_filename.startswith("<eval_with_key>"):
            self.places[place_of(name.removesuffix("_forward"), frame)] = None
        return func(*args, **(kwargs or {}))


def _is_between(module: str) -> bool:
    is_function = module.startswith("torch.") and not module.startswith("torch.nn.")  # such as torch.vmap
    return is_function or module in {*WRAPPERS, FunctionMode.__module__}


class _Counter(SlotPerCall):
    """Takes the place of an activation, calls it, and keeps the channels at every call in a forward."""

    def __init__(self, place: Place, seen: _Seen) -> None:
        super().__init__([], place.path)
        self.activation, self.widths, self.seen = place.activation, list[int | None](), seen
        setattr(place.parent, place.name, self)
        count_in(place.owner)

    def forward(self, x: Tensor) -> Tensor:
        call, old = self.next_call(), self.activation
        _keep(self.widths, call, x)
        # Slots of before know their call only in their own place; hooks may refuse the call.
        old = old.slots[min(call, len(old.slots) - 1)] if isinstance(old, SlotPerCall) else old
        with torch._C.DisableTorchFunction():  # type: ignore[attr-defined, unused-ignore]
            y: Tensor = self.seen.run(self.place, lambda: getattr(old, "forward", old)(x))
        return y


class _Listener:
    """Stands for the slots of functions, and keeps the channels at every call in a forward, by place in the code."""

    def __init__(self, seen: _Seen) -> None:
        self.widths, self.seen = dict[str, list[int | None]](), seen

    def mode(self) -> FunctionMode:
        return FunctionMode(self._keep)

    def _keep(self, place: str, call: int, x: Tensor, target: Any, activation: Callable[[], Any]) -> Any:
        _keep(self.widths.setdefault(place, []), call, x)
        return self.seen.run(place, activation)


def _keep(widths: list[int | None], call: int, x: Tensor) -> None:
    if call == len(widths):
        widths.append(x.shape[-1] if x.dim() > 1 else None)


@contextmanager
def _readable(what: str, advice: str) -> Iterator[None]:
    try:
        yield
    except CnaVizError:
        raise
    except Exception as error:
        said = f"{type(error).__name__}, {str(error).partition(chr(10))[0]}".rstrip(" .,")
        raise UsageError(f"{what} {said}{advice}") from error
