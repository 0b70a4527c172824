"""The number of layers of well-known models: right, or asked for."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
import torch_geometric.nn as pyg
from torch import Tensor, nn
from torch_geometric.nn import (
    APPNP,
    AntiSymmetricConv,
    DeepGCNLayer,
    DirGNNConv,
    GATConv,
    GCN2Conv,
    GCNConv,
    GENConv,
    GPSConv,
    GroupAddRev,
    HeteroConv,
    JumpingKnowledge,
    MessagePassing,
    SAGEConv,
)
from torch_geometric.nn.models import (
    ARGVA,
    GAE,
    GAT,
    GCN,
    GIN,
    LINKX,
    PMLP,
    PNA,
    RECT_L,
    VGAE,
    DeepGraphInfomax,
    DimeNet,
    EdgeCNN,
    GraphSAGE,
    GraphUNet,
    LightGCN,
    Polynormer,
    SchNet,
    SGFormer,
)

from cna_viz.errors import UsageError
from cna_viz.recording.watched.layers.find import Layers, find_layers
from cna_viz.recording.watched.model.call import make_call
from tests.recording.helpers import NODES, hooks, karate_data

WIDTH, CLASSES = 8, 4
DATA = karate_data()
BATCH = torch.zeros(NODES, dtype=torch.long)


def layers_of(model: nn.Module, names: Any = None, inputs: Any = None) -> Layers:
    found = find_layers(make_call(model, karate_data(), inputs), names, NODES)
    assert hooks(model) == 0
    return found


def names_of(model: nn.Module, names: Any = None, inputs: Any = None) -> list[str]:
    known = {module: name for name, module in model.named_modules()}
    return [known[module] for module in layers_of(model, names, inputs).convs.values()]


def refusal(model: nn.Module, names: Any = None, inputs: Any = None) -> str:
    with pytest.raises(UsageError) as caught:
        layers_of(model, names, inputs)
    return str(caught.value)


def conv(channels: int = WIDTH) -> GCNConv:
    return GCNConv(channels, channels)


class Stack(nn.Module):
    """Blocks between two linear layers."""

    def __init__(self, *blocks: nn.Module, between: nn.Module | None = None) -> None:
        super().__init__()
        self.first, self.blocks, self.last = nn.Linear(NODES, WIDTH), nn.ModuleList(blocks), nn.Linear(WIDTH, CLASSES)
        self.between = between or nn.Identity()

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = self.between(block(x, edge_index))
        y: Tensor = self.last(x)
        return y


# PyG


@pytest.mark.parametrize("jumping", [None, "cat", "lstm"])
@pytest.mark.parametrize("kind", [GCN, GraphSAGE, GAT, GIN, EdgeCNN, PNA])
def test_basic_networks_have_the_layers_that_they_are_made_with(
    kind: Callable[..., nn.Module], jumping: str | None
) -> None:
    options = {"aggregators": ["mean"], "scalers": ["identity"], "deg": torch.tensor([1, 2])} if kind is PNA else {}
    model = kind(NODES, WIDTH, 5, CLASSES, jk=jumping, norm="layer", **options)
    assert names_of(model) == [f"convs.{layer}" for layer in range(5)]


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad:UserWarning")  # of checkpoint, in evaluation
def test_deep_gcns_as_in_the_example_are_a_convolution_and_blocks() -> None:
    class DeeperGCN(nn.Module):
        def __init__(self, layers: int) -> None:
            super().__init__()
            self.encoder = nn.Linear(NODES, WIDTH)
            self.layers = nn.ModuleList(
                DeepGCNLayer(GENConv(WIDTH, WIDTH), nn.LayerNorm(WIDTH), nn.ReLU(), dropout=0.1, ckpt_grad=layer % 3)
                for layer in range(layers)
            )

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            x = self.layers[0].conv(self.encoder(x), edge_index)
            for layer in self.layers[1:]:
                x = layer(x, edge_index)
            y: Tensor = self.layers[0].act(self.layers[0].norm(x))
            return y

    assert names_of(DeeperGCN(7)) == ["layers.0.conv", *(f"layers.{layer}" for layer in range(1, 7))]


@pytest.mark.parametrize(
    "block",
    [
        lambda: DirGNNConv(conv()),
        lambda: AntiSymmetricConv(WIDTH, num_iters=4),
        lambda: GPSConv(WIDTH, conv(), heads=2),
        lambda: GPSConv(WIDTH, None, heads=2),
        lambda: DeepGCNLayer(conv(), nn.LayerNorm(WIDTH), nn.ReLU(), block="res"),
        lambda: GroupAddRev(conv(WIDTH // 2), num_groups=2),
        lambda: GATConv(WIDTH, WIDTH // 2, heads=2),
    ],
)
@pytest.mark.parametrize("frozen", [True, False])
def test_composite_layers_count_once(block: Callable[[], nn.Module], frozen: bool) -> None:
    model = Stack(block(), block(), block()).requires_grad_(not frozen)
    found = layers_of(model)
    assert list(found.convs.values()) == list(model.blocks)
    assert found.taps.keys == ((1, "conv"), (2, "conv"), (3, "conv"), (1, "slot"), (2, "slot"))


def test_a_heterogeneous_layer_counts_once() -> None:
    class Hetero(Stack):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            features = {"node": self.first(x)}
            for block in self.blocks:
                features = block(features, {("node", "to", "node"): edge_index, ("node", "of", "node"): edge_index})
            return features["node"]

    relations = [("node", "to", "node"), ("node", "of", "node")]
    model = Hetero(*(HeteroConv({relation: conv() for relation in relations}) for _ in range(2)))
    assert names_of(model) == ["blocks.0", "blocks.1"]


def test_decoupled_networks_have_one_layer() -> None:
    assert names_of(Stack(APPNP(10, 0.1))) == ["blocks.0"]


def test_initial_residuals_and_jumping_knowledge() -> None:
    class Deep(Stack):
        def __init__(self, *blocks: nn.Module) -> None:
            super().__init__(*blocks)
            self.jump = JumpingKnowledge("max")

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            start = self.first(x).relu()
            all_features = [start]
            for block in self.blocks:
                all_features.append(block(all_features[-1], start, edge_index).relu())
            y: Tensor = self.last(self.jump(all_features))
            return y

    assert len(names_of(Deep(*(GCN2Conv(WIDTH, 0.1) for _ in range(16))))) == 16


def test_autoencoders_have_the_layers_of_their_encoder() -> None:
    class Variational(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.mu, self.logstd = (GCNConv(*sizes) for sizes in ((NODES, 8), (8, 4), (8, 4)))

        def forward(self, x: Tensor, edge_index: Tensor) -> tuple[Tensor, Tensor]:
            x = self.conv(x, edge_index).relu()
            return self.mu(x, edge_index), self.logstd(x, edge_index)

    assert names_of(GAE(GCN(NODES, 8, 2, 4))) == ["encoder.convs.0", "encoder.convs.1"]
    for model in (VGAE(Variational()), ARGVA(Variational(), nn.Linear(4, 1))):
        assert refusal(model).endswith("layers=[...], for example of encoder.conv, encoder.mu, encoder.logstd")
        assert names_of(model, ["encoder.conv", "encoder.mu"]) == ["encoder.conv", "encoder.mu"]


def test_networks_with_other_inputs() -> None:
    assert names_of(LightGCN(NODES, WIDTH, 3)) == ["convs.0", "convs.1", "convs.2"]
    assert names_of(RECT_L(NODES, WIDTH)) == ["conv"]
    assert refusal(PMLP(NODES, WIDTH, CLASSES, 3)).startswith("the data has edge_index, PMLP takes some, and only")
    assert len(names_of(PMLP(NODES, WIDTH, CLASSES, 3), inputs=(DATA.x, DATA.edge_index))) == 3
    for kind in (SGFormer, Polynormer):
        model = kind(NODES, WIDTH, CLASSES, 1)
        assert refusal(model).startswith(f"{kind.__name__} takes x, edge_index and batch, and the data has no batch")
        assert names_of(model, inputs=(DATA.x, DATA.edge_index, BATCH)) == [
            name for name, module in model.named_modules() if isinstance(module, MessagePassing)
        ]


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta state:UserWarning")
def test_a_network_that_multiplies_by_the_adjacency_once_has_one_layer() -> None:
    assert names_of(LINKX(NODES, NODES, WIDTH, CLASSES, 2)) == ["edge_lin"]


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta state:UserWarning")
@pytest.mark.filterwarnings("ignore:Sparse invariant checks are implicitly disabled:UserWarning")
def test_a_pooling_network_is_refused_by_name() -> None:
    model = GraphUNet(NODES, WIDTH, CLASSES, 2)
    message = refusal(model)
    assert message.startswith("layer 2, down_convs.1 (GCNConv), returns features of shape (17, 8), but the graph has")
    assert message.endswith("layers=['down_convs.0', 'up_convs.1']")
    assert names_of(model, ["down_convs.0", "up_convs.1"]) == ["down_convs.0", "up_convs.1"]


def test_networks_of_molecules_are_counted_or_asked_for() -> None:
    data = karate_data(z=torch.ones(NODES, dtype=torch.long), pos=torch.rand(NODES, 3), x=None)

    def graph(pos: Tensor, batch: Tensor) -> tuple[Tensor, Tensor]:
        return data.edge_index, (pos[data.edge_index[0]] - pos[data.edge_index[1]]).norm(dim=1)

    model = SchNet(WIDTH, WIDTH, 3, WIDTH, interaction_graph=graph)
    found = find_layers(make_call(model, data), None, NODES)
    assert list(found.convs.values()) == [block.conv for block in model.interactions]
    blocks = find_layers(make_call(model, data), "interactions", NODES)
    assert list(blocks.convs.values()) == list(model.interactions)
    assert blocks.taps.keys == ((1, "conv"), (2, "conv"), (3, "conv"), (1, "slot"), (2, "slot"))
    dime = DimeNet(WIDTH, 4, 2, 4, 3, 4)
    with pytest.raises(UsageError, match="DimeNet has no layers of PyG's MessagePassing: name the modules whose"):
        find_layers(make_call(dime, data), None, NODES)


def test_embeddings_without_a_network_have_no_layers() -> None:
    class Embedding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(NODES, WIDTH)

        def forward(self) -> Tensor:
            return self.embedding.weight

    assert refusal(Embedding()).endswith("there are: embedding")


def test_a_contrastive_network_is_asked_for() -> None:
    def corrupt(x: Tensor, edge_index: Tensor) -> tuple[Tensor, Tensor]:
        return x[torch.randperm(len(x))], edge_index

    model = DeepGraphInfomax(WIDTH, GCN(NODES, WIDTH, 2), lambda z, *args, **kwargs: z.mean(dim=0), corrupt)
    assert refusal(model).startswith("DeepGraphInfomax calls encoder.convs.1 (GCNConv) and then encoder.convs.0")


def test_sequences_of_pyg_and_of_torch() -> None:
    layers = [(GCNConv(NODES, 8), "x, edge_index -> x"), nn.ReLU(), (GCNConv(8, 4), "x, edge_index -> x")]
    assert names_of(pyg.Sequential("x, edge_index", layers)) == ["module_0", "module_2"]

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = conv(NODES)

        def forward(self, inputs: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
            x, edge_index = inputs
            return self.conv(x, edge_index), edge_index

    model = nn.Sequential(Block(), Block(), Block())
    inputs = ((DATA.x, DATA.edge_index),)
    assert names_of(model, inputs=inputs) == ["0.conv", "1.conv", "2.conv"]
    assert names_of(model, ["0", "1", "2"], inputs=inputs) == ["0", "1", "2"]


# Structures of models in public repositories


def test_gcnii_whose_forward_takes_nothing() -> None:
    class Convolution(MessagePassing):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.rand(WIDTH, WIDTH))

        def forward(self, x: Tensor, edge_index: Tensor, alpha: float, h0: Tensor, beta: float) -> Tensor:
            support = (1 - beta) * (1 - alpha) * x + beta * x @ self.weight
            y: Tensor = self.propagate(edge_index, x=support) + alpha * h0
            return y

    class GCNII(nn.Module):
        def __init__(self, layers: int) -> None:
            super().__init__()
            middle = [Convolution() for _ in range(layers)]
            self.convs = nn.ModuleList([nn.Linear(NODES, WIDTH), *middle, nn.Linear(WIDTH, CLASSES)])

        def forward(self) -> Tensor:
            x = h0 = self.convs[0](DATA.x).relu()
            for depth, layer in enumerate(self.convs[1:-1], start=1):
                x = F.dropout(x, 0.6, training=self.training)
                x = layer(x, DATA.edge_index, 0.1, h0, math.log(0.5 / depth + 1)).relu()
            return F.log_softmax(self.convs[-1](x), dim=1)

    found = layers_of(GCNII(8))
    assert len(found.convs) == 8
    assert not found.random


def test_gprgnn_and_dagnn_propagate_in_one_module() -> None:
    class Propagation(MessagePassing):
        def __init__(self, steps: int) -> None:
            super().__init__()
            self.steps, self.scale = steps, nn.Parameter(torch.ones(steps + 1))

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            total = self.scale[0] * x
            for step in range(self.steps):
                x = self.propagate(edge_index, x=x)
                total = total + self.scale[step + 1] * x
            return total

    class Decoupled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lin1, self.lin2, self.prop = nn.Linear(NODES, WIDTH), nn.Linear(WIDTH, CLASSES), Propagation(10)

        def forward(self, data: Any) -> Tensor:
            return F.log_softmax(self.prop(self.lin2(self.lin1(data.x).relu()), data.edge_index), dim=1)

    assert names_of(Decoupled()) == ["prop"]


def test_h2gcn_with_one_convolution_on_two_neighborhoods_is_asked_for() -> None:
    class H2GCN(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lin, self.conv1, self.conv2 = nn.Linear(NODES, WIDTH), conv(), conv(2 * WIDTH)

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            x = self.lin(x).relu()
            for layer in (self.conv1, self.conv2):
                x = torch.cat([layer(x, edge_index), layer(x, edge_index.flip(0))], dim=1)
            return x

    assert refusal(H2GCN()).startswith("H2GCN calls conv1 (GCNConv) and then conv1 (GCNConv), which does not use")


class Channels(nn.Module):
    """Three channels side by side, mixed; with PyG's convolutions or by products with the adjacency matrix."""

    def __init__(self, inputs: int, outputs: int, own: bool) -> None:
        super().__init__()
        kind = nn.Linear if own else SAGEConv
        self.own, self.low, self.high, self.all = own, *(kind(inputs, outputs) for _ in range(3))

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        if self.own:
            return sum(part(edges @ x).relu() for part in (self.low, self.high, self.all))
        return sum(part(x, edges).relu() for part in (self.low, self.high, self.all))


class ACMGNN(nn.Module):
    def __init__(self, own: bool) -> None:
        super().__init__()
        self.gcns = nn.ModuleList([Channels(NODES, WIDTH, own), Channels(WIDTH, CLASSES, own)])

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        for layer in self.gcns:
            x = layer(x, edge_index)
        return x


def test_acm_gnn_is_asked_for_and_its_layers_are_proposed() -> None:
    assert refusal(ACMGNN(own=False)).endswith("layers=['gcns.0', 'gcns.1']")
    assert names_of(ACMGNN(own=False), ["gcns.0", "gcns.1"]) == ["gcns.0", "gcns.1"]
    inputs = (DATA.x, torch.eye(NODES))
    assert refusal(ACMGNN(own=True), inputs=inputs).startswith("ACMGNN has no layers of PyG's MessagePassing")
    assert names_of(ACMGNN(own=True), "gcns", inputs) == ["gcns.0", "gcns.1"]


def test_difformer_with_own_convolutions_is_asked_for() -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))

        def forward(self, query: Tensor, source: Tensor, edge_index: Tensor) -> Tensor:
            weights = (self.query(query) @ self.key(source).T).softmax(dim=1)
            y: Tensor = weights @ self.value(source)
            return y

    class DIFFormer(nn.Module):
        def __init__(self, layers: int) -> None:
            super().__init__()
            self.convs = nn.ModuleList(Attention() for _ in range(layers))
            self.fcs = nn.ModuleList([nn.Linear(NODES, WIDTH), nn.Linear(WIDTH, CLASSES)])

        def forward(self, x: Tensor, edge_index: Tensor, edge_weight: Tensor | None = None) -> Tensor:
            x = self.fcs[0](x).relu()
            for layer in self.convs:
                x = 0.5 * layer(x, x, edge_index) + 0.5 * x
            y: Tensor = self.fcs[1](x)
            return y

    assert "there are: convs, fcs, convs.0, convs.1, convs.2, fcs.0, fcs.1, convs.0.query" in refusal(DIFFormer(3))
    found = layers_of(DIFFormer(3), "convs")
    assert found.taps.keys == ((1, "conv"), (2, "conv"), (3, "conv"), (1, "slot"), (2, "slot"))
