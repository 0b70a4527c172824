"""Training, in one step per epoch or in mini-batches, with selection on validation."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import torch
from torch import Tensor, nn

from cna_viz.config import TrainingConfig
from cna_viz.errors import NotFiniteError
from cna_viz.training.objective import CLASSIFICATION, Objective, Scores, evaluate
from cna_viz.training.released import EvaluationCount, released_clusters
from cna_viz.training.step import TrainingBatch, adam, coefficients, step

Batches: TypeAlias = Callable[[int], Iterable[TrainingBatch]]
"""Returns the batches of an epoch, counted from 1; every training row is a seed of one of them."""


class Callback(Protocol):
    """Observer of a training. At each call the model is in evaluation mode and was just evaluated."""

    def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
        """Called after each epoch; epoch 0 is the untrained model."""

    def on_selected(self, epoch: int) -> object:
        """Called once at the end, when the model has the weights of the best validation epoch again."""


class EpochBar:
    """Callback that advances a tqdm bar by ``weight`` per epoch and shows the validation score."""

    def __init__(self, progress: Any, weight: int = 1) -> None:
        self.progress, self.weight = progress, weight

    def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
        """Advance by one epoch."""
        self.progress.update(self.weight if epoch > 0 else 0)
        self.progress.set_postfix(val=f"{scores.values[scores.metric]['val']:.3f}", refresh=False)

    def on_selected(self, epoch: int) -> None:
        """Do nothing: the bar counts epochs."""


@dataclass
class Outcome:
    """The outcome of a training.

    Attributes:
        status: ``complete``, or ``diverged`` if a loss was not finite or a layer refused non-finite input.
        epochs: Number of the last recorded epoch.
        best_epoch: Epoch with the best validation score (ties go to the lowest validation loss).
        best: Scores at the best epoch.
        seconds: Wall time of every epoch, callbacks included.
        message: The reason for a divergence.
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
    *,
    clip: bool = True,
) -> Outcome:
    """Train ``model`` in place; afterwards it has the weights of the best validation epoch.

    Args:
        model: Called as ``model(*inputs)``; returns ``[rows, outputs]``, a row per node or per graph.
        inputs: Arguments of the model for evaluation.
        target: Target of every row, ``[rows]``.
        parts: Rows of ``train``, ``val`` and ``test``. Only train is trained on, only val selects.
        config: Epochs, learning rates, weight decay, patience.
        callbacks: Observers.
        batches: Batches of every epoch, one step each; by default an epoch is one step on ``inputs``.
        objective: Loss and scores.
        clip: Whether the gradients of rationals are clipped where the clusters are ``released`` (see
            :mod:`cna_viz.training.released`).

    Returns:
        The outcome. A non-finite loss, or a model that refuses non-finite input after the first step, ends the training
        with status ``diverged``; the epochs before are kept.

    Raises:
        NotFiniteError: If the untrained model refuses its inputs: then the data are not finite.
    """
    released = batches is None and bool(released_clusters(model))
    clipped = coefficients(model) if released and clip else ()
    optimizer, unit = adam(model, config, decay_coefficients=released), "step" if batches is None else "epoch"
    count = EvaluationCount(model)
    whole = TrainingBatch(inputs, target, parts["train"])
    outcome, best_key, best_state = Outcome(), (-math.inf, -math.inf), deepcopy(model.state_dict())
    lowest, improved = math.inf, 0  # the last epoch with a better score or a lower loss
    for epoch in range(config.epochs + 1):
        start = time.perf_counter()
        try:
            if epoch > 0:
                for batch in (whole,) if batches is None else batches(epoch):
                    step(model, batch, optimizer, objective, clipped)
                if released:
                    count.after_step(inputs)
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
        if key[0] > best_key[0] or scores.loss["val"] < lowest:
            lowest, improved = min(lowest, scores.loss["val"]), epoch
        if key > best_key:
            best_key, best_state = key, deepcopy(model.state_dict())
            outcome.best_epoch, outcome.best = epoch, scores
        last = epoch == config.epochs or (config.patience is not None and epoch - improved >= config.patience)
        for callback in callbacks:
            callback.on_epoch(epoch, scores, last=last)
        outcome.seconds.append(time.perf_counter() - start)
        if last:
            break
    model.load_state_dict(best_state)
    model.eval()
    with torch.no_grad():
        model(*inputs)  # callbacks look at the selected model, freshly evaluated
        for callback in callbacks:
            callback.on_selected(outcome.best_epoch)
    return outcome
