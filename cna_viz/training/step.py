"""One step of the optimizer, on a whole graph or on a part of it."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn, optim

from cna_viz.training.objective import CLASSIFICATION, Objective


@dataclass(frozen=True)
class TrainingBatch:
    """What one step needs, on the device of the model.

    Attributes:
        inputs: What the model is called with.
        target: Target of every row of the output, ``[rows]``.
        seeds: Rows whose loss counts, int64, ``[seeds]``; other nodes only lend them their features.
    """

    inputs: tuple[Any, ...]
    target: Tensor
    seeds: Tensor


def loss_of(output: Tensor, batch: TrainingBatch, objective: Objective = CLASSIFICATION) -> Tensor:
    """Return the mean loss of the seeds."""
    return objective.losses(output[batch.seeds], batch.target[batch.seeds]).mean()


def step(
    model: nn.Module, batch: TrainingBatch, optimizer: optim.Optimizer, objective: Objective = CLASSIFICATION
) -> None:
    """Take one step down the mean loss of the seeds. Nothing in here makes a GPU wait."""
    model.train()
    optimizer.zero_grad()
    loss_of(model(*batch.inputs), batch, objective).backward()  # type: ignore[no-untyped-call]
    optimizer.step()
