"""Norms of the loss gradient at every stage; the gradients themselves are not kept."""

from collections.abc import Callable
from functools import partial
from typing import Self

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

from cna_viz.measures.rows import as_rows
from cna_viz.recording.taps import Key, Taps, listen, undisturbed

Norms = dict[Key, Tensor]
"""Frobenius norms by stage: scalars, float64."""


class Backward:
    """The backward pass through the stages of one forward pass; stages without a gradient have no norm."""

    def __init__(self) -> None:
        self.norms: Norms = {}
        self._first: GradientEdge | None = None

    def hear(self, key: Key, value: Tensor) -> None:
        """Register the features of a stage."""
        if value.requires_grad:
            # Its place in the graph: the tensor itself would be held until the end.
            self._first = get_gradient_edge(value) if self._first is None else self._first
            value.register_hook(lambda gradient: self.norms.update({key: _norm(gradient)}))  # type: ignore[no-untyped-call]

    def run(self, loss: Tensor) -> None:
        """Differentiate the loss with respect to the first stage, through all others; parameters get no gradient."""
        if self._first is not None:
            torch.autograd.grad(loss, self._first, allow_unused=True)


class GradientNorms:
    """Source of gradient norms for a recorder whose probe can't run the backward pass itself."""

    def close(self, epoch: int, *, following: bool = True) -> None:
        """End an epoch, and tell whether the norms of the next will be asked for."""

    def norms(self, epoch: int) -> Norms:
        """Return the norms of an epoch, which was closed last, or of the model as it is; none if they aren't known."""
        raise NotImplementedError


class BatchGradients(GradientNorms):
    """Gradients of a mini-batch's loss, for graphs too large for a backward pass as a whole.

    ``loss`` runs the model on a mini-batch of an epoch, in evaluation mode; afterwards the model is restored.
    """

    def __init__(self, model: nn.Module, taps: Taps, loss: Callable[[int], Tensor]) -> None:
        self.model, self.taps, self.loss = model, taps, loss

    def norms(self, epoch: int) -> Norms:
        """Return the norms of the model as it is, by one forward and backward pass of the mini-batch."""
        backward = Backward()
        with (
            undisturbed(self.model),
            torch.enable_grad(),
            listen(self.taps, lambda key, value, training: backward.hear(key, value)),
        ):
            backward.run(self.loss(epoch))
        return backward.norms


class StepGradients(GradientNorms):
    """Gradients of the last backward pass of somebody else's training loop; a context manager.

    Attributes:
        scale: What the loss was multiplied by before its backward pass, as by a gradient scaler.
        asked: Number of trained epochs whose norms were asked for.
        heard: Whether any of them had norms.
        mixed: Whether the gradients of a stage came several times after one forward pass, or once for each of several.
            Those of the sum of the losses can't be computed from their norms: these are NaN.
    """

    def __init__(self, taps: Taps) -> None:
        self.scale: float | Tensor = 1.0
        self.asked, self.heard, self.mixed = 0, False, False
        self._wanted = True
        self._open: Norms = {}
        self._closed: tuple[int, Norms] = (0, {})
        self._noted: set[Key] = set()  # since the last forward pass
        self._listening = listen(taps, self._hear)

    def __enter__(self) -> Self:
        self._listening.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._listening.__exit__(None, None, None)

    def close(self, epoch: int, *, following: bool = True) -> None:
        """End an epoch; one without a step has no norms, and one that nobody asks for takes no time."""
        known = {key: norm / self.scale for key, norm in self._open.items()}
        self.asked, self.heard = self.asked + (self._wanted and epoch > 0), self.heard or bool(known)
        self._open, self._closed, self._wanted = {}, (epoch, known), following

    def norms(self, epoch: int) -> Norms:
        """Return the norms of the last step of the epoch closed last; of any other none are known."""
        return self._closed[1] if epoch == self._closed[0] else {}

    def _hear(self, key: Key, value: Tensor, training: bool) -> None:
        # Our own looks run without gradients; a loop may train in evaluation mode.
        if value.requires_grad and self._wanted:
            self._noted.discard(key)
            value.register_hook(partial(self._note, self._open, key))  # type: ignore[no-untyped-call]

    def _note(self, norms: Norms, key: Key, gradient: Tensor) -> None:
        if torch._C._functorch.is_functorch_wrapped_tensor(gradient):  # of torch.func, which has no single gradient
            return
        norm = _norm(gradient)
        if key in self._noted:
            self.mixed, norm = True, torch.full_like(norm, torch.nan)
        self._noted.add(key)
        norms[key] = norm


def _norm(gradient: Tensor) -> Tensor:
    return as_rows(gradient).square.sqrt()
