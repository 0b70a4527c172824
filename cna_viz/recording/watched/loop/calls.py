"""How the loop calls the model."""

from functools import partial
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from cna_viz.recording.taps import Hook, tensors
from cna_viz.recording.watched.model.call import Call
from cna_viz.recording.watched.model.inputs import bound_names


class LoopCalls:
    """Listens to the training calls of a loop, those with a backward pass; a context manager.

    Of a compiled model nothing is heard.

    Attributes:
        calls: Number of calls.
    """

    def __init__(self, call: Call) -> None:
        self.call, self.calls, self._own = call, 0, set(call.names)
        self._in_eval, self._was_called = 0, False
        self._other: set[str] | None = None  # inputs of the first call with others than the recorder's
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> Self:
        model = self.call.model
        if not self.call.compiled:
            self._handles = [model.register_forward_hook(Hook(model, self._hear), with_kwargs=True)]
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
        own, other = self._own, self._other
        more, less = ", ".join(sorted(other - own)), ", ".join(sorted(own - other))
        loop = " and ".join([f"with {more}"] * bool(more) + [f"without {less}"] * bool(less))
        return (
            f"your loop calls {type(self.call.model).__name__} {loop}, and watch calls {self.call.sentence}: say what "
            "the model is given, inputs=(...)"
        )

    def advice(self) -> str | None:
        """Return a sentence if the loop, at its end, has never called the model with gradients."""
        if self._was_called or self.call.compiled:
            return None
        name = type(self.call.model).__name__
        parts = [part for part, module in self.call.model.named_children() if list(module.parameters())]
        such = f", such as watch(model.{parts[0]}, data)" if len(parts) == 1 else ""
        return (
            f"the loop never calls {name} itself, only parts or methods of it, so that its mode and inputs can't be "
            f"compared with those of watch: watch the part that it calls{such}"
        )

    def _hear(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        self._was_called = self._was_called or torch.is_grad_enabled()
        result = next((one for one in tensors(output) if one.requires_grad), None)
        if result is not None:
            names = set(bound_names(module.forward, args, kwargs))
            result.register_hook(partial(self._count, names, module.training))  # type: ignore[no-untyped-call]

    def _count(self, names: set[str], training: bool, gradient: Tensor) -> None:
        self.calls += 1
        self._in_eval += not training
        if self._other is None and names != self._own:
            self._other = names
