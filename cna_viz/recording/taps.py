"""Where features pass in a model, and how to listen there without changing anything."""

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from torch_geometric.data import Data

Key = tuple[int, str]
"""Layer, from 1, and stage: ``conv`` (output of the convolution) or ``slot`` (output of the slot after it)."""

Heard = Callable[[Key, Tensor, bool], None]
"""Called with the key, the features and whether the model is in training mode."""


class Hook:
    """A hook for one module; on anything else, such as a replica of ``nn.DataParallel``, it does nothing.

    A copy or a pickle of the module gets a hook that does nothing and that loads without this package.
    """

    def __init__(self, module: nn.Module, call: Callable[..., Any]) -> None:
        self.module, self.call = module, call

    def __call__(self, module: nn.Module, *passing: Any) -> Any:
        """Pass the call on if it is for this module."""
        return self.call(module, *passing) if module is self.module else None

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (nullcontext(), "__exit__")  # takes any arguments and returns None


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
    """Evaluation mode without gradients; every module's mode and the random states are restored on exit.

    The random states are those of torch, NumPy and Python.
    """
    modes = {module: module.training for module in model.modules()}
    devices = {parameter.device for parameter in model.parameters() if parameter.is_cuda}
    states = random.getstate(), np.random.get_state()
    with torch.random.fork_rng([device.index for device in devices]), torch.no_grad():
        model.eval()
        try:
            yield
        finally:
            for module, training in modes.items():
                module.training = training
            random.setstate(states[0])
            np.random.set_state(states[1])


class TapModules:
    """Stages marked by tap modules, which return their input."""

    def __init__(self, modules: Mapping[Key, nn.Module]) -> None:
        self.modules = dict(modules)
        self.keys = tuple(self.modules)

    def attach(self, heard: Heard) -> list[RemovableHandle]:
        """Hook ``heard`` to the outputs of the taps."""
        return [tap.register_forward_hook(Hook(tap, _hook(key, heard))) for key, tap in self.modules.items()]


class ConvCalls:
    """Stages of a model without taps: its layers are the calls of its convolutions, in the order of a forward pass.

    The output of the ℓ-th call is the stage ``conv`` of layer ℓ; the input of the next call is the stage ``slot`` of
    layer ℓ, whatever lies between them: an activation, a norm, dropout, a residual connection. A call inside another is
    a part of it, and a call outside a forward pass of the model, as in the backward pass of a checkpoint, is none.

    Args:
        model: The model; calling it begins a new pass.
        convs: Its convolutions, each once, in any order.
        layers: Number of calls in a pass. One convolution may be called more than once.
        without_slot: Layers whose stage ``slot`` is not heard.
    """

    def __init__(
        self, model: nn.Module, convs: Sequence[nn.Module], layers: int, without_slot: Collection[int] = ()
    ) -> None:
        self.model, self.convs, self.layers = model, list(convs), layers
        self.keys = (
            *((layer, "conv") for layer in range(1, layers + 1)),
            *((layer, "slot") for layer in range(1, layers) if layer not in without_slot),
        )

    def attach(self, heard: Heard) -> list[RemovableHandle]:
        """Hook ``heard`` to the inputs and outputs of the convolutions."""
        # Number of calls so far, and of calls that have not returned; no call counts once the pass has ended.
        calls, depth = self.layers, 0
        keys = frozenset(self.keys)

        def begin(module: nn.Module, args: Any) -> None:
            nonlocal calls, depth
            calls = depth = 0

        def enter(module: nn.Module, args: Any, kwargs: Any) -> None:
            nonlocal calls, depth
            depth += 1
            if depth == 1:
                calls += 1
                hear((calls - 1, "slot"), (args, kwargs))

        def leave(module: nn.Module, args: Any, output: Any) -> None:
            nonlocal depth
            depth -= 1
            if depth == 0:
                hear((calls, "conv"), output)

        def end(module: nn.Module, args: Any, output: Any) -> None:
            nonlocal calls, depth
            calls, depth = self.layers, 0

        def hear(key: Key, passing: Any) -> None:
            value = first_tensor(passing)
            if value is not None and key in keys:
                heard(key, value, self.model.training)

        handles = [
            self.model.register_forward_pre_hook(Hook(self.model, begin)),
            self.model.register_forward_hook(Hook(self.model, end), always_call=True),
        ]
        for conv in self.convs:
            handles += [
                conv.register_forward_pre_hook(Hook(conv, enter), with_kwargs=True),
                conv.register_forward_hook(Hook(conv, leave)),
            ]
        return handles


def first_tensor(value: Any) -> Tensor | None:
    """Return the first floating-point tensor in nested tuples, lists, dictionaries and graphs; None without one."""
    return next((tensor for tensor in tensors(value) if tensor.is_floating_point()), None)


def tensors(value: Any) -> Iterator[Tensor]:
    """Yield the tensors in nested tuples, lists and dictionaries; of PyG's ``Data``, the features."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Data):
        yield from tensors(value.x)
    elif isinstance(value, dict | tuple | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from tensors(item)


def _hook(key: Key, heard: Heard) -> Callable[[nn.Module, Any, Tensor], None]:
    return lambda module, args, output: heard(key, output, module.training)
