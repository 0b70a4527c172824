"""Calls of the loop: their inputs and mode, and calls of parts."""

from collections.abc import Callable
from copy import deepcopy
from io import BytesIO
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.parallel import DataParallel
from torch_geometric.data import Data
from torch_geometric.nn import GCNConv
from torch_geometric.nn.models import GAE, GCN

from cna_viz.recording.watched.loop.calls import LoopCalls
from cna_viz.recording.watched.model.call import Call, make_call
from tests.recording.helpers import NODES, hooks, karate_data

X, OTHER = torch.ones(2, 3), torch.zeros(2)
LEARNED = torch.ones(2, 3, requires_grad=True)


def model_of(forward: Callable[..., Any]) -> nn.Module:
    """Return a model whose forward has the parameters of ``forward``."""
    return type("Model", (nn.Module,), {"forward": forward})()


def call_of(model: nn.Module, inputs: Any = None) -> Call:
    return make_call(model, karate_data(), inputs)


def test_a_loop_that_passes_the_same_is_no_problem() -> None:
    model, data = GCN(NODES, 8, 2, 4), karate_data()
    with LoopCalls(call_of(model)) as loop:
        model(data.x, data.edge_index).sum().backward()
        model(x=data.x, edge_index=data.edge_index, edge_weight=None).sum().backward()
        model(data.x, edge_index=data.edge_index, edge_attr=None).sum().backward()
        with torch.no_grad():
            model(data.x, data.edge_index, torch.ones(data.num_edges))
        model(data.x, data.edge_index, torch.ones(data.num_edges))  # without a backward pass
    assert loop.problem() is None
    assert loop.calls == 3
    assert hooks(model) == 0


def test_a_loop_that_passes_more_or_less_is_told() -> None:
    model, data = GCN(NODES, 8, 2, 4), karate_data()
    weights = torch.ones(data.num_edges)
    with LoopCalls(call_of(model)) as loop:
        model(data.x, data.edge_index, weights).sum().backward()
    assert loop.problem() == (
        "your loop calls GCN with edge_weight, and watch calls GCN(x, edge_index): say what the model is given, "
        "inputs=(...)"
    )
    with LoopCalls(call_of(model, (data.x, data.edge_index))) as declared:
        model(data.x, data.edge_index, weights).sum().backward()
    assert declared.problem() is None
    assert list(declared.advice()) == [
        "the loop calls GCN with edge_weight, and watch, as inputs= says, calls GCN(x, edge_index): what is recorded "
        "is not the model as it was trained"
    ]
    other = model_of(lambda self, x, other: 2 * x)
    with LoopCalls(make_call(other, Data(x=X, other=OTHER))) as loop:
        other(LEARNED, None).sum().backward()
    assert "your loop calls Model without other, and watch calls Model(x, other)" in str(loop.problem())


def test_values_that_are_the_defaults_are_not_passed() -> None:
    model = model_of(lambda self, x, training=True, p=0.5: 2 * x)
    with LoopCalls(make_call(model, Data(x=X))) as loop:
        model(LEARNED, training=True, p=0.5).sum().backward()
    assert loop.problem() is None
    with LoopCalls(make_call(model, Data(x=X))) as loop:
        model(LEARNED, True).sum().backward()
        model(LEARNED, False).sum().backward()
    assert "with training, and" in str(loop.problem())


def test_loops_in_evaluation_mode_are_noticed() -> None:
    model, data = GCN(NODES, 8, 2, 4), karate_data()
    with LoopCalls(call_of(model)) as loop:
        assert not loop.in_eval
        model.eval()(data.x, data.edge_index).sum().backward()
        assert loop.in_eval
        model.train()(data.x, data.edge_index).sum().backward()
        assert not loop.in_eval


def test_calls_that_fail_and_calls_of_copies_do_not_count() -> None:
    model, data = GCN(NODES, 8, 2, 4), karate_data()
    with LoopCalls(call_of(model)) as loop:
        with pytest.raises(TypeError):
            model(data.x)
        deepcopy(model)(data.x, data.edge_index, torch.ones(data.num_edges)).sum().backward()
        torch.save(model, BytesIO())
        DataParallel(model)(data.x, data.edge_index).sum().backward()
    assert loop.problem() is None
    assert loop.calls == 1


def test_a_compiled_model_is_not_listened_to() -> None:
    model = GCNConv(NODES, 4)
    model.compile(backend="eager")
    with LoopCalls(call_of(model, (karate_data().x, karate_data().edge_index))) as loop:
        assert hooks(model) == 0
    assert loop.problem() is None
    assert not loop.in_eval


def test_a_loop_that_calls_parts_only_is_advised_to_watch_the_part() -> None:
    data = karate_data()
    model = GAE(GCN(NODES, 8, 2, 4))
    with LoopCalls(call_of(model, (data.x, data.edge_index))) as loop:
        model.encode(data.x, data.edge_index).sum().backward()
        with torch.no_grad():
            model(data.x, data.edge_index)
        assert list(loop.advice()) == [
            "the loop never calls GAE itself, only parts or methods of it, so that its mode and inputs can't be "
            "compared with those of watch: watch the part that it calls, such as watch(model.encoder, data)"
        ]
        model(data.x, data.edge_index).detach()
    assert not list(loop.advice())


def test_of_several_parts_none_is_proposed() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    (sentence,) = LoopCalls(call_of(model, X)).advice()
    assert sentence.endswith("watch the part that it calls")


def advice(model: nn.Module, own: Any, *calls: Any, layers: Any = ()) -> list[str]:
    """Return the advice on a loop that calls a model with these inputs, one call after the other."""
    with LoopCalls(call_of(model, own), layers) as loop:
        for inputs in calls:
            model(*inputs).sum().backward()
    assert loop.problem() is None
    return list(loop.advice())


def others(names: str) -> list[str]:
    return [
        f"the loop passes other values of {names} than watch does: what is recorded is the model on the data that "
        "watch was given"
    ]


def test_other_values_of_the_same_inputs_are_named() -> None:
    model, data = GCN(NODES, 8, 2, 4), karate_data()
    x, edges = data.x, data.edge_index
    other, part = torch.randint(NODES, edges.shape), torch.arange(10)
    assert advice(model, None, (x, edges)) == []
    assert advice(model, None, (x.clone(), edges.clone())) == []
    assert advice(model, None, (2 * x, edges)) == advice(model, (x, edges), (2 * x, edges)) == others("x")
    assert advice(model, None, (x, other)) == advice(model, None, (x, edges[:, :90])) == others("edge_index")
    assert advice(model, None, (x + 1, other)) == others("edge_index and x")
    assert advice(model, None, (x[part], torch.stack([part, part]))) == []


def test_the_whole_graph_in_another_order_is_no_other_graph() -> None:
    model, data = GCN(NODES, 8, 2, 4), karate_data(x=torch.rand(NODES, NODES))
    order = torch.randperm(NODES, generator=torch.Generator().manual_seed(0))
    edges = order.argsort()[data.edge_index]
    inputs = (data.x, data.edge_index)
    assert advice(model, inputs, (data.x[order], edges)) == []
    assert advice(model, inputs, (data.x[order], data.edge_index)) == others("x")
    assert advice(model, inputs, (2 * data.x[order], edges)) == others("edge_index and x")


def test_numbers_and_nested_inputs_are_compared_and_flags_are_not() -> None:
    model = model_of(lambda self, x, hops, parts, training: x * hops * parts[0])
    parts, nan = [X], torch.full((2, 3), torch.nan)
    own = (LEARNED, 2, parts, False)
    assert advice(model, own, (LEARNED, 2, [X.clone()], True)) == []
    assert advice(model, own, (LEARNED, -5, parts, False)) == others("hops")
    assert advice(model, own, (LEARNED, 2, [2 * X], False)) == others("parts")
    assert advice(model, own, (LEARNED, 2, [torch.ones(1, 3), 5], False)) == []  # of a mini-batch
    assert advice(model, (LEARNED, 2, [nan], False), (LEARNED, 2, [nan.clone()], False)) == []
    whole = model_of(lambda self, data: data.x)
    assert advice(whole, (Data(x=LEARNED),), (Data(x=LEARNED.clone()),)) == []
    assert advice(whole, (Data(x=LEARNED),), (Data(x=2 * LEARNED),)) == others("data")


def test_only_the_first_calls_are_compared() -> None:
    model, data = GCN(NODES, 8, 2, 4), karate_data()
    same, other = (data.x, data.edge_index), (2 * data.x, data.edge_index)
    assert advice(model, None, same, same, other) == others("x")
    assert advice(model, None, same, same, same, other) == []


def test_layers_of_training_alone_are_named() -> None:
    class Deeper(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convs = nn.ModuleList(GCNConv(width, 8) for width in (NODES, 8, 8))

        def forward(self, x: Any, edge_index: Any) -> Any:
            x = self.convs[0](x, edge_index)
            x = self.convs[1](x, edge_index) if self.training else x
            return self.convs[2](x, edge_index)

    model, data = Deeper(), karate_data()
    inputs = (data.x, data.edge_index)
    recorded = [model.convs[0], model.convs[2]]
    assert advice(model, None, inputs, layers=recorded) == [
        "training calls convs.1 (GCNConv), which evaluation does not: it is not recorded"
    ]
    assert advice(model, None, inputs, layers=list(model.convs)) == []
    with LoopCalls(call_of(model), [model.convs[0]]) as loop:  # the others are not recorded by choice
        model(*inputs).sum().backward()
        with torch.no_grad():
            model(*inputs)
    assert list(loop.advice()) == []
    assert hooks(model) == 0


def test_values_under_vmap_are_not_compared() -> None:
    model = model_of(lambda self, x: 2 * x)
    many = torch.zeros(5, 2, 3, requires_grad=True)
    with LoopCalls(call_of(model, (X,))) as loop:
        torch.func.vmap(model)(many).sum().backward()
    assert torch.equal(many.grad, torch.full((5, 2, 3), 2.0))
    assert list(loop.advice()) == []
