"""How large the loss gradient is at every stage, in the training steps of whoever trains."""

from types import TracebackType
from typing import Self

import torch
from torch import Tensor

from cna_viz.recording.quick_norm import quick_norm
from cna_viz.recording.taps import Key, Taps, listen


class GradientNorms:
    """Context manager that notes the Frobenius norm of the last gradient at every stage, in training mode.

    Of the gradients themselves nothing is kept.

    Args:
        taps: The stages.
    """

    def __init__(self, taps: Taps) -> None:
        self._last: dict[Key, Tensor] = {}
        self._listening = listen(taps, self._heard)

    def __enter__(self) -> Self:
        self._listening.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.__exit__(kind, error, trace)
        self._last.clear()

    def take(self) -> tuple[tuple[Key, ...], Tensor]:
        """Return stages and norms since the last call; one small tensor, so that those of many epochs can be kept."""
        taken = tuple(self._last), torch.stack(list(self._last.values())) if self._last else torch.empty(0)
        self._last.clear()
        return taken

    def _heard(self, key: Key, value: Tensor, training: bool) -> None:
        def note(gradient: Tensor) -> None:
            self._last[key] = quick_norm(gradient.detach())

        if training and value.requires_grad:
            value.register_hook(note)  # type: ignore[no-untyped-call]
