"""How large the loss gradient is at every stage: of a loss that is known, or in the steps of whoever trains.

Of the gradients themselves nothing is kept.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

from cna_viz.measures.rows import as_rows
from cna_viz.recording.taps import Key, Taps, listen
from cna_viz.recording.undisturbed import undisturbed

Norms = dict[Key, Tensor]
"""Frobenius norms by stage: scalars, float64."""


class Backward:
    """The way back through what passes in one forward pass.

    Attributes:
        norms: Of the gradients, once :meth:`run` is through; a stage that no gradient reaches is missing.
    """

    def __init__(self) -> None:
        self.norms: Norms = {}
        self._first: GradientEdge | None = None

    def hear(self, key: Key, value: Tensor) -> None:
        """Take notice of what passes."""
        if value.requires_grad:
            # The place in the graph and not the tensor, which would be held until the end.
            self._first = get_gradient_edge(value) if self._first is None else self._first
            _note(self.norms, key, value)

    def run(self, loss: Tensor) -> None:
        """Go back from the loss to what passed first, of which all the rest is made. Parameters get no gradient."""
        if self._first is not None:
            torch.autograd.grad(loss, self._first, allow_unused=True)


class GradientNorms(Protocol):
    """Where a recorder has the norms from that are not found on the way through the whole graph."""

    def close(self) -> None:
        """End an epoch."""

    def norms(self, epoch: int) -> Mapping[Key, Tensor]:
        """Return the norms of the epoch, which is the one that was closed last or that of the model as it is."""


class BatchGradients:
    """Gradients of the loss of a mini-batch, for graphs that are too large to go back through as a whole.

    Args:
        model: The model. It is run in evaluation mode, and afterwards it is as it was.
        taps: Its stages.
        loss: Runs it on a mini-batch of an epoch and returns the loss.
    """

    def __init__(self, model: nn.Module, taps: Taps, loss: Callable[[int], Tensor]) -> None:
        self.model, self.taps, self.loss = model, taps, loss

    def close(self) -> None:
        """Do nothing: what is asked for is computed then."""

    def norms(self, epoch: int) -> Norms:
        """Return the norms at the model as it is. Cost: a forward and a backward pass of the mini-batch."""
        backward = Backward()

        def hear(key: Key, value: Tensor, training: bool) -> None:
            backward.hear(key, value)

        with undisturbed(self.model), torch.enable_grad(), listen(self.taps, hear):
            backward.run(self.loss(epoch))
        return backward.norms


class StepGradients:
    """Gradients of the last backward pass of a loop that is not ours, heard in training mode; a context manager.

    Args:
        taps: The stages.
    """

    def __init__(self, taps: Taps) -> None:
        self._heard: Norms = {}
        self._closed: Norms = {}
        self._listening = listen(taps, self._hear)

    def __enter__(self) -> "StepGradients":
        self._listening.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._listening.__exit__(None, None, None)

    def close(self) -> None:
        """End an epoch: one without a step has no norms."""
        self._heard, self._closed = {}, self._heard

    def norms(self, epoch: int) -> Norms:
        """Return the norms in the last step of the epoch that was closed last."""
        return self._closed

    def _hear(self, key: Key, value: Tensor, training: bool) -> None:
        if training and value.requires_grad:
            _note(self._heard, key, value)


def _note(norms: Norms, key: Key, value: Tensor) -> None:
    def note(gradient: Tensor) -> None:
        norms[key] = as_rows(gradient).square.sqrt()

    value.register_hook(note)  # type: ignore[no-untyped-call]
