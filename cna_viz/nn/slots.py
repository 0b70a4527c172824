"""The slots by name: what can stand between two convolutions."""

from collections.abc import Callable
from typing import Final

from torch import nn

from cna_viz.errors import unknown_name
from cna_viz.nn.cna import CNA
from cna_viz.nn.rational import Rational

SlotFactory = Callable[[int, int], nn.Module]
"""Makes a new slot from ``channels`` and ``clusters``."""

SLOTS: Final[dict[str, SlotFactory]] = {
    "none": lambda channels, clusters: nn.Identity(),
    "relu": lambda channels, clusters: nn.ReLU(),
    "rational": lambda channels, clusters: Rational(),
    "cna": CNA,
}


def make_slot(name: str, channels: int, clusters: int) -> nn.Module:
    """Return a new slot.

    Args:
        name: Name of the slot.
        channels: Channels that the slot receives.
        clusters: Number of clusters, for slots that cluster.

    Raises:
        UsageError: When no slot has this name; lists those there are.
    """
    if name not in SLOTS:
        raise unknown_name("slot", name, SLOTS)
    return SLOTS[name](channels, clusters)
