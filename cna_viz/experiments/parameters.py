"""Number of weights of a network, counted without data and without memory for them."""

import torch
from torch import nn

from cna_viz.config import ModelConfig
from cna_viz.models.gnn import GNN
from cna_viz.nn.slots import SlotContext


def count_parameters(model: ModelConfig, in_channels: int, out_channels: int) -> dict[str, int]:
    """Return the number of weights of a network, shared ones counted once.

    It is built on torch's meta device, where tensors have a shape and no values.

    Args:
        model: The network.
        in_channels: Features of a node.
        out_channels: Number of classes.

    Returns:
        ``convolutions``, with the linear maps around them; ``slots``, rational functions and norms; ``total``.
    """
    # There are no values to initialize, and orthogonal would decompose matrices for it.
    model, context = _with_clusters(model.replace(init="glorot"), out_channels)
    with torch.device("meta"):
        network = GNN(in_channels, out_channels, model, context)
    convolutions = _count(nn.ModuleList([network.input, network.convs, network.output]))
    slots = _count(network.slots)
    return {"convolutions": convolutions, "slots": slots, "total": convolutions + slots}


def _with_clusters(model: ModelConfig, classes: int) -> tuple[ModelConfig, SlotContext]:
    """Return a network with as many weights but given clusters: k-means would need values, and has no weights."""
    assignment = model.factors.get("assignment", "none")
    if assignment == "none":
        return model, SlotContext()
    clusters = classes if assignment == "labels" else model.clusters
    return model.replace(assignment="communities", clusters=clusters), SlotContext(partition=torch.arange(clusters))


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
