"""Listen to the taps of a model without changing it."""

from collections.abc import Hashable, Mapping
from typing import Any, Generic, Self, TypeVar

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from cna_viz.measures.norm import feature_norm

Key = TypeVar("Key", bound=Hashable)


class TapListener(Generic[Key]):
    """Context manager that keeps what passes the taps while it is entered.

    In evaluation mode it keeps the values themselves, in training mode only the norm of the loss gradient at each tap.
    Hooks are added on entry and removed on exit, also after an exception; outside the context the model is untouched.

    Args:
        taps: Modules to listen to, by any key.

    Attributes:
        values: Last value seen in evaluation mode, by key, detached.
        gradient_norms: Frobenius norm of the last gradient seen in training mode, by key, scalar tensors.
    """

    def __init__(self, taps: Mapping[Key, nn.Module]) -> None:
        self.taps = dict(taps)
        self.values: dict[Key, Tensor] = {}
        self.gradient_norms: dict[Key, Tensor] = {}
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> Self:
        for key, tap in self.taps.items():
            self._handles.append(tap.register_forward_hook(self._hook(key)))
        return self

    def __exit__(self, *exception: object) -> None:
        while self._handles:
            self._handles.pop().remove()
        self.values.clear()
        self.gradient_norms.clear()

    def _hook(self, key: Key) -> Any:
        def keep_gradient_norm(gradient: Tensor) -> None:
            self.gradient_norms[key] = feature_norm(gradient.detach())

        def listen(module: nn.Module, args: Any, output: Tensor) -> None:
            if not module.training:
                self.values[key] = output.detach()
            elif output.requires_grad:
                output.register_hook(keep_gradient_norm)  # type: ignore[no-untyped-call]

        return listen
