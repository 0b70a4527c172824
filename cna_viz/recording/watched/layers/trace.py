"""Tracing one forward pass: which layers are called, and which of them use the output of the layer before."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch._C._autograd import _get_sequence_nr
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.hooks import RemovableHandle

from cna_viz.errors import CnaVizError, UsageError
from cna_viz.nn.cna import CNA
from cna_viz.recording.taps import floating, nth_tensor, tensors, undisturbed
from cna_viz.recording.watched.layers.dependence import operations_behind, passes_on
from cna_viz.recording.watched.layers.embedding import Position, Returned, find_returned, is_rows
from cna_viz.recording.watched.layers.modules import layers_inside, refusing_others, refusing_recursion
from cna_viz.recording.watched.model.call import Call
from cna_viz.recording.watched.model.side_effects import refusing_writes


@dataclass
class LayerCall:
    """A call of a layer.

    Attributes:
        name: Name of the module.
        module: The layer.
        entered: Position of the features among the floating-point tensors that it is given.
        entering: Their shape, if there are any.
        follows: Whether any of its inputs is computed from the output of the call before; true for the first.
        continues: Whether the features among its inputs are.
        returned: What it returns.
    """

    name: str
    module: nn.Module
    entered: int = 0
    entering: torch.Size | None = None
    follows: bool = True
    continues: bool = True
    returned: Returned = field(default_factory=Returned)
    # Numbers of the operations that autograd noted during the call; None if the output can't be traced.
    operations: tuple[int, int] | None = None
    # The last operation of the features that it returns.
    result: Any = None

    @property
    def label(self) -> str:
        """Name and class of the module."""
        return f"{self.name.replace('._orig_mod', '')} ({type(self.module).__name__})"


@dataclass
class Trace:
    """One forward pass.

    Attributes:
        calls: Calls of layers.
        slots: CNA modules, each with the number of the layer before it.
    """

    calls: list[LayerCall] = field(default_factory=list)
    slots: list[tuple[int, nn.Module]] = field(default_factory=list)


def trace(
    call: Call, layers: Mapping[str, nn.Module], nodes: int, positions: Mapping[str, Position] = MappingProxyType({})
) -> Trace:
    """Run the model once in evaluation mode and return the calls of ``layers``; a call inside another is part of it.

    Autograd notes the operations, but holds no tensors, unless the model fails without.

    Args:
        call: The call of the model.
        layers: Its layers by name.
        nodes: Number of nodes.
        positions: Where the features are in what a layer returns, by its name; found where it is left out.

    Raises:
        UsageError: When the model fails, calls modules that are not its own, writes into its inputs or parameters, so
            that every look would change the training, or holds its layers in a module that calls itself.
    """
    try:
        listener = _listen(
            _Listener(call.model, layers, nodes, positions), call, saved_tensors_hooks(_nothing, _nothing)
        )
    except UsageError as error:
        if error.__cause__ is None:
            raise
        # A model that differentiates inside its forward pass needs the tensors.
        listener = _listen(_Listener(call.model, layers, nodes, positions), call, nullcontext())
    for number, following in enumerate(listener.trace.calls[1:], start=1):
        if not (following.follows and following.continues):  # or autograd can't see it, as without gradients
            follows, continues = passes_on(call, layers.values(), number, following.entered)
            following.follows, following.continues = following.follows or follows, following.continues or continues
    return listener.trace


def _listen(listener: "_Listener", call: Call, kept: AbstractContextManager[Any]) -> "_Listener":
    """Run the model once; ``kept`` says which tensors autograd holds."""
    with ExitStack() as stack:
        stack.enter_context(refusing_writes(call.model, (call.args, call.kwargs), call.sentence))
        stack.enter_context(undisturbed(call.model))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(kept)
        for handle in listener.attach():
            stack.callback(handle.remove)
        stack.enter_context(refusing_others(call.model))
        stack.enter_context(refusing_recursion(call.model, listener.layers))
        _run(call)
    return listener


def _run(call: Call) -> None:
    try:
        call()
    except CnaVizError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split("\n", 1)[0].split())
        raise UsageError(
            f"{call.sentence} fails in evaluation mode ({type(error).__name__}: {reason}): if the inputs are not those "
            "of your loop, say inputs=(...)"
        ) from error


class _Listener:
    def __init__(
        self, model: nn.Module, layers: Mapping[str, nn.Module], nodes: int, positions: Mapping[str, Position]
    ) -> None:
        self.trace = Trace()
        self._model, self._names = model, {module: name for name, module in layers.items()}
        self._nodes, self._positions = nodes, positions
        self._depth = 0  # calls of layers that have not returned
        self._has_convolved = False  # whether the present layer has called a layer inside it
        self._first: int | None = None  # number of the first operation of the present layer, if they are noted

    @property
    def layers(self) -> Collection[nn.Module]:
        return self._names.keys()

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
        call, replaced = self.trace.calls[-1], None
        call.returned = find_returned(output, self._nodes, self._positions.get(call.name))
        features = nth_tensor(output, call.returned.position)
        if features is None or self._first is None:
            return None
        if features is output and not features.requires_grad:
            features = replaced = features.detach().requires_grad_().clone()  # weights may be frozen
        if features.requires_grad:
            call.operations, call.result = (self._first, _get_sequence_nr()), features.grad_fn
        return replaced

    def _traced(self, module: nn.Module, inputs: Any) -> LayerCall:
        call, before = LayerCall(self._names[module], module), self.trace.calls[-1] if self.trace.calls else None
        features = list(floating(inputs))
        if before is not None:
            first, last = before.operations or (0, 0)
            call.follows = _reach(tensors(inputs), first, last)
            going_on = [number for number, value in enumerate(features) if _reach([value], first, last)]
            call.entered = self._entered(features, going_on, before)
            call.continues = call.entered in going_on
        call.entering = features[call.entered].shape if call.entered < len(features) else None
        self._first = _get_sequence_nr() if torch.is_grad_enabled() else None
        return call

    def _entered(self, features: list[Tensor], going_on: list[int], before: LayerCall) -> int:
        """Return the position of the only features that are computed from those before, or else the same position."""
        rows = [number for number in going_on if is_rows(features[number].shape, self._nodes)]
        if len(rows) > 1:
            rows = [number for number in rows if before.result in operations_behind([features[number]])]
        return rows[0] if len(rows) == 1 else before.returned.position

    def _enter_slot(self, slot: nn.Module, args: Any) -> None:
        finished = len(self.trace.calls) - (self._depth > 0)
        if not self._depth:
            self.trace.slots.append((finished, slot))
        elif layers_inside(self.trace.calls[-1].module):  # in a block, a slot stands before or behind its convolution
            self.trace.slots.append((finished + self._has_convolved, slot))


def _reach(values: Iterable[Tensor], first: int, last: int) -> bool:
    """Whether any of the values is computed from the result of an operation from ``first`` up to ``last``."""
    # An operation older than all of these can't use their results.
    return any(first <= operation._sequence_nr() < last for operation in operations_behind(values, since=last))


def _nothing(value: Any) -> Any:
    return None
