"""A model whose forwards send the activations that it calls as functions to its slots."""

import copyreg
from functools import cache, wraps
from typing import Any, Final

import torch
from torch import nn

from cna_viz.errors import UsageError
from cna_viz.nn.replacing.places import NAME

_REFUSED: Final = (
    "torch.compile, torch.export and torch.jit don't keep the slots of activations called as functions: run the model "
    "as it is, or make them modules such as nn.ReLU() before replace_activations"
)


class Sending:
    """Mixin of the classes that :func:`send` makes."""

    # The class that a pickle names is the model's own, unless it pickles in a way of its own.
    def __reduce_ex__(self, protocol: Any) -> Any:
        made: Any = super().__reduce_ex__(protocol)
        return (_new, (type(self).__bases__[1],), *made[2:]) if made[0] is vars(copyreg)["__newobj__"] else made

    def __prepare_scriptable__(self) -> None:
        raise UsageError(_REFUSED)


def send(model: nn.Module) -> None:
    """Let every forward of ``model`` enter the mode of its ``function_slots``.

    The model gets a subclass of its class, as by ``torch.nn.utils.parametrize``: unlike hooks, a ``forward`` ends
    the mode after a KeyboardInterrupt, too.
    """
    if not isinstance(model, Sending):
        kind: Any = type(model)
        model.__class__ = _subclass(kind)


@cache
def _subclass(kind: Any) -> Any:
    @wraps(kind.forward)
    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        # torch.compile may leave a frame to Python, and compile those that it calls.
        is_compiling = torch.compiler.is_compiling() or torch._C._dynamo.eval_frame.get_eval_frame_callback()
        if is_compiling or torch._C._get_tracing_state() is not None:
            raise UsageError(_REFUSED)
        with getattr(self, NAME).mode():
            return kind.forward(self, *args, **kwargs)

    named = {name: getattr(kind, name) for name in ("__module__", "__qualname__", "__doc__")}
    return type(kind.__name__, (Sending, kind), {**named, "forward": forward})


def _new(kind: Any) -> Any:
    subclass = _subclass(kind)
    return subclass.__new__(subclass)
