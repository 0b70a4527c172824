"""The slots by name: what can stand between two convolutions."""

from collections.abc import Callable
from typing import Final

from torch import nn

from cna_viz.config import ModelConfig
from cna_viz.errors import unknown_name
from cna_viz.nn.cna import CNA
from cna_viz.nn.rational import Rational

SLOTS: Final[dict[str, Callable[[ModelConfig], nn.Module]]] = {
    "none": lambda config: nn.Identity(),
    "relu": lambda config: nn.ReLU(),
    "rational": lambda config: Rational(),
    "cna": lambda config: CNA(config.hidden, config.clusters, recluster_every=config.recluster_every),
}
"""Makes a new slot of this name for a gap of ``config.hidden`` channels."""


def make_slot(config: ModelConfig) -> nn.Module:
    """Return a new slot as ``config`` describes it.

    Raises:
        UsageError: When no slot has this name; lists those there are.
    """
    if config.slot not in SLOTS:
        raise unknown_name("slot", config.slot, SLOTS)
    return SLOTS[config.slot](config)
