"""What is doubtful in a watched training: collected, and said in the record and as warnings."""

import math
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from torch import Tensor

from cna_viz.recording.gradient_norms import StepGradients
from cna_viz.recording.watched.layers.find import Layers
from cna_viz.recording.watched.loop.calls import LoopCalls
from cna_viz.recording.watched.model.call import Call

TOLERANCE: Final = 0.001
"""Difference of a score that was told from the computed one that counts as rounding."""


class Doubts:
    """Doubts about one training.

    Attributes:
        no_epoch: Number of the epoch that weights of no closed epoch became at the end, without a word of the loop.
        sentences: All doubts, a sentence each.
        status: ``complete``, or ``diverged`` where the selected model is not finite.
    """

    def __init__(self, call: Call, layers: Layers, measures: Collection[str]) -> None:
        self.no_epoch: int | None = None
        self.status = "complete"
        self.sentences: list[str] = []
        self._layers = layers
        self._differ: list[str] = []
        self._not_finite: list[int] = []
        if call.compiled and "gradient_norm" in measures:
            self.sentences.append("no gradient norms: compiled code calls no hooks")
        if layers.random:
            self.sentences.append(
                "the model is random in evaluation mode, as with F.dropout(x) without training=self.training: "
                "everything recorded is one of many possible passes"
            )
        self._said = len(self.sentences)

    def see(self, epoch: int, output: Tensor) -> None:
        """Note an output that is not finite."""
        if not bool(output.isfinite().all()):
            self._not_finite.append(epoch)

    def hear_loss(self, epoch: int, losses: Mapping[str, float | None]) -> None:
        """Note a loss that is not finite."""
        if not all(value is None or math.isfinite(value) for value in losses.values()):
            self._not_finite.append(epoch)

    def compare(self, epoch: int, score: str, told: Mapping[str, float], computed: Mapping[str, float | None]) -> None:
        """Note a score that was told and is not that of the model that was looked at."""
        for part, value in told.items():
            ours = computed.get(part)
            if ours is not None and not abs(value - ours) <= TOLERANCE:
                self._differ.append(
                    f"epoch {epoch}: {score} of {part} was told to be {value:.4g}, and the model that was measured has "
                    f"{ours:.4g}, which is recorded"
                )

    def finish(
        self,
        epoch: int,
        states: Sequence[bytes],
        finite: bool,
        gradients: StepGradients | None,
        loop: LoopCalls,
    ) -> None:
        """Draw the conclusions at the end of the training; ``epoch`` is the selected one."""
        if self._not_finite:
            self.sentences.append(
                f"output or loss was not finite (NaN or infinity) from epoch {self._not_finite[0]} on"
            )
        if not finite or epoch in self._not_finite:
            self.status = "diverged"
        if self._differ:
            more = f", and {len(self._differ) - 1} more like this" if len(self._differ) > 1 else ""
            self.sentences.append(self._differ[0] + more)
        if self.no_epoch is not None:
            self.sentences.append(
                f"the weights at the end are those of no closed epoch: they are recorded as epoch {self.no_epoch}; "
                "select() says so"
            )
        trained = len(states) - 1
        if trained > 1 and len(set(states)) == 1:
            self.sentences.append(f"the weights are the same in all {trained} epochs: is another model trained?")
        if loop.calls and loop.in_eval:
            self.sentences.append(
                "the loop trains in evaluation mode, without dropout and with fixed statistics of batch norms: "
                "model.train() is missing"
            )
        if gradients is not None and gradients.mixed:
            self.sentences.append(
                "gradient norms are missing where several backward passes went through one forward pass: add losses "
                "before a single backward()"
            )
        if len(set(states)) > 1 and gradients is not None and gradients.asked and not gradients.heard:
            self.sentences.append("no gradient norms: no backward pass of the loop went through the layers")
        elif len(set(states)) > 1 and (advice := loop.advice()):
            self.sentences.append(advice)
        if doubt := self._layers.taps.doubt():
            self.sentences.append(doubt)

    def warn_at_the_start(self, stacklevel: int) -> None:
        """Warn of what is known before the training."""
        for sentence in self.sentences:
            warnings.warn(sentence, stacklevel=stacklevel)

    def warn_at_the_end(self, stacklevel: int) -> None:
        """Warn of what was found since."""
        for sentence in self.sentences[self._said :]:
            warnings.warn(sentence, stacklevel=stacklevel)
