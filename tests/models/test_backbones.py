"""Every backbone within the network: formulas, gradients, symmetries, samples, degenerate graphs."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, optim
from torch.utils._python_dispatch import TorchDispatchMode
from torch_geometric.nn import ChebConv
from torch_geometric.utils import to_dense_adj

from cna_viz.config import ModelConfig
from cna_viz.errors import UsageError
from cna_viz.models.backbones import BACKBONES, get_backbone, prepare_features, prepare_graph
from cna_viz.models.convolutions import Mean
from cna_viz.models.gnn import GNN
from cna_viz.models.inputs import GraphInput, SparseFeatures

RandomEdges = Callable[..., Tensor]
NODES, FEATURES, CLASSES = 30, 6, 3


def network(backbone: str, slot: str = "none", layers: int = 3, **changes: Any) -> GNN:
    torch.manual_seed(0)
    config = ModelConfig(backbone=backbone, slot=slot, layers=layers, hidden=8)
    return GNN(FEATURES, CLASSES, config.replace(**changes))


def take_step(model: GNN, x: Tensor | SparseFeatures, graph: GraphInput) -> None:
    optimizer = optim.Adam(model.parameters(), lr=0.005)
    logits = model.train()(x, graph)
    F.cross_entropy(logits, torch.arange(len(logits)) % CLASSES).backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def test_an_unknown_backbone_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown backbone 'gct'; choices, nearest first: gat, gcn"):
        get_backbone("gct")
    with pytest.raises(UsageError, match="unknown backbone"):
        prepare_graph("gct", torch.empty(2, 0, dtype=torch.long), 1)
    with pytest.raises(UsageError, match="unknown backbone"):
        prepare_features("gct", torch.empty(1, 1))


STRUCTURES: dict[str, dict[str, Any]] = {
    "plain": {},
    "cat": {"residual": True, "initial_residual": 0.2, "dropout": 0.2, "drop_edge": 0.3, "jumping_knowledge": "cat"},
    "max": {"jumping_knowledge": "max", "init": "orthogonal"},
}


@pytest.mark.sampled
@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("slot", ["none", "relu", "cna"])
@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_backbone_trains_with_every_structure(
    random_edges: RandomEdges, backbone: str, slot: str, layers: int, structure: str
) -> None:
    model = network(backbone, slot, layers, **STRUCTURES[structure])
    assert len(model.slots) == layers - 1
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    torch.manual_seed(1)
    x, graph = torch.randn(NODES, FEATURES), prepare_graph(backbone, random_edges(NODES), NODES)
    take_step(model, x, graph)
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert bool(torch.isfinite(parameter.grad).all()), name
        # Softmax does not notice a shift of all keys; then the gradient is zero, or rounding.
        assert "lin_key.bias" in name or not torch.equal(parameter, before[name]), name


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("slot", ["none", "batchnorm"])
def test_logits_go_with_their_nodes(random_edges: RandomEdges, backbone: str, slot: str) -> None:
    edges, order = random_edges(NODES), torch.randperm(NODES, generator=torch.Generator().manual_seed(0))
    model, x = network(backbone, slot), torch.randn(NODES, FEATURES)
    take_step(model, x, prepare_graph(backbone, edges, NODES))
    moved = order.argsort()[edges]
    moved = moved[:, (moved[0] * NODES + moved[1]).argsort()]
    wanted = model.eval()(x, prepare_graph(backbone, edges, NODES))[order]
    assert not torch.allclose(wanted, model(x, prepare_graph(backbone, edges, NODES)), atol=1e-2)
    torch.testing.assert_close(model(x[order], prepare_graph(backbone, moved, NODES)), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_sample_is_prepared_like_a_graph(random_edges: RandomEdges, backbone: str) -> None:
    """Two graphs side by side; each alone, its nodes renumbered in another order, gives what both give."""
    one, other = random_edges(12, 0.4), random_edges(9, 0.4, seed=1)
    both = torch.cat([one, other + 12], dim=1)
    model, x = network(backbone, "batchnorm").eval(), torch.randn(22, FEATURES)  # node 21 is isolated
    wanted = model(x, prepare_graph(backbone, both, 22))
    nodes = 12 + torch.tensor([4, 0, 8, 1, 7, 2, 6, 3, 5])
    relabelled = (nodes - 12).argsort()[other]
    for rows, edges in ((torch.arange(12), one), (nodes, relabelled), (torch.tensor([21]), both[:, :0])):
        graph = prepare_graph(backbone, edges, len(rows), rows)
        assert graph.nodes is rows
        torch.testing.assert_close(model(x[rows], graph), wanted[rows], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("layers", [1, 3])
def test_the_smallest_network_on_the_smallest_graph(backbone: str, layers: int) -> None:
    model = GNN(1, 2, ModelConfig(backbone=backbone, slot="relu", layers=layers, hidden=1, residual=True))
    nothing = torch.empty(2, 0, dtype=torch.long)
    logits = model(torch.ones(1, 1), prepare_graph(backbone, nothing, 1))
    assert logits.shape == (1, 2)
    logits.sum().backward()
    assert bool(torch.isfinite(logits).all())
    assert all(bool(torch.isfinite(parameter.grad).all()) for parameter in model.parameters())  # type: ignore[arg-type]


def in_double(random_edges: RandomEdges, backbone: str, layers: int) -> tuple[GNN, Tensor, GraphInput, Tensor]:
    """Return a network without slots, features, the graph, all of them float64, and the dense adjacency."""
    edges = random_edges(NODES, 0.1)
    prepared = prepare_graph(backbone, edges, NODES)
    if backbone != "dirgnn":
        prepared = GraphInput(edges, NODES, prepared.edges.to(torch.float64))
        dense = prepared.edges.to_dense()
    else:
        means = tuple(Mean(*(part.double() for part in mean)) for mean in prepared.edges)
        prepared, dense = GraphInput(edges, NODES, means), to_dense_adj(edges, max_num_nodes=NODES)[0].double()
    return network(backbone, layers=layers).double(), torch.randn(NODES, FEATURES).double(), prepared, dense


@pytest.mark.parametrize("layers", [1, 6])
def test_sgc_is_a_power_of_the_adjacency(random_edges: RandomEdges, layers: int) -> None:
    model, x, graph, dense = in_double(random_edges, "sgc", layers)
    wanted = torch.linalg.matrix_power(dense, layers) @ x @ model.input.weight.T @ model.output.weight.T  # type: ignore[operator, union-attr]
    torch.testing.assert_close(model(x, graph), wanted)


@pytest.mark.parametrize("layers", [1, 6])
def test_appnp_returns_to_the_projected_features(random_edges: RandomEdges, layers: int) -> None:
    model, x, graph, dense = in_double(random_edges, "appnp", layers)
    start = h = model.input(x)
    for _ in range(layers):
        h = 0.9 * dense @ h + 0.1 * start
    torch.testing.assert_close(model(x, graph), model.output(h))


def test_deep_appnp_is_personalized_pagerank(random_edges: RandomEdges) -> None:
    model, x, graph, dense = in_double(random_edges, "appnp", 300)
    wanted = 0.1 * torch.linalg.inv(torch.eye(NODES) - 0.9 * dense) @ model.input(x)
    torch.testing.assert_close(model(x, graph), model.output(wanted))


@pytest.mark.parametrize("layers", [1, 6])
def test_gcnii_is_its_formula(random_edges: RandomEdges, layers: int) -> None:
    model, x, graph, dense = in_double(random_edges, "gcnii", layers)
    start = h = model.input(x)
    for layer, conv in enumerate(model.convs, start=1):
        mixed = 0.9 * dense @ h + 0.1 * start
        beta = torch.log(torch.tensor(0.5 / layer + 1, dtype=torch.float64))
        h = (1 - beta) * mixed + beta * mixed @ conv.conv.weight1  # type: ignore[union-attr, operator]
    torch.testing.assert_close(model(x, graph), model.output(h))


def test_dirgnn_has_two_maps_of_the_same_mean(random_edges: RandomEdges) -> None:
    model, x, graph, dense = in_double(random_edges, "dirgnn", 1)
    conv, mean = model.convs[0].conv, dense @ x / dense.sum(dim=1, keepdim=True).clamp(min=1)
    wanted = (conv.conv_in.lin_l(mean) + conv.conv_out.lin_l(mean)) / 2 + conv.lin(x)  # type: ignore[union-attr, operator]
    torch.testing.assert_close(model(x, graph), wanted)
    assert not torch.equal(conv.conv_in.lin_l.weight, conv.conv_out.lin_l.weight)  # type: ignore[union-attr, arg-type]


def test_mlp_sees_no_graph(random_edges: RandomEdges) -> None:
    model, x = network("mlp", "relu"), torch.randn(NODES, FEATURES)
    graph = prepare_graph("mlp", random_edges(NODES), NODES)
    assert graph.edges is None
    h = x
    for layer, conv in enumerate(model.convs, start=1):
        h = F.linear(h, conv.lin.weight, conv.lin.bias)  # type: ignore[union-attr, arg-type]
        h = h.relu() if layer < 3 else h
    torch.testing.assert_close(model(x, graph), h)


@pytest.mark.parametrize("backbone", [name for name in BACKBONES if name != "mlp"])
def test_neighbours_matter(random_edges: RandomEdges, backbone: str) -> None:
    model, x = network(backbone), torch.randn(NODES, FEATURES)
    one, other = (model(x, prepare_graph(backbone, random_edges(NODES, seed=seed), NODES)) for seed in (0, 1))
    assert not torch.allclose(one, other, atol=1e-2)


SPARSE = [name for name, backbone in BACKBONES.items() if backbone.sparse]


def test_which_backbones_take_sparse_features() -> None:
    assert set(SPARSE) == {"gcn", "sgc", "gcnii", "appnp", "dirgcn", "mlp"}
    x = torch.zeros(400, 400)
    assert all(isinstance(prepare_features(name, x), SparseFeatures) == (name in SPARSE) for name in BACKBONES)
    assert prepare_features("sage", x) is x


@pytest.mark.parametrize("backbone", SPARSE)
@pytest.mark.parametrize("layers", [1, 3])
def test_sparse_features_give_the_same(random_edges: RandomEdges, backbone: str, layers: int) -> None:
    torch.manual_seed(1)
    x = torch.randn(NODES, FEATURES) * (torch.rand(NODES, FEATURES) < 0.3)
    graph = prepare_graph(backbone, random_edges(NODES), NODES)
    outcomes = []
    for features in (x, SparseFeatures.from_dense(x)):
        model = network(backbone, "relu", layers)
        logits = model(features, graph)
        logits.square().sum().backward()
        outcomes.append([logits.detach(), *(parameter.grad for parameter in model.parameters())])
    for dense, sparse in zip(*outcomes, strict=True):
        torch.testing.assert_close(sparse, dense, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_inputs_are_not_written_to(random_edges: RandomEdges, backbone: str) -> None:
    x, graph = torch.randn(NODES, FEATURES), prepare_graph(backbone, random_edges(NODES), NODES)
    tensors = [x, graph.edge_index]
    if isinstance(graph.edges, Tensor):
        tensors.append(graph.edges.values() if graph.edges.layout == torch.sparse_csr else graph.edges)
    before = [tensor.clone() for tensor in tensors]
    take_step(network(backbone, "relu", residual=True, initial_residual=0.1, drop_edge=0.2, dropout=0.2), x, graph)
    assert all(torch.equal(one, other) for one, other in zip(tensors, before, strict=True))


class NoLooking(TorchDispatchMode):
    """Refuses operations whose result or shape depends on values: a GPU's host has to wait for them."""

    names = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "unique")

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        indices = args[1] if name.startswith(("index", "_index")) and isinstance(args[1], (list, tuple)) else ()
        masked = any(isinstance(index, Tensor) and index.dtype == torch.bool for index in indices)
        assert not masked, f"{name} with a mask"
        assert not name.startswith(self.names), name
        return func(*args, **(kwargs or {}))


def test_looking_is_noticed(random_edges: RandomEdges) -> None:
    x, mask = torch.ones(3), torch.tensor([True, False, True])
    looks: list[Callable[[], object]] = [
        lambda: x[mask],
        lambda: x.clone().index_put_((mask,), x[:2]),
        lambda: x.sum().item(),
        lambda: bool(mask.any()),
        lambda: x.nonzero(),
        lambda: ChebConv(2, 2, K=3)(torch.ones(5, 2), random_edges(5, 0.5)),
    ]
    for look in looks:
        with pytest.raises(AssertionError), NoLooking():
            look()


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("structure", ["plain", "cat", "max"])
def test_a_step_does_not_look_at_values(random_edges: RandomEdges, backbone: str, structure: str) -> None:
    changes = {name: value for name, value in STRUCTURES[structure].items() if name != "drop_edge"}
    model, graph = network(backbone, "relu", **changes), prepare_graph(backbone, random_edges(NODES), NODES)
    dense = torch.randn(NODES, FEATURES)
    for x in (dense, SparseFeatures.from_dense(dense)) if backbone in SPARSE else (dense,):
        with NoLooking():
            model(x, graph).square().sum().backward()
