"""Loss and scores of one forward pass on train, val and test."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cna_viz.training.objective import CLASSIFICATION, Objective, Parts, better


@dataclass(frozen=True)
class Scores:
    """Loss and scores of a model.

    Attributes:
        loss: Mean loss by part of the split.
        values: Scores by name and part of the split; NaN if undefined.
        metric: Name of the score that selects the model.
    """

    loss: dict[str, float]
    values: dict[str, dict[str, float]]
    metric: str

    def selecting(self) -> float:
        """Return the validation score that selects the model, with its sign such that more is better."""
        return better(self.metric, self.values[self.metric]["val"])


@torch.no_grad()
def evaluate(
    model: nn.Module,
    inputs: tuple[Any, ...],
    target: Tensor,
    parts: Mapping[str, Tensor],
    objective: Objective = CLASSIFICATION,
) -> Scores:
    """Score the model in evaluation mode on all parts with one forward pass.

    Args:
        model: Called as ``model(*inputs)``; returns ``[rows, outputs]``, a row per node or per graph.
        inputs: Arguments of the model.
        target: Target of every row, ``[rows]``.
        parts: Rows by part, for instance train, val and test.
        objective: Loss and scores.
    """
    model.eval()
    output = model(*inputs)
    rows, grouped = torch.cat(list(parts.values())), Parts.of(list(parts.values()))
    output, target = output[rows], target[rows]
    found = {"loss": grouped.mean(objective.losses(output, target)), **objective.scores(output, target, grouped)}
    # One transfer for all numbers: reading them one by one would make a GPU wait for each.
    table = torch.stack(list(found.values())).tolist()
    read = {name: dict(zip(parts, values, strict=True)) for name, values in zip(found, table, strict=True)}
    return Scores(read.pop("loss"), read, objective.metric)
