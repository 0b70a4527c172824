"""The slots by name: the modules between two convolutions."""

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
    """Facts about the graph that a slot may need.

    Attributes:
        channels_known: Whether the gap has ``config.hidden`` channels; else CNA takes them from the first step.
        partition: Cluster of every node, for the assignments ``labels`` (unlabelled nodes are one more cluster) and
            ``communities``.
        num_nodes: Number of nodes, for the assignment ``random`` with mini-batches.
        mini_batches: Whether the rows are samples of the nodes, which needs the ``running`` schedule of k-means.
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
        # Drawn for each slot, as k-means finds other clusters in every layer.
        labels = random_partition(context.num_nodes, config.clusters, int(torch.randint(2**31, ())))
    return CNA(
        config.hidden if context.channels_known else None,
        config.clusters if factors["assignment"] != "none" and labels is None else None,
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
    # PyG's LayerNorm normalizes each node and has an affine map; NodeNorm has none.
    "layernorm": _normalized(lambda config: norm.LayerNorm(config.hidden, mode="node")),
    "nodenorm": _normalized(lambda config: norm.LayerNorm(config.hidden, mode="node", affine=False)),
    "batchnorm": _normalized(lambda config: norm.BatchNorm(config.hidden)),
    "pairnorm": _normalized(lambda config: norm.PairNorm()),
    "diffgroupnorm": _normalized(lambda config: norm.DiffGroupNorm(config.hidden, groups=config.clusters)),
    "graphnorm": _normalized(lambda config: norm.GraphNorm(config.hidden)),
    "meansub": _normalized(lambda config: norm.MeanSubtractionNorm()),
}
"""Makes a new slot for a gap of ``config.hidden`` channels, by name."""


def make_slot(config: ModelConfig, context: SlotContext | None = None) -> nn.Module:
    """Return a new slot as ``config`` describes it; raises :class:`~cna_viz.errors.UsageError` for an unknown name."""
    if config.slot not in SLOTS:
        raise unknown_name("slot", config.slot, SLOTS)
    return SLOTS[config.slot](config, context or SlotContext())


def make_slots(config: ModelConfig, count: int, context: SlotContext | None = None) -> list[nn.Module]:
    """Return ``count`` new slots; with the factor ``sharing="shared"`` all have the parts of the first."""
    slots: list[nn.Module] = []
    for _ in range(count):
        first = slots[0] if slots and config.factors.get("sharing") == "shared" else None
        slots.append(first.sharing() if isinstance(first, CNA) else make_slot(config, context))
    return slots
