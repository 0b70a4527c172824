"""One forward pass, in which the calls of layers are counted and each is traced to the one before."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch._C._autograd import _get_sequence_nr
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.hooks import RemovableHandle

from cna_viz.errors import CnaVizError, UsageError
from cna_viz.nn.cna import CNA
from cna_viz.recording.taps import first_tensor, tensors, undisturbed
from cna_viz.recording.watched.model.call import Call
from cna_viz.recording.watched.model.intervention import passes_on
from cna_viz.recording.watched.model.kinds import layers_inside


@dataclass
class LayerCall:
    """A call of a layer.

    Attributes:
        name: Name of the module.
        module: The layer.
        entering: Shape of the features that it is given, if any.
        follows: Whether any of its inputs is computed from the output of the call before; true for the first.
        continues: Whether the features that it is given are.
        leaving: Shape of the features that it returns, if any.
    """

    name: str
    module: nn.Module
    entering: torch.Size | None
    follows: bool = True
    continues: bool = True
    leaving: torch.Size | None = None
    # Numbers of the operations that autograd noted during the call; None if the output can't be traced.
    operations: tuple[int, int] | None = None

    @property
    def label(self) -> str:
        """Name and class of the module."""
        return f"{self.name.replace('._orig_mod', '')} ({type(self.module).__name__})"


@dataclass
class Trace:
    """The calls of the layers in one forward pass, and the CNA modules called between them, with the layer before."""

    calls: list[LayerCall] = field(default_factory=list)
    slots: list[tuple[int, nn.Module]] = field(default_factory=list)


def trace(call: Call, layers: Mapping[str, nn.Module]) -> Trace:
    """Run the model once in evaluation mode and return the calls of ``layers``; a call inside another is part of it.

    Autograd notes the operations, but holds no tensors.

    Raises:
        UsageError: When the model fails, or writes into its inputs, so that every look would change the training.
    """
    listener, before = _Listener(call.model, layers), _versions(call)
    with undisturbed(call.model), torch.enable_grad(), saved_tensors_hooks(_nothing, _nothing), ExitStack() as stack:
        for handle in listener.attach():
            stack.callback(handle.remove)
        _run(call)
    if _versions(call) != before:
        raise UsageError(
            f"{call.sentence} writes into its inputs, so that looking at it would change its training: let the model "
            "work on a copy, x.clone()"
        )
    for number, following in enumerate(listener.trace.calls[1:], start=1):
        if not (following.follows and following.continues):  # or autograd can't see it, as without gradients
            follows, continues = passes_on(call, layers.values(), number)
            following.follows, following.continues = following.follows or follows, following.continues or continues
    return listener.trace


def _run(call: Call) -> None:
    try:
        call()
    except CnaVizError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split("\n", 1)[0].split())
        raise UsageError(
            f"{call.sentence} fails in evaluation mode ({type(error).__name__}: {reason}): say what the model is "
            "given, inputs=(...)"
        ) from error


class _Listener:
    def __init__(self, model: nn.Module, layers: Mapping[str, nn.Module]) -> None:
        self.trace = Trace()
        self._model, self._names = model, {module: name for name, module in layers.items()}
        self._depth = 0  # calls of layers that have not returned
        self._has_convolved = False  # whether the present layer has called a layer inside it
        self._first: int | None = None  # number of the first operation of the present layer, if they are noted

    def attach(self) -> Iterator[RemovableHandle]:
        for module in self._names:
            yield module.register_forward_pre_hook(self._enter, with_kwargs=True)
            yield module.register_forward_hook(self._leave)
        for module in set(layers_inside(self._model).values()) - self._names.keys():
            yield module.register_forward_pre_hook(self._enter_inner)
        for module in self._model.modules():
            if isinstance(module, CNA):
                yield module.register_forward_pre_hook(self._enter_slot)

    def _enter(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        self._depth += 1
        self._has_convolved = self._depth > 1
        if self._depth == 1:
            self.trace.calls.append(self._traced(module, (args, kwargs)))

    def _enter_inner(self, module: nn.Module, args: Any) -> None:
        self._has_convolved = True

    def _leave(self, module: nn.Module, args: Any, output: Any) -> Tensor | None:
        self._depth -= 1
        if self._depth:
            return None
        call, features, replaced = self.trace.calls[-1], first_tensor(output), None
        call.leaving = None if features is None else features.shape
        if features is not None and features is output and self._first is not None and not features.requires_grad:
            features = replaced = features.detach().requires_grad_().clone()  # weights may be frozen
        if features is not None and features.requires_grad and self._first is not None:
            call.operations = self._first, _get_sequence_nr()
        return replaced

    def _traced(self, module: nn.Module, inputs: Any) -> LayerCall:
        features, before = first_tensor(inputs), self.trace.calls[-1] if self.trace.calls else None
        call = LayerCall(self._names[module], module, None if features is None else features.shape)
        if before is not None:
            first, last = before.operations or (0, 0)
            call.follows = _reach(tensors(inputs), first, last)
            call.continues = _reach(tensors(features), first, last)
        self._first = _get_sequence_nr() if torch.is_grad_enabled() else None
        return call

    def _enter_slot(self, slot: nn.Module, args: Any) -> None:
        finished = len(self.trace.calls) - (self._depth > 0)
        if not self._depth:
            self.trace.slots.append((finished, slot))
        elif layers_inside(self.trace.calls[-1].module):  # in a block, a slot stands before or behind its convolution
            self.trace.slots.append((finished + self._has_convolved, slot))


def _reach(values: Iterable[Tensor], first: int, last: int) -> bool:
    """Whether any of the values is computed from the result of an operation from ``first`` up to ``last``."""
    waiting, seen = [value.grad_fn for value in values], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        number = node._sequence_nr()
        if first <= number < last:
            return True
        if number >= last:  # what is older can't be computed from it
            waiting += [earlier for earlier, _ in node.next_functions]
    return False


def _versions(call: Call) -> list[int]:
    """Return how often the inputs have been written to."""
    return [value._version for value in tensors((call.args, call.kwargs)) if not value.is_inference()]


def _nothing(value: Any) -> Any:
    return None
