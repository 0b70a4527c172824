"""Where features pass: the places of a model that are listened to, and listening without changing anything."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

Key = tuple[int, str]
"""Layer, from 1, and stage: ``conv`` (what leaves the convolution) or ``slot`` (what leaves the slot after it)."""

Heard = Callable[[Key, Tensor, bool], None]
"""Called with what passes, where, and whether the model is in training mode."""


class Taps(Protocol):
    """The stages of a model."""

    keys: tuple[Key, ...]
    """All of them."""

    def attach(self, heard: Heard) -> Sequence[RemovableHandle]:
        """Hook ``heard`` to every stage and return the handles that remove the hooks."""


@contextmanager
def listen(taps: Taps, heard: Heard) -> Iterator[None]:
    """Call ``heard`` with whatever passes the taps; afterwards, also after an exception, the model is untouched."""
    handles = list(taps.attach(heard))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class TapModules:
    """Stages that have modules of their own, which return what they are given.

    Args:
        modules: Taps by layer and stage.
    """

    def __init__(self, modules: Mapping[Key, nn.Module]) -> None:
        self.modules = dict(modules)
        self.keys = tuple(self.modules)

    def attach(self, heard: Heard) -> list[RemovableHandle]:
        """Hook ``heard`` to what leaves the taps."""
        return [tap.register_forward_hook(_hook(key, heard)) for key, tap in self.modules.items()]


class ConvCalls:
    """Stages of a model without taps: layers are the calls of its convolutions, in the order of a forward pass.

    What leaves the ℓ-th call is the stage ``conv`` of layer ℓ; what enters the next one has left the slot of layer ℓ,
    whatever stands between the two: an activation, a norm, dropout, a sum with what skipped the layer.

    Args:
        model: The model; its call begins a new pass.
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
        """Hook ``heard`` to what enters and leaves the convolutions."""
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
            handles += [
                conv.register_forward_pre_hook(enter, with_kwargs=True),
                conv.register_forward_hook(leave),
            ]
        return handles


def first_tensor(value: Any) -> Tensor | None:
    """Return the first tensor of numbers with a fraction in nested tuples, lists and dictionaries; None without one."""
    if isinstance(value, Tensor):
        return value if value.is_floating_point() else None
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ()
    return next((found for item in inner if (found := first_tensor(item)) is not None), None)


def _hook(key: Key, heard: Heard) -> Callable[[nn.Module, Any, Tensor], None]:
    return lambda module, args, output: heard(key, output, module.training)
