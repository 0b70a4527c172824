"""A deep graph network with one new slot per gap and a tap on both sides of it."""

from itertools import pairwise

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from cna_viz.config import ModelConfig
from cna_viz.models.backbones import get_backbone
from cna_viz.nn.slots import make_slot
from cna_viz.nn.tap import Tap


class GNN(nn.Module):
    """L convolutions with L - 1 slots between them.

    Every gap owns a slot of its own. What leaves convolution ℓ passes ``conv_taps[ℓ-1]``, what leaves the slot after it
    passes ``slot_taps[ℓ-1]``; the last convolution gives the logits and has no slot.

    Args:
        in_channels: Features of a node.
        out_channels: Number of classes.
        config: Backbone, slot, layers, hidden channels, clusters and dropout.

    Shapes:
        - input: ``[nodes, in_channels]`` and the edges as the backbone's ``prepare`` makes them
        - output: logits, ``[nodes, out_channels]``
    """

    def __init__(self, in_channels: int, out_channels: int, config: ModelConfig) -> None:
        super().__init__()
        channels = [in_channels, *[config.hidden] * (config.layers - 1), out_channels]
        conv = get_backbone(config.backbone).conv
        gaps = range(config.layers - 1)
        self.dropout = config.dropout
        self.convs = nn.ModuleList(conv(before, after) for before, after in pairwise(channels))
        self.slots = nn.ModuleList(make_slot(config) for _ in gaps)
        self.conv_taps = nn.ModuleList(Tap() for _ in self.convs)
        self.slot_taps = nn.ModuleList(Tap() for _ in gaps)

    def taps(self) -> dict[tuple[int, str], nn.Module]:
        """Return the taps by layer (1 … L) and stage (conv or slot)."""
        conv = {(layer, "conv"): tap for layer, tap in enumerate(self.conv_taps, start=1)}
        return conv | {(layer, "slot"): tap for layer, tap in enumerate(self.slot_taps, start=1)}

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        """Return the logits of every node."""
        for layer, conv in enumerate(self.convs):
            x = F.dropout(x, self.dropout, self.training)
            x = self.conv_taps[layer](conv(x, edges))
            if layer < len(self.slots):
                x = self.slot_taps[layer](self.slots[layer](x))
        return x
