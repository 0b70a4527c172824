"""A model whose forwards send the activations that it calls as functions to its slots."""

import copyreg
from functools import cache, wraps
from typing import Any, Final

import torch
from torch import nn

from cna_viz.errors import UsageError
from cna_viz.nn.replacing.functions import FunctionSlots

NAME: Final = "function_slots"
"""Name of the slots in the model."""


_REFUSED: Final = (
    "torch.compile, torch.export and torch.jit don't keep the slots of activations called as functions: run the model "
    "as it is, or make them modules such as nn.ReLU() before replace_activations"
)


class Sending:
    """Mixin of the classes that :func:`send` makes."""

    # The class that a pickle names is the model's own.
    def __reduce_ex__(self, protocol: Any) -> Any:
        make, args, *state = super().__reduce_ex__(protocol)
        return (_new, (type(self).__bases__[1],), *state) if make is copyreg.__newobj__ else (make, args, *state)  # type: ignore[attr-defined]

    def __prepare_scriptable__(self) -> None:
        raise UsageError(_REFUSED)


def send(model: nn.Module, slots: FunctionSlots) -> None:
    """Let every forward of ``model`` send its activations to ``slots``.

    The model gets a subclass of its class, as by :mod:`torch.nn.utils.parametrize`: unlike hooks, a ``forward`` ends
    the mode after a KeyboardInterrupt, too.
    """
    setattr(model, NAME, slots)
    if not isinstance(model, Sending):
        model.__class__ = _subclass(type(model))


@cache
def _subclass(kind: Any) -> Any:
    @wraps(kind.forward)
    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        _refuse_tracing()
        with getattr(self, NAME).mode():
            return kind.forward(self, *args, **kwargs)

    named = {name: getattr(kind, name) for name in ("__module__", "__qualname__", "__doc__")}
    return type(kind.__name__, (Sending, kind), {**named, "forward": forward})


def _refuse_tracing() -> None:
    # Also set where torch.compile leaves a frame to Python, but goes on to compile those below.
    compiling = torch._C._dynamo.eval_frame.get_eval_frame_callback() is not None
    if compiling or torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None:
        raise UsageError(_REFUSED)


def _new(kind: type[nn.Module]) -> nn.Module:
    subclass = _subclass(kind)
    return subclass.__new__(subclass)
