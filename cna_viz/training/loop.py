"""Training, in one step per epoch or in mini-batches, with selection on validation."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import torch
from torch import Tensor, nn, optim

from cna_viz.config import TrainingConfig
from cna_viz.errors import NotFiniteError
from cna_viz.training.evaluate import Scores, evaluate
from cna_viz.training.objective import CLASSIFICATION, Objective
from cna_viz.training.optimizer import adam
from cna_viz.training.step import TrainingBatch, step

Batches: TypeAlias = Callable[[int], Iterable[TrainingBatch]]
"""Gives the batches of an epoch, 1 being the first; every training row is a seed of one of them."""


class Callback(Protocol):
    """What is told of the training. The model is in evaluation mode, just evaluated, at each call."""

    def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
        """Called after each epoch: 0 is the untrained model, e has taken e passes over the training nodes."""

    def on_selected(self, epoch: int) -> None:
        """Called once at the end: the model has the weights of the best validation epoch again."""


@dataclass
class Outcome:
    """How a training ended.

    Attributes:
        status: ``complete``, or ``diverged`` when a loss was not finite or a layer refused what is not finite.
        epochs: Number of the last recorded epoch.
        best_epoch: Epoch with the best validation score (among equals the one with the lowest validation loss).
        best: Scores at the best epoch.
        seconds: Wall time of every epoch, callbacks included.
        message: What happened, where something did.
    """

    status: Literal["complete", "diverged"] = "complete"
    epochs: int = 0
    best_epoch: int = 0
    best: Scores = field(default_factory=lambda: Scores({}, {}, ""))
    seconds: list[float] = field(default_factory=list)
    message: str = ""


def fit(
    model: nn.Module,
    inputs: tuple[Any, ...],
    target: Tensor,
    parts: Mapping[str, Tensor],
    config: TrainingConfig,
    callbacks: Sequence[Callback] = (),
    batches: Batches | None = None,
    objective: Objective = CLASSIFICATION,
) -> Outcome:
    """Train ``model`` in place; afterwards it has the weights of the best validation epoch.

    Args:
        model: Called as ``model(*inputs)``; returns ``[rows, outputs]``, a row per node or per graph.
        inputs: What the model is called with to be evaluated.
        target: Target of every row, ``[rows]``.
        parts: Rows of ``train``, ``val`` and ``test``. Only train is trained on, only val selects.
        config: Epochs, learning rates, weight decay, patience.
        callbacks: Told of every epoch and of the selected model.
        batches: Gives the batches of an epoch, a step for each; left out, an epoch is one step on ``inputs``.
        objective: Loss and scores.

    Returns:
        How it ended. A loss that is not finite ends it with status ``diverged``, and so does a model that refuses what
        is not finite, once a step was taken; the epochs before are kept.

    Raises:
        NotFiniteError: When the untrained model refuses its inputs: then it is the data that is not finite.
    """
    optimizer, unit = adam(model, config), "step" if batches is None else "epoch"
    whole = TrainingBatch(inputs, target, parts["train"])
    outcome, best_key, best_state = Outcome(), (-math.inf, -math.inf), deepcopy(model.state_dict())
    improved = 0  # the last epoch with a better score, apart from those that only had a lower loss
    for epoch in range(config.epochs + 1):
        start = time.perf_counter()
        try:
            if epoch > 0:
                _train(model, (whole,) if batches is None else batches(epoch), optimizer, objective)
            scores = evaluate(model, inputs, target, parts, objective)
        except NotFiniteError as error:
            if epoch == 0:
                raise
            outcome.status, outcome.message = "diverged", f"in {unit} {epoch}: {error}"
            break
        # Test nodes decide nothing, not even this.
        if not all(math.isfinite(scores.loss[part]) for part in ("train", "val")):
            outcome.status = "diverged"
            outcome.message = f"the loss was not finite after {unit} {epoch}; lower lr, or normalize between the layers"
            break
        outcome.epochs = epoch
        key = (scores.selecting(), -scores.loss["val"])
        if key[0] > best_key[0]:
            improved = epoch
        if key > best_key:
            best_key, best_state = key, deepcopy(model.state_dict())
            outcome.best_epoch, outcome.best = epoch, scores
        last = epoch == config.epochs or epoch - improved >= config.patience
        for callback in callbacks:
            callback.on_epoch(epoch, scores, last=last)
        outcome.seconds.append(time.perf_counter() - start)
        if last:
            break
    _select(model, best_state, inputs, outcome.best_epoch, callbacks)
    return outcome


def _train(
    model: nn.Module, batches: Iterable[TrainingBatch], optimizer: optim.Optimizer, objective: Objective
) -> None:
    for batch in batches:
        step(model, batch, optimizer, objective)


@torch.no_grad()
def _select(
    model: nn.Module, state: dict[str, Tensor], inputs: tuple[Any, ...], epoch: int, callbacks: Sequence[Callback]
) -> None:
    """Restore the best weights and show the callbacks the selected model, freshly evaluated."""
    model.load_state_dict(state)
    model.eval()
    model(*inputs)
    for callback in callbacks:
        callback.on_selected(epoch)
