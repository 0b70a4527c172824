"""How a model is called: by the recorder on the whole graph, and by the loop that trains it."""

import inspect
from contextlib import nullcontext
from copy import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.nn.parameter import is_lazy
from torch.optim.swa_utils import AveragedModel
from torch_geometric.data.data import BaseData

from cna_viz.errors import UsageError, shown
from cna_viz.recording.taps import tensors
from cna_viz.recording.watched.model.inputs import bound_values, declared_inputs, find_inputs
from cna_viz.recording.watched.model.side_effects import unchanged


@dataclass(frozen=True, eq=False)
class Call:
    """A call of a model on the whole graph.

    Attributes:
        model: The model without wrappers; it shares the parameters with what was given.
        compiled: Whether any part is compiled. Compiled code calls no hooks, so here the model runs uncompiled.
        args: Inputs by position.
        kwargs: Inputs by name.
        declared: Whether the inputs were declared, and not found.
    """

    model: nn.Module
    compiled: bool
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    declared: bool

    def __call__(self) -> Any:
        """Run the model without side effects, and return its output as it is."""
        with torch.compiler.set_stance("force_eager") if self.compiled else nullcontext():
            inputs = [_own_copy(item) for item in self.args]
            named = {name: _own_copy(item) for name, item in self.kwargs.items()}
            with unchanged(self.model):
                return self.model(*inputs, **named)

    def uses(self, data: Any, name: str) -> bool:
        """Whether the model is given this attribute of the data, or a copy of it, or the data as a whole."""
        value = getattr(data, name, None)
        given = (*self.args, *self.kwargs.values())
        return any(item is data or (value is not None and _is_copy(item, value)) for item in given)

    @property
    def learned(self) -> list[Tensor]:
        """Inputs that are trained, such as embeddings outside of the model."""
        return [tensor for tensor in tensors((self.args, self.kwargs)) if tensor.requires_grad and tensor.is_leaf]

    @property
    def values(self) -> dict[str, Any]:
        """Inputs by the names of the parameters that get a value."""
        return bound_values(self.model.forward, self.args, self.kwargs)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters that get a value."""
        return tuple(self.values)

    @property
    def sentence(self) -> str:
        """The call as one would write it."""
        return f"{type(self.model).__name__}({', '.join(self.names)})"


def _own_copy(item: Any) -> Any:
    """Return a copy of a graph, because some models keep their features in it; anything else as it is."""
    return copy(item) if isinstance(item, BaseData) else item


def _is_copy(item: Any, value: Any) -> bool:
    """Whether this is the same object, or a dense tensor with the same values on any device."""
    if item is value:
        return True
    dense = all(isinstance(one, Tensor) and one.layout == torch.strided for one in (item, value))
    return dense and item.shape == value.shape and bool(torch.equal(item.detach().cpu(), value.detach().cpu()))


def make_call(model: Any, data: Any, inputs: Any = None) -> Call:
    """Return the call of ``model`` on ``data``.

    Args:
        model: A module, maybe compiled, parallel or averaged.
        data: Has the inputs as attributes, which are found by the names of the parameters.
        inputs: The inputs instead: a sequence, a mapping from names of parameters, or one input.

    Raises:
        UsageError: When the model can't be watched, or its inputs can't be known.
    """
    plain, compiled = _unwrapped(model)
    args, kwargs = (find_inputs(plain, data), {}) if inputs is None else declared_inputs(inputs)
    call = Call(plain, compiled, args, kwargs, inputs is not None)
    try:
        inspect.signature(plain.forward).bind(*args, **kwargs)
    except TypeError as error:
        count = len(args) + len(kwargs)
        raise UsageError(
            f"{type(plain).__name__} can't be called with {count} inputs ({error}): pass inputs=[...]"
        ) from None
    return call


def _unwrapped(model: Any) -> tuple[nn.Module, bool]:
    """Return the model behind its wrappers, and whether any part of it is compiled."""
    compiled = False
    while isinstance(model, DataParallel | DistributedDataParallel | AveragedModel) or hasattr(model, "_orig_mod"):
        compiled = compiled or hasattr(model, "_orig_mod")
        model = model._orig_mod if hasattr(model, "_orig_mod") else model.module
    _check(model)
    parts = (hasattr(part, "_orig_mod") or part._compiled_call_impl is not None for part in model.modules())
    return model, compiled or any(parts)


def _check(model: Any) -> None:
    if isinstance(model, type):
        raise UsageError(f"the model is the class {model.__name__}: make one, {model.__name__}(...), and watch that")
    if isinstance(model, torch.jit.ScriptModule | torch.jit.ScriptFunction):
        raise UsageError("the model is a ScriptModule, whose layers can't be heard: watch the Python model behind it")
    if not isinstance(model, nn.Module):
        raise UsageError(f"the model is {shown(model)}, not a torch.nn.Module: watch the module that you train")
    if any(map(is_lazy, (*model.parameters(), *model.buffers()))):
        raise UsageError(f"{type(model).__name__} has weights without a shape: call it once before it is watched")
