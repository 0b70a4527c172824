"""The network of the playground, and one pass through it with everything that is shown of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
"""What is measured of every layer: how much neighbours differ, and how many directions the features use."""


@dataclass(frozen=True)
class Layer:
    """What left one convolution, and what the slot after it makes of that.

    Attributes:
        number: The layer, 1 … L; 0 for the features of the graph.
        features: ``[nodes, channels]``, float32.
        measures: Value by name of the measure.
        labels: Cluster of every node in the slot, ``[nodes]``; None where there is no slot, as after the last layer.
        entering: What enters the activation of the slot, ``[nodes, channels]``; None where there is no slot.
    """

    number: int
    features: Array
    measures: Mapping[str, float]
    labels: Array | None = None
    entering: Array | None = None


@dataclass(frozen=True)
class Pass:
    """One forward pass.

    Attributes:
        layers: The features, and what left every convolution, in order.
        accuracy: Share of the nodes whose class the network tells; an output that is not finite tells none.
    """

    layers: tuple[Layer, ...]
    accuracy: float

    def first_not_finite(self) -> int | None:
        """Return the first layer that has a value that is not finite; None where there is none."""
        return next((one.number for one in self.layers if not np.isfinite(one.features).all()), None)


def make_network(graph: Graph, settings: LiveSettings) -> GNN:
    """Return the untrained network; weights depend on the seed and the sizes, not on what is in the slots.

    Raises:
        UsageError: When there are more clusters than nodes.
    """
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
    """Return what every layer makes of the graph.

    Args:
        graph: The graph.
        settings: The network.
        state: Weights of the same network after training; untrained when left out.

    Raises:
        UsageError: When there are more clusters than nodes, or the weights are those of another network.
        NotFiniteError: When k-means is asked to cluster features that have overflowed.
    """
    network = make_network(graph, settings)
    if state is not None:
        _load(network, state)
    heard: dict[tuple[int, str], Tensor] = {}
    slots = [slot for slot in network.slots if isinstance(slot, CNA)]
    labels: dict[tuple[int, str], nn.Module] = {(n, "label"): slot.label_tap for n, slot in enumerate(slots, 1)}
    taps = TapModules(network.taps() | labels)
    with torch.random.fork_rng(), listen(taps, lambda key, x, _: heard.update({key: x})):
        torch.manual_seed(settings.seed)
        output = network(*inputs_of(graph))
    measurer = FeatureMeasurer(MEASURED, EdgeList.from_edge_index(graph.edge_index, graph.num_nodes))
    layers = [Layer(0, graph.x.numpy(), _measured(measurer, graph.x))]
    for number in range(1, settings.layers + 1):
        x = heard[number, "conv"]
        layer = Layer(number, x.numpy(), _measured(measurer, x))
        if number < settings.layers:
            label = heard[number, "label"]
            entering = slots[number - 1].normalization(x, label)
            layer = replace(layer, labels=label.numpy(), entering=entering.numpy())
        layers.append(layer)
    right = (output.argmax(dim=1) == graph.y) & output.isfinite().all(dim=1)
    return Pass(tuple(layers), float(right.float().mean()))


def inputs_of(graph: Graph) -> tuple[Any, ...]:
    """Return what the network is called with."""
    return graph.x, prepare_graph("gcn", graph.edge_index, graph.num_nodes)


def _load(network: GNN, state: State) -> None:
    try:
        network.load_state_dict(dict(state))
    except RuntimeError as error:
        raise UsageError(
            "the weights are those of another network: settings and graph must be as in training"
        ) from error


def _measured(measurer: FeatureMeasurer, x: Tensor) -> dict[str, float]:
    return {name: float(value) for name, value in measurer(x).items()}
