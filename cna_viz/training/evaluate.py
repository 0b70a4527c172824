"""Loss and accuracy of one forward pass on every part of the split."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


@dataclass(frozen=True)
class Scores:
    """Mean cross-entropy and accuracy (share of correct nodes, 0 to 1) by part of the split."""

    loss: dict[str, float]
    accuracy: dict[str, float]


@torch.no_grad()
def evaluate(model: nn.Module, inputs: tuple[Any, ...], target: Tensor, parts: Mapping[str, Tensor]) -> Scores:
    """Score the model in evaluation mode on all parts with one forward pass.

    Args:
        model: Called as ``model(*inputs)``; returns logits, ``[nodes, classes]``.
        inputs: What the model is called with.
        target: Class of every node, ``[nodes]``.
        parts: Node indices by part, for instance train, val and test.
    """
    model.eval()
    logits = model(*inputs)
    losses = F.cross_entropy(logits, target, reduction="none")
    correct = (logits.argmax(dim=1) == target).to(losses.dtype)
    # One transfer for all numbers: reading them one by one would make a GPU wait six times.
    table = torch.stack(
        [torch.stack([losses[index].mean(), correct[index].mean()]) for index in parts.values()]
    ).tolist()
    names = list(parts)
    return Scores(
        loss={name: row[0] for name, row in zip(names, table, strict=True)},
        accuracy={name: row[1] for name, row in zip(names, table, strict=True)},
    )
