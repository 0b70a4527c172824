"""The slots by name: what can stand between two convolutions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch_geometric.nn import norm

from cna_viz.config import ModelConfig
from cna_viz.config.vocabulary import PRESETS
from cna_viz.errors import unknown_name
from cna_viz.nn.assignment import random_partition
from cna_viz.nn.cna import CNA


@dataclass(frozen=True)
class SlotContext:
    """What a slot knows of the graph.

    Attributes:
        channels_known: Whether the gap has ``config.hidden`` channels; else CNA takes them from the first step.
        partition: Cluster of every node, for the assignments ``labels`` and ``communities``.
        num_nodes: Number of nodes, for the assignment ``random`` with mini-batches.
        mini_batches: Whether the rows will be samples of the nodes, so that k-means has to run along.
    """

    channels_known: bool = True
    partition: Tensor | None = None
    num_nodes: int | None = None
    mini_batches: bool = False


def _normalized(make: Callable[[ModelConfig], nn.Module]) -> Callable[[ModelConfig, SlotContext], nn.Module]:
    return lambda config, context: nn.Sequential(make(config), nn.ReLU())


def _cna(config: ModelConfig, context: SlotContext) -> nn.Module:
    factors = config.factors
    labels = context.partition if factors["assignment"] in {"labels", "communities"} else None
    if factors["assignment"] == "random" and context.num_nodes is not None:
        # Drawn for each slot anew, as k-means finds other clusters in every layer.
        labels = random_partition(context.num_nodes, config.clusters, int(torch.randint(2**31, ())))
    return CNA(
        config.hidden if context.channels_known else None,
        config.clusters
        if factors["assignment"] != "none" and labels is None
        else None,  # labels bring their own number
        assignment=factors["assignment"],
        normalization=factors["normalization"],
        activation=factors["activation"],
        metric=factors["metric"],
        schedule="running" if context.mini_batches else factors["schedule"],
        recluster_every=config.recluster_every,
        labels=labels,
        compiled=config.compile,
    )


SLOTS: Final[dict[str, Callable[[ModelConfig, SlotContext], nn.Module]]] = {
    "none": lambda config, context: nn.Identity(),
    "relu": lambda config, context: nn.ReLU(),
    **dict.fromkeys(PRESETS, _cna),
    # LayerNorm as PyG calls it normalizes each node with an affine map; NodeNorm is the same without.
    "layernorm": _normalized(lambda config: norm.LayerNorm(config.hidden, mode="node")),
    "nodenorm": _normalized(lambda config: norm.LayerNorm(config.hidden, mode="node", affine=False)),
    "batchnorm": _normalized(lambda config: norm.BatchNorm(config.hidden)),
    "pairnorm": _normalized(lambda config: norm.PairNorm()),
    "diffgroupnorm": _normalized(lambda config: norm.DiffGroupNorm(config.hidden, groups=config.clusters)),
    "graphnorm": _normalized(lambda config: norm.GraphNorm(config.hidden)),
    "meansub": _normalized(lambda config: norm.MeanSubtractionNorm()),
}
"""Makes a new slot of this name for a gap of ``config.hidden`` channels."""


def make_slot(config: ModelConfig, context: SlotContext | None = None) -> nn.Module:
    """Return a new slot as ``config`` describes it.

    Raises:
        UsageError: When no slot has this name; lists those there are.
    """
    if config.slot not in SLOTS:
        raise unknown_name("slot", config.slot, SLOTS)
    return SLOTS[config.slot](config, context or SlotContext())


def make_slots(config: ModelConfig, count: int, context: SlotContext | None = None) -> list[nn.Module]:
    """Return ``count`` slots, each new, or with the parts of the first where the factor ``sharing`` says so."""
    slots = [make_slot(config, context)] if count else []
    for _ in range(count - 1):
        first = slots[0]
        shared = isinstance(first, CNA) and config.factors["sharing"] == "shared"
        slots.append(first.sharing() if shared and isinstance(first, CNA) else make_slot(config, context))
    return slots
