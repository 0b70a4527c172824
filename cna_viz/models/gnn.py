"""A deep graph network with one slot per gap and a tap on both sides of it."""

from collections.abc import Callable, Iterable
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch_geometric.nn import JumpingKnowledge, global_add_pool, global_max_pool, global_mean_pool
from torch_geometric.utils import dropout_edge

from cna_viz.config import ModelConfig
from cna_viz.models.backbones import get_backbone, prepare_graph
from cna_viz.models.inputs import FeatureLinear, GraphInput, SparseFeatures
from cna_viz.nn.cna import CNA, Tap
from cna_viz.nn.slots import SlotContext, make_slots

POOLS: Final[dict[str, Callable[[Tensor, Tensor, int], Tensor]]] = {
    "mean": global_mean_pool,
    "sum": global_add_pool,
    "max": global_max_pool,
}
"""Pooling of a graph's node outputs, by the name of the readout."""

STARTS: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    # Glorot and Bengio, 2010: variance 2 / (in + out), uniform.
    "glorot": nn.init.xavier_uniform_,
    "orthogonal": nn.init.orthogonal_,
    # Four times that variance, normal: Epping et al. (NeurIPS 2024) find that large variance keeps features apart.
    "large": lambda weight: nn.init.xavier_normal_(weight, gain=2.0),
}
"""Initializes a weight matrix in place, by name."""


class GNN(nn.Module):
    r"""L convolutions with L - 1 slots between them.

    Every gap owns a slot. The output of convolution ℓ passes ``conv_taps[ℓ-1]``; the output of the slot after it passes
    ``slot_taps[ℓ-1]`` to the next convolution. The last convolution gives the logits and has no slot. While training,
    dropout acts on the input of each convolution. Backbones that keep the number of channels (sgc, appnp, gcnii) get a
    linear map before the first convolution and one after the last, both without activation, so that sgc without slots
    is linear, as published; the last conv tap still sees the logits.

    Structure, off by default, for hidden layers ℓ = 2 … L - 1 with slot s, convolution f and share a:

    .. math:: h_\ell = (1 - a) \big(s_\ell(f_\ell(h_{\ell-1})) + h_{\ell-1}\big) + a h_1

    - ``residual`` adds h_{ℓ-1}, ``initial_residual`` sets the share a. The slot tap sees h_ℓ, after the additions.
    - ``jumping_knowledge`` (Xu et al., arXiv 1806.03536): the last convolution reads all h_ℓ, concatenated or their
      maximum. If there is an output map, that reads them, with the output of the last convolution.
    - ``drop_edge`` (Rong et al., arXiv 1907.10903): each training step draws one graph for all layers. Edges are kept
      with their weights, and in both directions unless the graph is directed.
    - ``readout``: for inputs with a membership, the output of a graph is the mean, sum or maximum of the outputs of its
      nodes; the last conv tap sees the nodes.

    Evaluation changes nothing and inputs are never written to. Only DropEdge, which prepares the graph anew, may make a
    GPU wait.

    Args:
        in_channels: Features of a node.
        out_channels: Number of classes; 1 for a number.
        config: Backbone, slot, layers, hidden channels, structure and initialization.
        context: Facts about the graph for the slots.

    Shapes:
        - input: ``[nodes, in_channels]`` and the graph as :func:`~cna_viz.models.backbones.prepare_graph` makes it
        - output: logits, ``[nodes, out_channels]``, or ``[graphs, out_channels]``

    Raises:
        UsageError: For an unknown backbone or slot.
    """

    def __init__(
        self, in_channels: int, out_channels: int, config: ModelConfig, context: SlotContext | None = None
    ) -> None:
        super().__init__()
        self.config, self.backbone = config, get_backbone(config.backbone)
        gaps = config.layers - 1
        self.input: nn.Module = nn.Identity()
        self.output: nn.Module = nn.Identity()
        # Input of the last map with jumping knowledge: the hidden layers, concatenated or their maximum.
        seen = gaps + 1 if self.backbone.projects else gaps
        last = config.hidden * (max(seen, 1) if config.jumping_knowledge == "cat" else 1)
        before = [in_channels, *[config.hidden] * gaps]
        after = [*[config.hidden] * gaps, out_channels]
        if self.backbone.projects:
            self.input = FeatureLinear(in_channels, config.hidden)
            self.output = FeatureLinear(last, out_channels)
            before = after = [config.hidden] * config.layers
        elif gaps:
            before[-1] = last
        self.convs = nn.ModuleList(
            self.backbone.conv(*channels, layer) for layer, channels in enumerate(zip(before, after, strict=True), 1)
        )
        # Before the slots, which may draw numbers of their own: arms of a comparison start from the same weights.
        start_weights([self.input, self.convs, self.output], config.init)
        self.slots = nn.ModuleList(make_slots(config, gaps, context))
        self.conv_taps = nn.ModuleList(Tap() for _ in self.convs)
        self.slot_taps = nn.ModuleList(Tap() for _ in self.slots)
        self.jump = None if config.jumping_knowledge == "none" else JumpingKnowledge(config.jumping_knowledge)

    def taps(self) -> dict[tuple[int, str], nn.Module]:
        """Return the taps by layer (1 … L) and stage (conv or slot)."""
        conv = {(layer, "conv"): tap for layer, tap in enumerate(self.conv_taps, start=1)}
        return conv | {(layer, "slot"): tap for layer, tap in enumerate(self.slot_taps, start=1)}

    def forward(self, x: Tensor | SparseFeatures, graph: GraphInput) -> Tensor:
        """Return the output of every node, or of every graph."""
        edges = self._edges(graph)
        initial = self.input(self._dropout(x)) if self.backbone.projects else None
        h = x if initial is None else initial
        hidden: list[Tensor] = []
        for layer, conv in enumerate(self.convs[:-1]):
            entering = h
            h = self.conv_taps[layer](conv(self._dropout(h), edges, initial))
            slot = self.slots[layer]
            h = slot(h, graph.nodes) if isinstance(slot, CNA) else slot(h)
            if layer:
                h = self._connect(h, entering, hidden[0])
            h = self.slot_taps[layer](h)
            # Without jumping knowledge only the first is needed again: evaluation need not hold all layers.
            if self.jump is not None or not hidden:
                hidden.append(h)
        outputs, membership = self._classify(h, hidden, edges, initial), graph.membership
        if membership is None:
            return outputs
        return POOLS[self.config.readout](outputs, membership.graph_of_node, membership.num_graphs)

    def _classify(
        self, h: Tensor | SparseFeatures, hidden: list[Tensor], edges: object, initial: Tensor | None
    ) -> Tensor:
        if self.jump is not None and hidden and not self.backbone.projects:
            h = self.jump(hidden)
        y: Tensor = self.convs[-1](self._dropout(h), edges, initial)
        if self.jump is not None and self.backbone.projects:
            y = self.jump([*hidden, y])
        logits: Tensor = self.conv_taps[-1](self.output(y))
        return logits

    def _connect(self, h: Tensor, entering: Tensor | SparseFeatures, first: Tensor) -> Tensor:
        """Add the residual connections: the input of the layer, and a share of the first slot's output."""
        if self.config.residual and isinstance(entering, Tensor):
            h = h + entering
        share = self.config.initial_residual
        return (1 - share) * h + share * first if share else h

    def _dropout(self, x: Tensor | SparseFeatures) -> Tensor | SparseFeatures:
        if isinstance(x, SparseFeatures):
            return x.dropout(self.config.dropout, self.training)
        return F.dropout(x, self.config.dropout, self.training)

    def _edges(self, graph: GraphInput) -> object:
        """Return the prepared edges; while training with DropEdge, those of a thinner graph."""
        # A backbone without hops (mlp) reads no edges: a draw would only change the random numbers of dropout.
        if not self.training or self.config.drop_edge == 0 or self.backbone.hops == 0:
            return graph.edges
        share, whole = self.config.drop_edge, graph.edge_index if graph.arcs is None else graph.arcs
        kept, numbers = dropout_edge(whole, share, force_undirected=graph.arcs is None)
        weight = None if graph.edge_weight is None else graph.edge_weight[numbers]
        arcs = None if graph.arcs is None else kept
        return prepare_graph(self.config.backbone, kept, graph.num_nodes, edge_weight=weight, arcs=arcs).edges


@torch.no_grad()
def start_weights(modules: Iterable[nn.Module], init: str) -> None:
    """Initialize every weight matrix of ``modules`` in place; vectors, such as biases, keep their values."""
    for module in modules:
        for parameter in module.parameters():
            if parameter.dim() == 2:
                STARTS[init](parameter)
