"""A run of a model that counts the calls of its activations, and their channels."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Final

import torch
from torch import Tensor, nn

from cna_viz.errors import CnaVizError, UsageError
from cna_viz.nn.replacing.calls import SlotPerCall, count_in
from cna_viz.nn.replacing.functions import FunctionMode
from cna_viz.nn.replacing.places import NAME, Calls, Place, find_places
from cna_viz.nn.replacing.sending import Sending

_COPIED: Final = "replace_activations runs a copy of the model on inputs, but it can't be copied:"
_CALLED: Final = "the model fails on inputs with"
_ARGUMENTS: Final = ": pass the arguments of its forward, such as inputs=(data.x, data.edge_index), on its device"


def counted_calls(model: nn.Module, inputs: Any) -> tuple[Calls, list[str]]:
    """Return the calls of one forward by place, and the path of the activation after which no layer is called.

    A copy of the model runs, in evaluation mode and without gradients, so the model stays as it is; so do the random
    states of torch.
    """
    # Compiled code calls functions where no mode sees them.
    if any(type(m).__name__ == "OptimizedModule" or m._compiled_call_impl is not None for m in model.modules()):
        raise UsageError("the calls of a compiled model can't be counted: leave torch.compile out, or inputs")
    with _readable(_COPIED, "; make it anew, or leave inputs out"):
        trial, last = deepcopy(model).eval(), list[str]()
    parts = [*zip(model.modules(), trial.modules(), strict=True)]
    places = [[place for place in find_places(each) if place.name != NAME] for each in (model, trial)]
    for _, part in parts:
        if part._parameters:
            part.register_forward_pre_hook(lambda *_: last.clear())
            part.register_forward_hook(lambda *_: last.clear())
    counters = [_Counter(place, last) for place in places[1]]
    listeners = [(model, _Listener(last))]
    for part, copy in parts:
        if isinstance(copy, Sending):
            listeners.append((part, _Listener(last)))
            setattr(copy, NAME, listeners[-1][1])
    devices = [parameter.device for parameter in model.parameters() if parameter.is_cuda]
    args = inputs if isinstance(inputs, tuple | list) else () if isinstance(inputs, Mapping) else (inputs,)
    with torch.random.fork_rng(devices), torch.no_grad(), _readable(_CALLED, _ARGUMENTS), listeners[0][1].mode():
        trial(*args, **(inputs if isinstance(inputs, Mapping) else {}))
    found = [(place, counter.widths) for place, counter in zip(places[0], counters, strict=True)]
    for part, listener in listeners:
        found += [(Place(part, NAME, part, path), widths) for path, widths in listener.widths.items()]
    return found, last


class _Counter(SlotPerCall):
    """Takes the place of an activation, calls it, and keeps the channels at every call in a forward."""

    def __init__(self, place: Place, last: list[str]) -> None:
        super().__init__([], place.path)
        self.activation, self.widths, self.last = place.activation, list[int | None](), last
        setattr(place.parent, place.name, self)
        count_in(place.owner)

    def forward(self, x: Tensor) -> Tensor:
        call, old = self.next_call(), self.activation
        _keep(self.widths, call, x)
        # Slots of before know their call only in their own place; hooks may refuse the call.
        old = old.slots[min(call, len(old.slots) - 1)] if isinstance(old, SlotPerCall) else old
        with torch._C.DisableTorchFunction():  # type: ignore[attr-defined, unused-ignore]
            y: Tensor = getattr(old, "forward", old)(x)
        self.last[:] = [self.place]
        return y


class _Listener(nn.Module):
    """Stands for the slots of functions, and keeps the channels at every call in a forward, by place in the code."""

    def __init__(self, last: list[str]) -> None:
        super().__init__()
        self.widths, self.last = dict[str, list[int | None]](), last

    def mode(self) -> FunctionMode:
        return FunctionMode(self._keep)

    def _keep(self, place: str, call: int, x: Tensor, target: Any, activation: Callable[[], Any]) -> Any:
        _keep(self.widths.setdefault(place, []), call, x)
        self.last[:] = [place]
        return activation()


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
