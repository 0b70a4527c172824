"""Running a model leaves it as it was, whatever its forward pass stores or writes into; other writes are refused."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch_geometric.nn import GCNConv

from cna_viz.errors import UsageError
from cna_viz.recording.taps import undisturbed
from cna_viz.recording.watched.layers.find import find_layers
from cna_viz.recording.watched.model.call import make_call
from cna_viz.recording.watched.model.side_effects import same_values, unchanged
from tests.recording.helpers import NODES, karate_data


class Holding(nn.Module):
    """Calls what it is given with itself when it runs."""

    memory: Tensor

    def __init__(self, act: Callable[[Any], object]) -> None:
        super().__init__()
        self.act, self.calls, self.plain = act, 0, torch.zeros(3)
        self.register_buffer("memory", torch.zeros(3))
        self.alias, self.seen, self.table, self.kinds = self.memory, list[int](), {"a": 1}, {1}
        self.cache: Any = None
        self.own, self.generators = torch.Generator().manual_seed(3), (random.Random(3), np.random.default_rng(3))
        self.python, self.numpy = self.generators
        self.inner = nn.Linear(2, 2)

    def forward(self) -> None:
        self.act(self)


def written(model: Holding) -> None:
    model.memory.add_(1)
    model.plain.mul_(2).add_(1)


def rebound(model: Holding) -> None:
    model.memory = model.memory + 1
    model.plain = model.plain + 1
    model.calls += 1
    model.cache = (torch.ones(3), None)
    model.inner.training = not model.inner.training


def made(model: Holding) -> None:
    model.new = 3
    model.register_buffer("late", torch.ones(2))
    model.late_part = nn.Linear(1, 1)
    model.weight = nn.Parameter(torch.ones(1))
    model.inner.weight = nn.Parameter(torch.ones(2, 2))


def removed(model: Holding) -> None:
    del model.memory, model.plain, model.inner


def grown(model: Holding) -> None:
    model.seen.append(1)
    model.table["b"] = 2
    model.kinds.clear()


def drawn(model: Holding) -> None:
    torch.rand(3, generator=model.own)
    model.python.random()
    model.numpy.random()


def state(model: Holding) -> str:
    tensors = [model.memory.tolist(), model.plain.tolist(), model.own.get_state().tolist()]
    random_states = model.python.getstate(), model.numpy.bit_generator.state
    plain = model.calls, model.seen, model.table, model.kinds, model.cache, model.inner.training
    return repr((tensors, random_states, plain, sorted(vars(model)), sorted(model.state_dict()), repr(model)))


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("act", [written, rebound, made, removed, grown, drawn])
def test_whatever_a_pass_does_is_undone(act: Callable[[Any], object], fails: bool) -> None:
    def acting(model: Holding) -> None:
        act(model)
        if fails:
            raise KeyboardInterrupt

    model = Holding(acting)
    before, held = state(model), {id(module): dict(vars(module)) for module in model.modules()}
    weight, memory, version = model.inner.weight, model.memory, model.memory._version
    with pytest.raises(KeyboardInterrupt) if fails else torch.no_grad(), unchanged(model):
        model()
    assert state(model) == before
    assert model.inner.weight is weight
    assert model.memory is memory is model.alias
    assert memory._version == version
    assert all(
        vars(module).keys() == held[id(module)].keys()
        and all(value is held[id(module)][name] for name, value in vars(module).items())
        for module in model.modules()
    )


def test_one_tensor_at_two_places_is_one_tensor_inside() -> None:
    def acting(model: Holding) -> None:
        model.memory.add_(1)
        assert model.alias is model.memory

    model = Holding(acting)
    with unchanged(model):
        model()
    assert model.memory.tolist() == [0, 0, 0]


def test_what_a_pass_reads_is_what_there_was() -> None:
    seen: list[Any] = []
    model = Holding(lambda self: seen.append((self.memory.tolist(), self.table, self.calls)))
    model.memory += 5
    model.calls = 7
    with unchanged(model):
        model()
    assert seen == [([5, 5, 5], {"a": 1}, 7)]


class Network(nn.Module):
    """Two convolutions that keep their graph, with a memory and a norm of the weights that is iterated."""

    memory: Tensor

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two = GCNConv(NODES, 8, cached=True), GCNConv(8, 4)
        self.head = spectral_norm(nn.Linear(4, 4))
        self.register_buffer("memory", torch.zeros(NODES, 8))

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        x = self.one(x, edge_index)
        self.memory.mul_(0.5).add_(x.detach())
        y: Tensor = self.head(self.two(x.relu() + self.memory, edge_index))
        return y


def test_layers_are_found_and_looks_taken_without_a_trace() -> None:
    model, data = Network(), karate_data()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    call = make_call(model, data)
    assert len(find_layers(call, None, NODES).convs) == 2
    with undisturbed(model):
        first, second = call(), call()
    assert torch.equal(first, second)
    assert model.one._cached_edge_index is None
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


# Refused


class Model(nn.Module):
    """Two layers, and something that happens first."""

    def __init__(self, first: Callable[["Model", Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two, self.first = GCNConv(NODES, 8), GCNConv(8, 4), first

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        y: Tensor = self.two(self.one(self.first(self, x), edge_index).relu(), edge_index)
        return y


def clamped(model: Model, x: Tensor) -> Tensor:
    with torch.no_grad():
        model.two.bias.clamp_(-1, 1)
    return x


def scaled(model: Model, x: Tensor) -> Tensor:
    model.two.bias.data += 1
    return x


@pytest.mark.parametrize("first", [clamped, scaled])
def test_a_model_that_writes_into_its_weights_is_refused(first: Any) -> None:
    with pytest.raises(UsageError) as caught:
        find_layers(make_call(Model(first), karate_data()), None, NODES)
    assert str(caught.value) == (
        "Model(x, edge_index) writes into its parameter two.bias, so that looking at it would change its training: let "
        "your loop do that, after the step of the optimizer"
    )


def test_weights_that_are_not_finite_are_no_change() -> None:
    model = Model(lambda model, x: x)
    with torch.no_grad():
        model.two.bias.fill_(torch.nan)
    assert len(find_layers(make_call(model, karate_data()), None, NODES).convs) == 2


def sparse(data: Any, layout: torch.layout) -> Tensor:
    ones = torch.sparse_coo_tensor(data.edge_index, torch.ones(data.num_edges), (NODES, NODES))
    return ones.to_sparse(layout=layout)


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta state:UserWarning")
@pytest.mark.filterwarnings("ignore:Sparse invariant checks are implicitly disabled:UserWarning")
@pytest.mark.filterwarnings("ignore:Converting sparse tensor to CSR:UserWarning")
@pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr])
def test_a_sparse_matrix_that_is_only_read_is_no_write(layout: torch.layout) -> None:
    model, data = Model(lambda model, x: x), karate_data()
    call = make_call(model, data, (data.x, sparse(data, layout)))
    assert len(find_layers(call, None, NODES).convs) == 2


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta state:UserWarning")
@pytest.mark.filterwarnings("ignore:Sparse invariant checks are implicitly disabled:UserWarning")
@pytest.mark.filterwarnings("ignore:Converting sparse tensor to CSR:UserWarning")
def test_a_sparse_matrix_that_is_written_into_is_refused() -> None:
    data = karate_data()
    adj = sparse(data, torch.sparse_coo).coalesce()
    model = Model(lambda model, x: (adj.mul_(2), x)[1])
    with pytest.raises(UsageError, match="writes into its inputs"):
        find_layers(make_call(model, data, (data.x, adj)), None, NODES)


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta state:UserWarning")
@pytest.mark.filterwarnings("ignore:Sparse invariant checks are implicitly disabled:UserWarning")
def test_values_are_the_same_in_every_layout() -> None:
    data, nan = karate_data(), torch.tensor([1.0, torch.nan])
    assert same_values(nan, nan.clone())
    assert not same_values(nan, torch.tensor([1.0, 2.0]))
    assert not same_values(nan, nan[:1])
    for layout in (torch.sparse_coo, torch.sparse_csr, torch.sparse_csc):
        one = sparse(data, layout)
        assert same_values(one, one.clone())
        assert not same_values(one, one * 2)
        assert not same_values(one, one.to_dense())
