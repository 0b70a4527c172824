"""How the loop calls the model."""

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any, Final, Self

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from cna_viz.recording.taps import Hook, tensors
from cna_viz.recording.watched.layers.modules import layers_outside
from cna_viz.recording.watched.loop.values import different
from cna_viz.recording.watched.model.call import Call
from cna_viz.recording.watched.model.inputs import bound_values

_COMPARED: Final = 3
"""Number of calls whose values are compared, since a GPU is waited for."""


class LoopCalls:
    """Listens to the training calls of a loop, those with a backward pass; a context manager.

    Of a compiled model nothing is heard.

    Args:
        call: The call of the recorder.
        layers: The layers that are recorded.

    Attributes:
        calls: Number of calls.
    """

    def __init__(self, call: Call, layers: Collection[nn.Module] = ()) -> None:
        self.call, self.calls, self._values = call, 0, call.values
        self._own = self._names(self._values)
        self._in_eval, self._was_called = 0, False
        self._other: set[str] | None = None  # inputs of the first call with others than the recorder's
        self._different: set[str] = set()  # inputs with other values
        self._unrecorded = layers_outside(call.model, layers) if layers else {}
        self._trained: set[nn.Module] = set()  # of these, those that were called with gradients, and without
        self._evaluated: set[nn.Module] = set()
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> Self:
        model = self.call.model
        if not self.call.compiled:
            self._handles = [model.register_forward_hook(Hook(model, self._hear), with_kwargs=True)]
            for layer in self._unrecorded.values():
                self._handles.append(layer.register_forward_pre_hook(Hook(layer, partial(self._hear_layer, layer))))
        return self

    def __exit__(self, *exception: object) -> None:
        for handle in self._handles:
            handle.remove()

    @property
    def in_eval(self) -> bool:
        """Whether there were calls, all of them in evaluation mode."""
        return 0 < self.calls == self._in_eval

    def problem(self) -> str | None:
        """Return a sentence if the loop passes other inputs than the recorder, unless the user declared them."""
        if self.call.declared or self._other is None:
            return None
        return (
            f"your loop calls {type(self.call.model).__name__} {self._more_and_less(self._other)}, and watch calls "
            f"{self.call.sentence}: say what the model is given, inputs=(...)"
        )

    def advice(self) -> Iterator[str]:
        """Yield what is doubtful at the end: sentences on inputs, layers, and a model that was never called."""
        name = type(self.call.model).__name__
        if self.call.declared and self._other is not None:
            yield (
                f"the loop calls {name} {self._more_and_less(self._other)}, and watch, as inputs= says, calls "
                f"{self.call.sentence}: what is recorded is not the model as it was trained"
            )
        if self._different:
            yield (
                f"the loop passes other values of {' and '.join(sorted(self._different))} than watch does: what is "
                "recorded is the model on the data that watch was given"
            )
        yield from self._of_layers()
        if not (self._was_called or self.call.compiled):
            yield self._of_parts(name)

    def _of_layers(self) -> Iterator[str]:
        only = self._trained - self._evaluated
        names = [f"{name} ({type(layer).__name__})" for name, layer in self._unrecorded.items() if layer in only]
        if names:
            are = "it is" if len(names) == 1 else "they are"
            yield f"training calls {', '.join(names)}, which evaluation does not: {are} not recorded"

    def _of_parts(self, name: str) -> str:
        parts = [part for part, module in self.call.model.named_children() if list(module.parameters())]
        such = f", such as watch(model.{parts[0]}, data)" if len(parts) == 1 else ""
        return (
            f"the loop never calls {name} itself, only parts or methods of it, so that its mode and inputs can't be "
            f"compared with those of watch: watch the part that it calls{such}"
        )

    def _more_and_less(self, other: set[str]) -> str:
        more, less = ", ".join(sorted(other - self._own)), ", ".join(sorted(self._own - other))
        return " and ".join([f"with {more}"] * bool(more) + [f"without {less}"] * bool(less))

    def _hear(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        self._was_called = self._was_called or torch.is_grad_enabled()
        result = next((one for one in tensors(output) if one.requires_grad), None)
        if result is not None:
            values = bound_values(module.forward, args, kwargs)
            noted = partial(self._count, self._names(values), self._compared(values), module.training)
            result.register_hook(noted)  # type: ignore[no-untyped-call]

    def _hear_layer(self, layer: nn.Module, *passing: Any) -> None:
        (self._trained if torch.is_grad_enabled() else self._evaluated).add(layer)

    def _names(self, values: Mapping[str, Any]) -> set[str]:
        # A flag that is declared may well be another in training.
        return {name for name, value in values.items() if not (self.call.declared and isinstance(value, bool))}

    def _compared(self, values: Mapping[str, Any]) -> set[str]:
        if self.calls >= _COMPARED or _is_capturing():
            return set()
        try:
            return different(self._values, values)
        except RuntimeError:  # under vmap there are no single values
            return set()

    def _count(self, names: set[str], unequal: set[str], training: bool, gradient: Tensor) -> None:
        self.calls += 1
        self._in_eval += not training
        self._different |= unequal
        if self._other is None and names != self._own:
            self._other = names


def _is_capturing() -> bool:
    """Whether a CUDA graph is captured, which must not be waited for."""
    return torch.cuda.is_initialized() and torch.cuda.is_current_stream_capturing()  # type: ignore[no-untyped-call]
