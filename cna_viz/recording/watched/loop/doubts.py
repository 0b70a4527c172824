"""What is doubtful about a watched training: collected for the record, and given as warnings."""

import math
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from torch import Tensor

from cna_viz.recording.gradient_norms import StepGradients
from cna_viz.recording.watched.layers.find import Layers
from cna_viz.recording.watched.loop.calls import LoopCalls
from cna_viz.recording.watched.model.call import Call

_TOLERANCE: Final = 0.001
"""Difference between a reported and a computed score that counts as rounding."""

_RANDOM: Final = (
    "the model is random in evaluation mode, as with F.dropout(x) without training=self.training: everything recorded "
    "is one of many possible passes"
)


class Doubts:
    """Doubts about one training.

    Attributes:
        sentences: All doubts, a sentence each.
        sigmoids: Whether what is read as logits may be sigmoids.
        random: Whether the model is random in evaluation mode at the end.
        no_epoch: Number of the epoch that records the weights at the end, where no ``select`` asked for it.
        status: ``complete``, or ``diverged`` where the selected model is not finite.
    """

    def __init__(self, call: Call, layers: Layers, measures: Collection[str]) -> None:
        self.sentences = list(_of_the_model(call, layers, measures))
        self.no_epoch: int | None = None
        self.random = self._was_random = layers.random
        self.sigmoids = False
        self.status = "complete"
        self._taps, self._warned = layers.taps, 0
        self._differ: list[str] = []
        self._not_finite: list[int] = []

    def see(self, epoch: int, output: Tensor) -> None:
        """Note an output that is not finite."""
        if not bool(output.isfinite().all()):
            self._not_finite.append(epoch)

    def hear_loss(self, epoch: int, losses: Mapping[str, float | None]) -> None:
        """Note a loss that is not finite."""
        if not all(value is None or math.isfinite(value) for value in losses.values()):
            self._not_finite.append(epoch)

    def compare(
        self, epoch: int, score: str, reported: Mapping[str, float], computed: Mapping[str, float | None]
    ) -> None:
        """Note a reported score that is not the one of the measured model."""
        for part, value in reported.items():
            ours = computed.get(part)
            if ours is not None and not abs(value - ours) <= _TOLERANCE:
                self._differ.append(
                    f"epoch {epoch}: the loop reported {score} of {part} {value:.4g}, and the model that was measured "
                    f"has {ours:.4g}, which is recorded"
                )

    def finish(
        self, epoch: int, states: Sequence[bytes], finite: bool, gradients: StepGradients | None, loop: LoopCalls
    ) -> None:
        """Draw the conclusions at the end.

        Args:
            epoch: The selected epoch.
            states: Fingerprint of the model at every epoch.
            finite: Whether the parameters of the selected model are.
            gradients: Gradients of the loop, if they were wanted.
            loop: How the loop called the model.
        """
        if not finite or epoch in self._not_finite:
            self.status = "diverged"
        if self.random and not self._was_random:
            self.sentences.append(_RANDOM)
        self.sentences += self._of_the_numbers()
        self.sentences += self._of_the_weights(states)
        self.sentences += _of_the_loop(loop, gradients, trained=len(set(states)) > 1)
        self.sentences += filter(None, [self._taps.doubt()])

    def warn(self, stacklevel: int) -> None:
        """Warn of what was found since the last call."""
        for sentence in self.sentences[self._warned :]:
            warnings.warn(sentence, stacklevel=stacklevel)
        self._warned = len(self.sentences)

    def _of_the_numbers(self) -> Iterator[str]:
        if self._not_finite:
            yield f"output or loss was not finite (NaN or infinity), first at epoch {self._not_finite[0]}"
        if self.sigmoids:
            yield (
                "the selected model's outputs, read as logits, are all from 0 to 1: if they are sigmoids, the computed "
                'loss is not theirs; reading="logits" says that they are logits'
            )
        if self._differ:
            more = f", and {len(self._differ) - 1} more like this" if len(self._differ) > 1 else ""
            yield self._differ[0] + more

    def _of_the_weights(self, states: Sequence[bytes]) -> Iterator[str]:
        if self.no_epoch == 1:
            yield "the loop never called epoch(): the weights at the end are recorded as epoch 1"
        elif self.no_epoch is not None:
            yield (
                f"the weights at the end are those of no closed epoch: they are recorded as epoch {self.no_epoch}; "
                "select() says so"
            )
        if len(states) > 2 and len(set(states)) == 1:
            yield f"the weights are the same in all {len(states) - 1} epochs: is another model trained?"


def _of_the_model(call: Call, layers: Layers, measures: Collection[str]) -> Iterator[str]:
    if call.compiled and "gradient_norm" in measures:
        yield "no gradient norms: compiled code calls no hooks"
    if layers.stateful:
        yield (
            "every pass changes the model, by state outside its parameters, buffers and attributes: looks disturb the "
            "training"
        )
    if layers.random:
        yield _RANDOM


def _of_the_loop(loop: LoopCalls, gradients: StepGradients | None, *, trained: bool) -> Iterator[str]:
    if loop.in_eval:
        yield (
            "the loop trains in evaluation mode, without dropout and with fixed statistics of batch norms: "
            "model.train() is missing"
        )
    if gradients is not None and gradients.mixed:
        yield (
            "gradient norms are missing where several forward passes share a backward pass, or several backward passes "
            "a forward pass: the norms of their sum can't be known"
        )
    if trained and gradients is not None and gradients.asked and not gradients.heard:
        yield "no gradient norms: no backward pass of the loop went through the layers"
    elif trained:
        yield from loop.advice()
