"""How the user's loop calls the model that is watched."""

from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from cna_viz.recording.taps import Hook
from cna_viz.recording.watched.model.call import Call, bound_names


class LoopCalls:
    """Listens to the training calls of a loop, those with gradients; a context manager.

    Looks at the model run without gradients and don't count. Of a compiled model nothing is heard.

    Attributes:
        calls: Number of calls.
        autocast: Type of the numbers if the last call ran under ``torch.autocast``.
    """

    def __init__(self, call: Call) -> None:
        self.call, self.calls = call, 0
        self.autocast: torch.dtype | None = None
        self._in_eval = 0
        self._names: dict[Any, tuple[str, ...]] = {}
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> Self:
        model = self.call.model
        if not self.call.compiled:
            self._handles = [model.register_forward_pre_hook(Hook(model, self._hear), with_kwargs=True)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()

    @property
    def in_eval(self) -> bool:
        """Whether there were calls, all of them in evaluation mode."""
        return 0 < self.calls == self._in_eval

    def problem(self) -> str | None:
        """Return the sentence if the loop passes something else than the recorder does, and the user didn't say so."""
        name, own = type(self.call.model).__name__, set(self.call.names)
        for names in [] if self.call.declared else self._names.values():
            if set(names) != own:
                more, less = ", ".join(sorted(set(names) - own)), ", ".join(sorted(own - set(names)))
                loop = " and ".join([f"with {more}"] * bool(more) + [f"without {less}"] * bool(less))
                return (
                    f"your loop calls {name} {loop}, and watch calls {self.call.sentence}: say what the model is "
                    "given, inputs=(...)"
                )
        return None

    def _hear(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not torch.is_grad_enabled():
            return
        self.calls += 1
        self._in_eval += not module.training
        self.autocast = _autocast(module)
        kind = (*(item is None for item in args), *((name, item is None) for name, item in kwargs.items()))
        if kind not in self._names:
            with suppress(TypeError):  # the model itself refuses what doesn't fit
                self._names[kind] = bound_names(module.forward, args, kwargs)


def _autocast(model: nn.Module) -> torch.dtype | None:
    device = next((parameter.device.type for parameter in model.parameters()), "cpu")
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
