"""Where features pass in a model, and how to listen there without changing anything."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

Key = tuple[int, str]
"""Layer, from 1, and stage: ``conv`` (output of the convolution) or ``slot`` (output of the slot after it)."""

Heard = Callable[[Key, Tensor, bool], None]
"""Called with the key, the features and whether the model is in training mode."""


class Taps(Protocol):
    """The stages of a model."""

    keys: tuple[Key, ...]
    """All stages."""

    def attach(self, heard: Heard) -> Sequence[RemovableHandle]:
        """Hook ``heard`` to every stage and return the handles that remove the hooks."""


@contextmanager
def listen(taps: Taps, heard: Heard) -> Iterator[None]:
    """Call ``heard`` with everything that passes the taps; all hooks are removed on exit, even after an exception."""
    handles = list(taps.attach(heard))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; every module's mode and the random state are restored on exit."""
    modes = {module: module.training for module in model.modules()}
    devices = {parameter.device for parameter in model.parameters() if parameter.is_cuda}
    with torch.random.fork_rng([device.index for device in devices]), torch.no_grad():
        model.eval()
        try:
            yield
        finally:
            for module, training in modes.items():
                module.training = training


class TapModules:
    """Stages marked by tap modules, which return their input."""

    def __init__(self, modules: Mapping[Key, nn.Module]) -> None:
        self.modules = dict(modules)
        self.keys = tuple(self.modules)

    def attach(self, heard: Heard) -> list[RemovableHandle]:
        """Hook ``heard`` to the outputs of the taps."""
        return [tap.register_forward_hook(_hook(key, heard)) for key, tap in self.modules.items()]


class ConvCalls:
    """Stages of a model without taps: its layers are the calls of its convolutions, in the order of a forward pass.

    The output of the ℓ-th call is the stage ``conv`` of layer ℓ; the input of the next call is the stage ``slot`` of
    layer ℓ, whatever lies between them: an activation, a norm, dropout, a residual connection.

    Args:
        model: The model; calling it begins a new pass.
        convs: Its convolutions, each once, in any order.
        layers: Number of calls in a pass. One convolution may be called more than once.
    """

    def __init__(self, model: nn.Module, convs: Sequence[nn.Module], layers: int) -> None:
        self.model, self.convs, self.layers = model, list(convs), layers
        self.keys = (
            *((layer, "conv") for layer in range(1, layers + 1)),
            *((layer, "slot") for layer in range(1, layers)),
        )

    def attach(self, heard: Heard) -> list[RemovableHandle]:
        """Hook ``heard`` to the inputs and outputs of the convolutions."""
        calls = 0

        def begin(module: nn.Module, args: Any) -> None:
            nonlocal calls
            calls = 0

        def enter(module: nn.Module, args: Any, kwargs: Any) -> None:
            nonlocal calls
            calls += 1
            entering = first_tensor((args, kwargs))
            if entering is not None and 1 < calls <= self.layers:
                heard((calls - 1, "slot"), entering, self.model.training)

        def leave(module: nn.Module, args: Any, output: Any) -> None:
            leaving = first_tensor(output)
            if leaving is not None and calls <= self.layers:
                heard((calls, "conv"), leaving, self.model.training)

        handles = [self.model.register_forward_pre_hook(begin)]
        for conv in self.convs:
            handles += [conv.register_forward_pre_hook(enter, with_kwargs=True), conv.register_forward_hook(leave)]
        return handles


def first_tensor(value: Any) -> Tensor | None:
    """Return the first floating-point tensor in nested tuples, lists and dictionaries; None without one."""
    if isinstance(value, Tensor):
        return value if value.is_floating_point() else None
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ()
    return next((found for item in inner if (found := first_tensor(item)) is not None), None)


def _hook(key: Key, heard: Heard) -> Callable[[nn.Module, Any, Tensor], None]:
    return lambda module, args, output: heard(key, output, module.training)
