"""Where features pass in a model, and how to listen there without changing anything."""

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from itertools import islice
from types import MappingProxyType
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
    with ExitStack() as stack:
        for handle in taps.attach(heard):
            stack.callback(handle.remove)
        yield


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients, whatever mode the caller is in; restored on exit with the random states.

    Modes of modules are set as attributes, because overridden ``train`` methods may change weights. The numbers are in
    the model's own types, without autocast, and no tensors of inference mode stay in the model. The random states are
    those of torch, NumPy and Python.
    """
    modes = {module: module.training for module in model.modules()}
    devices = {parameter.device for parameter in model.parameters() if parameter.is_cuda}
    states = random.getstate(), np.random.get_state()
    fork = torch.random.fork_rng([device.index for device in devices])
    with torch.inference_mode(False), torch.no_grad(), _without_autocast(model), fork:
        try:
            for module in modes:
                module.training = False
            yield
        finally:
            for module, training in modes.items():
                module.training = training
            random.setstate(states[0])
            np.random.set_state(states[1])


@contextmanager
def _without_autocast(model: nn.Module) -> Iterator[None]:
    kinds = {"cpu", *(parameter.device.type for parameter in model.parameters())}
    with ExitStack() as stack:
        for kind in filter(torch.amp.is_autocast_available, kinds):
            stack.enter_context(torch.autocast(kind, enabled=False))
        yield


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
    a part of it.

    The layer of a call is found by its module, and by how often this one was called in the pass, so that a pass may
    skip layers: nothing is heard of these, nor of the slot before a layer that follows them. A loop may also call parts
    of the model and never the whole: then each outermost call is a pass, in which only convolutions are heard that are
    a single layer. Parts that run again in the backward pass, as in a checkpoint, are none.

    Args:
        model: The model; calling it begins a new pass.
        layers: The convolution of every layer. One may be called more than once in a pass.
        without_slot: Layers whose stage ``slot`` is not heard.
        positions: Which of the floating-point tensors at a stage is heard; the first where it is left out.

    Attributes:
        uneven: Convolutions of several layers that a training pass called another number of times, so that which layers
            these were can't be known.
    """

    def __init__(
        self,
        model: nn.Module,
        layers: Sequence[nn.Module],
        without_slot: Collection[int] = (),
        positions: Mapping[Key, int] = MappingProxyType({}),
    ) -> None:
        self.model, self.positions = model, positions
        self.uneven: set[nn.Module] = set()
        self.numbers: dict[nn.Module, list[int]] = {}
        for number, module in enumerate(layers, start=1):
            self.numbers.setdefault(module, []).append(number)
        self.keys = (
            *((layer, "conv") for layer in range(1, len(layers) + 1)),
            *((layer, "slot") for layer in range(1, len(layers)) if layer not in without_slot),
        )

    def attach(self, heard: Heard) -> list[RemovableHandle]:
        """Hook ``heard`` to the inputs and outputs of the convolutions."""
        passing, handles = _Pass(self, heard), []
        for module in self._holders():
            handles += [
                module.register_forward_pre_hook(Hook(module, passing.enter), with_kwargs=True),
                module.register_forward_hook(Hook(module, passing.leave), always_call=True),
            ]
        return handles

    def doubt(self) -> str | None:
        """Return the sentence if what was heard may be that of another layer."""
        names = [name for name, module in self.model.named_modules() if module in self.uneven]
        if not names:
            return None
        return (
            f"training calls {', '.join(names)} another number of times than evaluation, so that which of its layers "
            "the gradient norms belong to can't be known"
        )

    def _holders(self) -> list[nn.Module]:
        """Return the model, its convolutions and whatever holds any of them."""
        inside = [module for module in self.model.modules() if not self.numbers.keys().isdisjoint(module.modules())]
        return list(dict.fromkeys([self.model, *inside, *self.numbers]))


class _Pass:
    """One forward pass after another: which calls have not returned, and how often every convolution was called."""

    def __init__(self, taps: ConvCalls, heard: Heard) -> None:
        self.taps, self.heard, self.keys = taps, heard, frozenset(taps.keys)
        self.open: list[nn.Module] = []
        self.calls: Counter[nn.Module] = Counter()
        self.layer: int | None = None  # the last one that was called
        self.whole = False  # whether the loop calls the model itself

    def enter(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        # A call that an interrupt has broken off is open for ever.
        if module is self.taps.model or not self.open or module in self.open:
            if self._is_rerun(module):
                return
            self.open, self.calls, self.layer = [], Counter(), None
            self.whole = self.whole or (module is self.taps.model and torch.is_grad_enabled())
        if module in self.taps.numbers and self._is_outermost():
            self._call(module, (args, kwargs))
        self.open.append(module)

    def leave(self, module: nn.Module, args: Any, output: Any) -> None:
        if module not in self.open:
            return
        while self.open.pop() is not module:
            pass  # an exception left these
        if module in self.taps.numbers and self._is_outermost() and self.layer is not None:
            self._hear((self.layer, "conv"), output)
        if module is self.taps.model and output is not None and torch.is_grad_enabled():
            self.taps.uneven.update(filter(self._is_uneven, self.calls))

    def _is_rerun(self, module: nn.Module) -> bool:
        return module is not self.taps.model and torch._C._current_graph_task_id() != -1

    def _is_outermost(self) -> bool:
        return self.taps.numbers.keys().isdisjoint(self.open)

    def _call(self, module: nn.Module, inputs: Any) -> None:
        before, numbers = self.layer, self.taps.numbers[module]
        self.layer = numbers[self.calls[module]] if self._counts(module, len(numbers)) else None
        self.calls[module] += 1
        if self.layer is not None and before == self.layer - 1:
            self._hear((before, "slot"), inputs)

    def _is_uneven(self, conv: nn.Module) -> bool:
        return self.calls[conv] != len(self.taps.numbers[conv]) > 1

    def _counts(self, module: nn.Module, layers: int) -> bool:
        """Whether it can be known which layer this call is."""
        whole = bool(self.open) and self.open[0] is self.taps.model
        return self.calls[module] < layers and (whole or (layers == 1 and not self.whole))

    def _hear(self, key: Key, passing: Any) -> None:
        value = nth_tensor(passing, self.taps.positions.get(key, 0))
        if value is not None and key in self.keys:
            self.heard(key, value, self.taps.model.training)


def nth_tensor(value: Any, position: int) -> Tensor | None:
    """Return the floating-point tensor at a position, from 0, in nested results; None if it isn't there."""
    return next(islice(floating(value), position, None), None)


def floating(value: Any) -> Iterator[Tensor]:
    """Yield the floating-point tensors in nested results."""
    return (tensor for tensor in tensors(value) if tensor.is_floating_point())


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
