"""How the output of a model becomes predictions and scores."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import torch
from torch import Tensor

from cna_viz.config.vocabulary import SPLITS
from cna_viz.errors import RecordError
from cna_viz.recording.watched.data.graph import WatchedGraph
from cna_viz.recording.watched.output.choice import Path, path_name, pick
from cna_viz.training.objective import Objective, make_objective, score

_DECLARED: Final = 1e-2
"""How far the sum of probabilities may be from 1 where the user says that they are probabilities."""

Scores: TypeAlias = dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class Reading:
    """How the output of a model becomes predictions and scores.

    Attributes:
        watched: The graph, with the labels and parts.
        choice: Where the scored tensor is in what the model returns.
        channels: Number of its channels.
        kind: ``logits`` or ``probabilities`` of classes, or ``numbers``.
        declared: Whether the user said which; otherwise every output must look like the first.
    """

    watched: WatchedGraph
    choice: Path | Callable[[Any], Any]
    channels: int
    kind: str
    declared: bool = False

    @property
    def metric(self) -> str:
        """The score that selects a model: accuracy or r2."""
        return "r2" if self.kind == "numbers" else "accuracy"

    @property
    def sentence(self) -> str:
        """What is scored, in a line."""
        if self.kind == "numbers":
            return f"{path_name(self.choice)}, a number for each node"
        if self.channels == 1:
            return f"{path_name(self.choice)}, {self.kind} of class 1 against class 0"
        return f"{path_name(self.choice)}, {self.kind} of {self.channels} classes"

    def rows(self, raw: Any) -> Tensor:
        """Return the scored tensor of what the model returned, float32 on the CPU, ``[rows, channels]``.

        Raises:
            UsageError: It is not there, or has no row for each node or graph.
            RecordError: It has another number of channels, or its rows are not what they are read as.
        """
        output = pick(raw, self.choice, len(self.watched.graph.target))
        rows = as_rows(output)
        if rows.shape[1] != self.channels:
            raise RecordError(
                f"{path_name(self.choice)} has {rows.shape[1]} channels, but {self.channels} before: start a new "
                "record when you change the model"
            )
        self._check_kind(rows, _DECLARED if self.declared else rounding(output))
        return rows

    def _check_kind(self, rows: Tensor, tolerance: float) -> None:
        finite = rows[finite_rows(rows)]
        # Logits that the user declares may look like anything.
        if self.kind == "numbers" or not len(finite) or (self.declared and self.kind == "logits"):
            return
        if are_probabilities(finite, tolerance) != (self.kind == "probabilities"):
            now = "don't all sum to 1" if self.kind == "probabilities" else "all sum to 1, like probabilities"
            raise RecordError(
                f'{path_name(self.choice)} is read as {self.kind}, but its rows {now}: say reading="logits" or '
                'reading="probabilities"'
            )

    def may_be_sigmoids(self, rows: Tensor) -> bool:
        """Whether what is read as logits of several classes lies from 0 to 1, as sigmoids do."""
        finite = rows[finite_rows(rows)]
        guessed = self.kind == "logits" and not self.declared and self.channels > 1
        return guessed and len(finite) > 0 and bool(((finite >= 0) & (finite <= 1)).all())

    def predict(self, rows: Tensor) -> Tensor:
        """Return the class (int32, -1 if unknown) or number (float32, NaN if unknown) of every node, ``[nodes]``.

        In a dataset of graphs it is that of the node's graph. It is unknown where a row is not finite.
        """
        unknown = math.nan if self.kind == "numbers" else -1
        found = torch.where(finite_rows(rows), self._objective.prediction(self._logits(rows)), unknown)
        member = self.watched.graph.graph_of_node
        return found if member is None else found[member]

    def score(self, rows: Tensor) -> Scores:
        """Return loss, accuracy and macro F1, or loss, NMSE and R², by part.

        None where a part is missing or empty, where a row of it is not finite, and where the score is undefined.
        """
        finite = finite_rows(rows)
        sound = {name: part for name, part in self.watched.parts.items() if len(part) and bool(finite[part].all())}
        names = ("loss", *(("nmse", "r2") if self.kind == "numbers" else ("accuracy", "macro_f1")))
        unknown: Scores = {name: dict.fromkeys(SPLITS) for name in names}
        if not sound:
            return unknown
        found = score(self._logits(rows), self.watched.graph.target, sound, self._objective)
        values = {"loss": found.loss, **found.values}
        return {name: empty | _known(values[name]) for name, empty in unknown.items()}

    @property
    def _objective(self) -> Objective:
        return make_objective(self.watched.graph.target, self.metric)

    def _logits(self, rows: Tensor) -> Tensor:
        """Return logits of all classes, with the same probabilities, or the numbers as they are."""
        if self.kind == "numbers":
            return rows
        if self.channels == 1:
            other = torch.zeros_like(rows) if self.kind == "logits" else 1 - rows
            rows = torch.cat([other, rows], dim=1)
        return rows if self.kind == "logits" else rows.log()


def as_rows(output: Tensor) -> Tensor:
    """Return an output as float32 on the CPU, ``[rows, channels]``."""
    return output.detach().float().cpu().reshape(len(output), -1)


def are_probabilities(rows: Tensor, tolerance: float) -> bool:
    """Whether all rows are at least 0 and sum to 1; a single channel is the probability of class 1."""
    both = rows if rows.shape[1] > 1 else torch.cat([1 - rows, rows], dim=1)
    return bool((both >= 0).all()) and bool(((both.sum(dim=1) - 1).abs() <= tolerance).all())


def rounding(output: Tensor) -> float:
    """Return how far the sum of a row of probabilities can be from 1 in the precision of the output."""
    # Each is rounded by a share of itself, so that the number of channels doesn't matter.
    return max(1e-5, torch.finfo(output.dtype).eps)


def finite_rows(rows: Tensor) -> Tensor:
    """Return which rows are finite."""
    return torch.isfinite(rows).all(dim=1)


def likely_kind(output: Tensor) -> str:
    """Return the kind of an output with a channel for each class; logits where no row is finite."""
    rows = as_rows(output)
    finite = rows[finite_rows(rows)]
    return "probabilities" if len(finite) and are_probabilities(finite, rounding(output)) else "logits"


def may_be_either(output: Tensor) -> bool:
    """Whether an output may be logits as well as probabilities that don't quite sum to 1."""
    rows = as_rows(output)
    finite = rows[finite_rows(rows)]
    return len(finite) > 0 and are_probabilities(finite, _DECLARED) and not are_probabilities(finite, rounding(output))


def _known(values: dict[str, float]) -> dict[str, float | None]:
    return {part: value if math.isfinite(value) else None for part, value in values.items()}
