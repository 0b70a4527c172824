"""One step of the optimizer, on a whole graph or on a part of it."""

from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn, optim


@dataclass(frozen=True)
class TrainingBatch:
    """What one step needs, on the device of the model.

    Attributes:
        inputs: What the model is called with.
        target: Class of every node of the batch, int64, ``[nodes]``.
        seeds: Rows of the nodes whose loss counts, int64, ``[seeds]``; the others only lend them their features.
    """

    inputs: tuple[Any, ...]
    target: Tensor
    seeds: Tensor


def loss_of(output: Tensor, batch: TrainingBatch) -> Tensor:
    """Return the mean cross-entropy of the seeds."""
    return F.cross_entropy(output[batch.seeds], batch.target[batch.seeds])


def step(model: nn.Module, batch: TrainingBatch, optimizer: optim.Optimizer) -> None:
    """Take one step down the mean cross-entropy of the seeds. Nothing in here makes a GPU wait."""
    model.train()
    optimizer.zero_grad()
    loss_of(model(*batch.inputs), batch).backward()  # type: ignore[no-untyped-call]
    optimizer.step()
