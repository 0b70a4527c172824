"""Training in slices of a fraction of a second, so that the user can stop it."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from torch import Tensor

from cna_viz.config import TrainingConfig
from cna_viz.data.graph import Graph
from cna_viz.data.splits import make_split
from cna_viz.errors import NotFiniteError, UsageError
from cna_viz.live.network import inputs_of, make_network
from cna_viz.live.settings import LiveSettings
from cna_viz.training.objective import evaluate
from cna_viz.training.step import TrainingBatch, adam, step

SPLIT: Final = "random-60-20-20"
"""The split protocol, the same for all slots."""


@dataclass(frozen=True)
class Point:
    """One epoch, 0 for the untrained network: mean training loss in nats, and accuracy (0 to 1) by split."""

    epoch: int
    loss: float
    train: float
    val: float
    test: float


class LiveTraining:
    """A training that continues while :meth:`advance` is called; slicing does not change its curve.

    Args:
        graph: The graph.
        settings: The network; its seed also draws the split.
        epochs: Number of epochs, at least 1.
        lr: Learning rate.

    Attributes:
        curve: One point per epoch so far, starting with the untrained network.
        diverged: Whether it ended because a loss was not finite; that epoch is not in the curve.

    Raises:
        UsageError: When the network does not fit the graph, or epochs or learning rate are out of range.
        NotFiniteError: When the loss of the untrained network is not finite.
    """

    def __init__(self, graph: Graph, settings: LiveSettings, epochs: int = 200, lr: float = 0.01) -> None:
        if epochs < 1:
            raise UsageError(f"epochs = {epochs} is out of range: it must be at least 1")
        self.epochs, self.diverged = epochs, False
        self._network = make_network(graph, settings)
        self._parts = dict(make_split(graph, SPLIT, settings.seed).items())
        self._batch = TrainingBatch(inputs_of(graph), graph.y, self._parts["train"])
        self._optimizer = adam(self._network, TrainingConfig(lr=lr))
        self.curve = [self._point(0)]
        self._kept = self._copy()

    @property
    def done(self) -> bool:
        """Whether the training has ended."""
        return self.diverged or len(self.curve) > self.epochs

    def advance(self, seconds: float) -> None:
        """Train for about this time, at least one epoch unless done."""
        end = time.perf_counter() + seconds
        while not self.done:
            self._train_epoch()
            if time.perf_counter() >= end:
                return

    def state(self) -> dict[str, Tensor]:
        """Return the weights of the last epoch of the curve, for :func:`~cna_viz.live.network.run_through`."""
        return dict(self._kept)

    def _train_epoch(self) -> None:
        try:
            step(self._network, self._batch, self._optimizer)
            self.curve.append(self._point(len(self.curve)))
        except NotFiniteError:
            self.diverged = True
        else:
            self._kept = self._copy()  # before a step can make them not finite

    def _copy(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self._network.state_dict().items()}

    def _point(self, epoch: int) -> Point:
        scores = evaluate(self._network, self._batch.inputs, self._batch.target, self._parts)
        if not all(math.isfinite(scores.loss[part]) for part in ("train", "val")):
            raise NotFiniteError(
                f"the loss of epoch {epoch} is not finite: normalize between the layers, or take fewer layers"
            )
        return Point(epoch, scores.loss["train"], **{part: scores.values["accuracy"][part] for part in self._parts})


def best_of(curve: Sequence[Point]) -> Point:
    """Return the epoch with the best validation accuracy; ties go to the first."""
    return max(curve, key=lambda point: (point.val, -point.epoch))
