"""One forward pass through the network of the playground, with the values that its figures show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from cna_viz.data.graph import Graph
from cna_viz.errors import UsageError
from cna_viz.live.settings import LiveSettings
from cna_viz.measures.edges import EdgeList
from cna_viz.measures.together import FeatureMeasurer
from cna_viz.models.backbones import prepare_graph
from cna_viz.models.gnn import GNN
from cna_viz.nn.cna import CNA
from cna_viz.nn.rational import Rational
from cna_viz.nn.slots import SlotContext
from cna_viz.recording.taps import TapModules, listen

Array = np.ndarray[Any, Any]
State = Mapping[str, Tensor]

MEASURED: Final = ("rayleigh", "effective_rank")
"""Measures of every layer: how much neighbours differ, and how many directions the features use."""


@dataclass(frozen=True)
class Layer:
    """The output of one convolution, and the slot after it."""

    number: int  # from 1; 0 for the features of the graph
    features: Array  # [nodes, channels], float32
    measures: Mapping[str, float]
    labels: Array | None = None  # clusters in the slot, [nodes]; None after the last layer, which has no slot
    entering: Array | None = None  # input of the slot's activation, [nodes, channels]


@dataclass(frozen=True)
class Pass:
    """One forward pass: the input features and the output of every convolution, and the share of correct classes."""

    layers: tuple[Layer, ...]
    accuracy: float

    def first_not_finite(self) -> int | None:
        """Return the first layer with a value that is not finite, if any."""
        return next((one.number for one in self.layers if not np.isfinite(one.features).all()), None)


def make_network(graph: Graph, settings: LiveSettings) -> GNN:
    """Return the untrained network; its weights depend on the seed and the sizes, not on the slots."""
    if settings.clusters > graph.num_nodes and settings.assignment != "none":
        raise UsageError(f"clusters = {settings.clusters} is out of range: {graph.name} has {graph.num_nodes} nodes")
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        network = GNN(graph.num_features, graph.num_classes, settings.model(), SlotContext(num_nodes=graph.num_nodes))
    for module in network.modules():
        if isinstance(module, Rational):
            with torch.no_grad():
                module.numerator.copy_(torch.tensor(settings.rational.numerator))
                module.denominator.copy_(torch.tensor(settings.rational.denominator))
    return network.eval()


@torch.inference_mode()
def run_through(graph: Graph, settings: LiveSettings, state: State | None = None) -> Pass:
    """Return the forward pass of a graph through the network with trained weights, or untrained.

    Raises:
        UsageError: When there are more clusters than nodes, or the weights belong to another network.
        NotFiniteError: When k-means meets features that have overflowed.
    """
    network = make_network(graph, settings)
    if state is not None:
        try:
            network.load_state_dict(dict(state))
        except RuntimeError as error:
            raise UsageError(
                "the weights are those of another network: settings and graph must be as in training"
            ) from error
    heard: dict[tuple[int, str], Tensor] = {}
    slots = [slot for slot in network.slots if isinstance(slot, CNA)]
    labels: dict[tuple[int, str], nn.Module] = {(n, "label"): slot.label_tap for n, slot in enumerate(slots, 1)}
    with torch.random.fork_rng(), listen(TapModules(network.taps() | labels), lambda key, x, _: heard.update({key: x})):
        torch.manual_seed(settings.seed)
        output = network(*inputs_of(graph))
    measurer = FeatureMeasurer(MEASURED, EdgeList.from_edge_index(graph.edge_index, graph.num_nodes))
    layers = []
    for number, x in enumerate([graph.x, *(heard[number, "conv"] for number in range(1, settings.layers + 1))]):
        measures = {name: float(value) for name, value in measurer(x).items()}
        slot: dict[str, Array] = {}
        if 0 < number < settings.layers:
            label = heard[number, "label"]
            slot = {"labels": label.numpy(), "entering": slots[number - 1].normalization(x, label).numpy()}
        layers.append(Layer(number, x.numpy(), measures, **slot))
    right = (output.argmax(dim=1) == graph.y) & output.isfinite().all(dim=1)
    return Pass(tuple(layers), float(right.float().mean()))


def inputs_of(graph: Graph) -> tuple[Any, ...]:
    """Return the inputs of the network."""
    return graph.x, prepare_graph("gcn", graph.edge_index, graph.num_nodes)
