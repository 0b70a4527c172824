"""The factor by which a gradient scaler multiplies the loss."""

from collections.abc import Callable
from functools import partial
from typing import Any, Self

from torch import Tensor, nn
from torch.amp import GradScaler

from cna_viz.recording.watched.layers.dependence import operations_behind


class LossScale:
    """Listens to torch's gradient scalers; a context manager.

    Attributes:
        factor: Factor of the last scaled loss that depends on the model, a scalar; None if there was none. Reset it to
            begin an epoch.
    """

    def __init__(self, model: nn.Module) -> None:
        self.factor: Tensor | None = None
        self._parameters = list(model.parameters())

    def __enter__(self) -> Self:
        if not isinstance(_present(), _Heard):
            GradScaler.scale = _Heard(GradScaler.scale)  # type: ignore[method-assign, assignment]
        _present().listeners.append(self._hear)
        return self

    def __exit__(self, *exception: object) -> None:
        heard = _present()
        heard.listeners.remove(self._hear)
        if not heard.listeners:
            GradScaler.scale = heard.scale  # type: ignore[method-assign]

    def _hear(self, loss: Tensor, scaled: Tensor) -> None:
        if scaled is not loss and _depends(loss, self._parameters):
            self.factor = scaled.detach() / loss.detach()  # reading the scaler's own copy would make a GPU wait


class _Heard:
    """Replaces ``GradScaler.scale`` while there are listeners."""

    def __init__(self, scale: Callable[[GradScaler, Any], Any]) -> None:
        self.scale = scale
        self.listeners: list[Callable[[Tensor, Tensor], None]] = []

    def __get__(self, scaler: GradScaler | None, kind: type) -> Any:
        return self if scaler is None else partial(self._scale, scaler)

    def _scale(self, scaler: GradScaler, outputs: Any) -> Any:
        scaled = self.scale(scaler, outputs)
        pairs = [(outputs, scaled)] if isinstance(outputs, Tensor) else list(zip(outputs, scaled, strict=True))
        for listener in self.listeners:
            for one, other in pairs:
                if isinstance(one, Tensor):
                    listener(one, other)
        return scaled


def _present() -> Any:
    return vars(GradScaler)["scale"]


def _depends(loss: Tensor, parameters: list[nn.Parameter]) -> bool:
    """Whether a loss is computed from any of these parameters."""
    wanted = {id(parameter) for parameter in parameters}
    return any(id(getattr(operation, "variable", None)) in wanted for operation in operations_behind([loss]))
