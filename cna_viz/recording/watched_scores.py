"""Loss and accuracy of somebody else's training: as told, or computed from what the model returns."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from cna_viz.config import vocabulary
from cna_viz.errors import UsageError, unknown_name
from cna_viz.recording.watched_graph import WatchedGraph

Scores: TypeAlias = Any
"""A number (of the training nodes), a scalar tensor, or numbers by part of the split; None where nothing is known."""


def by_part(what: str, value: Scores) -> dict[str, float] | None:
    """Return scores by part of the split.

    Raises:
        UsageError: When a part is unknown or a value is no number.
    """
    if value is None:
        return None
    given = dict(value) if isinstance(value, Mapping) else {"train": value}
    for name in given:
        if name not in vocabulary.SPLITS:
            raise unknown_name(f"part of {what}", str(name), vocabulary.SPLITS)
    try:
        return {name: _number(number) for name, number in given.items()}
    except (TypeError, ValueError, RuntimeError):
        raise UsageError(
            f"{what} = {value!r} is not accepted: it must be a number, or a number for each part"
        ) from None


def _number(value: Any) -> float:
    if isinstance(value, str | bytes):
        raise TypeError(f"{value!r} is text")
    return float(value.detach() if isinstance(value, Tensor) else value)


def score(output: Tensor, graph: WatchedGraph) -> dict[str, dict[str, float]]:
    """Return cross-entropy and accuracy on every part; nothing where the graph has no classes or no masks."""
    parts = {name: nodes.to(output.device) for name, nodes in graph.parts.items() if len(nodes)}
    if graph.y is None or not parts or output.shape[1] <= int(graph.y.max()):
        return {}
    output, y = output.float(), graph.y.to(output.device)
    losses, correct = F.cross_entropy(output, y, reduction="none"), (output.argmax(dim=1) == y).float()
    return {
        "loss": {name: float(losses[nodes].mean()) for name, nodes in parts.items()},
        "accuracy": {name: float(correct[nodes].mean()) for name, nodes in parts.items()},
    }
