"""How a model is called: the inputs that are found or asked for, wrappers, and what the loop does."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel
from torch.optim.swa_utils import AveragedModel
from torch_geometric.data import Batch, Data
from torch_geometric.nn.models import GAE, GCN, MLP, LightGCN, SchNet

from cna_viz.errors import UsageError
from cna_viz.recording.watched.model.call import make_call
from tests.recording.helpers import NODES, karate_data

X, EDGES, WEIGHTS, OTHER = torch.ones(2, 3), torch.tensor([[0, 1], [1, 0]]), torch.ones(2), torch.zeros(2)
LEARNED = torch.ones(2, 3, requires_grad=True)
Forward = Callable[..., Any]


def model_of(forward: Forward) -> nn.Module:
    """Return a model whose forward has the parameters of ``forward``."""
    return type("Model", (nn.Module,), {"forward": forward})()


def given(forward: Forward, **content: Any) -> tuple[Any, ...]:
    return make_call(model_of(forward), Data(**content)).args


def refusal(forward: Forward, **content: Any) -> str:
    with pytest.raises(UsageError) as caught:
        make_call(model_of(forward), Data(**content))
    return str(caught.value)


# What is found


@pytest.mark.parametrize(
    ("forward", "names"),
    [
        (lambda self, x, edge_index: 0, ("x", "edge_index")),
        (lambda self, edge_index, x: 0, ("edge_index", "x")),
        (lambda self, x, edge_index, edge_weight: 0, ("x", "edge_index", "edge_weight")),
        (lambda self, x, edge_index, other: 0, ("x", "edge_index", "other")),
        (lambda self, x: 0, ("x",)),
        (lambda self, edge_index: 0, ("edge_index",)),
        (lambda self, features, graph: 0, ("x", "edge_index")),
        (lambda self, features, adj: 0, ("x", "edge_index")),
        (lambda self, x, adj_t: 0, ("x", "edge_index")),
        (lambda self, x, edges: 0, ("x", "edge_index")),
        (lambda self, h, edge_index: 0, ("x", "edge_index")),
        (lambda self, x, edge_index, scale=2.0, num_nodes=None: 0, ("x", "edge_index")),
        (lambda self: 0, ()),
    ],
)
def test_inputs_are_found_by_the_names_of_the_parameters(forward: Forward, names: tuple[str, ...]) -> None:
    content = {"x": X, "edge_index": EDGES, "other": OTHER}
    if "edge_weight" in names:
        content["edge_weight"] = WEIGHTS
    found = given(forward, **content)
    assert len(found) == len(names)
    assert all(value is content[name] for value, name in zip(found, names, strict=True))


@pytest.mark.parametrize("forward", [lambda self, x, adj_t: 0, lambda self, x, adj: 0, lambda self, x, edge_index: 0])
def test_data_that_has_only_adj_t_gives_it(forward: Forward) -> None:
    adjacency = torch.eye(2).to_sparse()
    found = given(forward, x=X, adj_t=adjacency)
    assert found[0] is X
    assert found[1] is adjacency


@pytest.mark.parametrize(
    "forward",
    [lambda self, data: 0, lambda self, g: 0, lambda self, batch: 0, lambda self, graph, scale=1: 0],
)
def test_a_single_input_of_another_name_is_the_data_itself(forward: Forward) -> None:
    data = Batch.from_data_list([Data(x=X, edge_index=EDGES)])
    assert make_call(model_of(forward), data).args == (data,)


def test_anything_with_attributes_is_data() -> None:
    data = SimpleNamespace(x=X, edge_index=EDGES)
    assert make_call(model_of(lambda self, x, edge_index: 0), data).args == (X, EDGES)


def test_models_without_features_and_forwards_that_take_anything() -> None:
    data, molecule = karate_data(), Data(z=torch.tensor([1, 6]), pos=torch.zeros(2, 3), edge_index=EDGES)
    assert make_call(LightGCN(NODES, 4, 2), data).sentence == "LightGCN(edge_index)"
    assert make_call(SchNet(), molecule).sentence == "SchNet(z, pos)"
    call = make_call(GAE(GCN(NODES, 8, 2, 4)), data)
    assert call.args == (data.x, data.edge_index)
    assert call.sentence == "GAE(input 1, input 2)"


# What is asked for


def test_optional_inputs_that_the_data_has_are_asked_for_with_both_spellings() -> None:
    assert refusal(lambda self, x, edge_index, edge_weight=None: 0, x=X, edge_index=EDGES, edge_weight=WEIGHTS) == (
        "the data has edge_weight, Model takes some, and only your loop knows whether it passes it: say "
        "inputs=(data.x, data.edge_index, data.edge_weight), or inputs=(data.x, data.edge_index)"
    )
    assert refusal(
        lambda self, x, edge_index, edge_weight=None, edge_attr=None: 0, x=X, edge_index=EDGES, edge_attr=WEIGHTS
    ).endswith(
        "say inputs={'x': data.x, 'edge_index': data.edge_index, 'edge_attr': data.edge_attr}, "
        "or inputs=(data.x, data.edge_index)"
    )
    assert refusal(lambda self, data, edge_weight=None: 0, edge_index=EDGES, edge_weight=WEIGHTS).endswith(
        "say inputs=(data, data.edge_weight), or inputs=(data,)"
    )
    assert "edge_weight and edge_attr, Model takes some, and only your loop knows whether it passes them" in refusal(
        lambda self, x, edge_index, edge_weight=None, edge_attr=None: 0,
        x=X,
        edge_index=EDGES,
        edge_weight=WEIGHTS,
        edge_attr=WEIGHTS,
    )


@pytest.mark.parametrize("name", ["edge_weight", "edge_attr", "batch"])
@pytest.mark.parametrize("forward", [lambda self, *args: 0, lambda self, x, edge_index, **kwargs: 0])
def test_forwards_that_take_anything_may_take_what_the_data_has(forward: Forward, name: str) -> None:
    content = {"x": X, "edge_index": EDGES}
    assert given(forward, **content) == (X, EDGES)
    assert f"say inputs=(data.x, data.edge_index, data.{name}), or" in refusal(forward, **content, **{name: OTHER})


def test_a_graph_in_a_batch_asks_for_the_batch() -> None:
    data = Batch.from_data_list([Data(x=X, edge_index=EDGES), Data(x=X, edge_index=EDGES)])
    with pytest.raises(
        UsageError, match=r"the data has batch, MLP takes some, .*: say inputs=\(data\.x, data\.batch\), or"
    ):
        make_call(MLP([3, 2]), data)


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (lambda self, t, h, edges: 0, "Model takes t, h and edges, and the data has no t, h and edges: say"),
        (lambda self, x, edge_index, t: 0, "Model takes x, edge_index and t, and the data has no t: say"),
        (lambda self, edge_index, t: 0, "Model takes edge_index and t, and the data has no t: say"),
        (lambda self, other, t: 0, "Model takes other and t, and the data has no t: say"),
    ],
)
def test_anything_else_is_asked_for(forward: Forward, message: str) -> None:
    assert refusal(forward, x=X, edge_index=EDGES, other=OTHER).startswith(message)


def test_data_without_features_is_refused_only_where_they_are_needed() -> None:
    assert refusal(lambda self, x, edge_index: 0, edge_index=EDGES).startswith(
        "Model takes x and edge_index, and the data has no x: say what the model is given, inputs=(...)"
    )
    assert given(lambda self, edge_index: 0, edge_index=EDGES) == (EDGES,)


# Inputs that are declared


def test_inputs_are_a_sequence_a_mapping_or_one_input() -> None:
    model, data = model_of(lambda self, x, edge_index=None: (x, edge_index)), karate_data()
    for inputs, names in (
        ((X, EDGES), ("x", "edge_index")),
        ([X], ("x",)),
        (X, ("x",)),
        ({"x": X, "edge_index": EDGES}, ("x", "edge_index")),
    ):
        call = make_call(model, data, inputs)
        assert call.names == names
        assert call()[0] is X
        assert call()[1] is (EDGES if len(names) == 2 else None)
    data_call = make_call(model, data, data)
    assert data_call.args == (data,)


def test_inputs_that_do_not_fit_are_refused() -> None:
    model = model_of(lambda self, x, edge_index: 0)
    for inputs in ((), (X, EDGES, X), {"y": X}):
        with pytest.raises(UsageError, match=rf"Model can't be called with {len(inputs)} inputs \(.*\): pass inputs="):
            make_call(model, karate_data(), inputs)
    with pytest.raises(UsageError, match="inputs = 'x' is not accepted"):
        make_call(model, karate_data(), "x")


def test_a_model_that_writes_into_its_graph_finds_it_as_it_was() -> None:
    class Layer(nn.Module):
        def forward(self, batch: Data) -> Tensor:
            batch.x = batch.x[:, :1] + 1
            return batch.x

    data = karate_data()
    call = make_call(Layer(), data)
    assert torch.equal(call(), call())
    assert data.x.shape == (NODES, NODES)


# Wrappers


def test_the_plain_model_is_behind_its_wrappers() -> None:
    model, data = GCN(NODES, 8, 2, 4), karate_data()
    expected = model.eval()(data.x, data.edge_index)
    for wrapped in (model, DataParallel(model), torch.compile(model, backend="eager")):
        call = make_call(wrapped, data)
        assert call.model is model
        assert call.compiled == (not isinstance(wrapped, DataParallel | GCN))
        assert torch.equal(call(), expected)
    averaged = AveragedModel(model)
    assert make_call(averaged, data).model is averaged.module
    assert make_call(AveragedModel(torch.compile(DataParallel(model), backend="eager")), data).compiled


def test_what_is_no_module_is_refused_by_name() -> None:
    data = karate_data()
    scripted = torch.jit.ScriptModule()
    for model, message in (
        (GCN, r"the model is the class GCN: make one, GCN\(\.\.\.\)"),
        (len, "the model is <built-in function len>, not a torch.nn.Module"),
        (scripted, "the model is a ScriptModule, .*: watch the Python model"),
        (GCN(-1, 8, 2, 4), "GCN has weights without a shape: call it once before it is watched"),
    ):
        with pytest.raises(UsageError, match=message):
            make_call(model, data)


@pytest.mark.parametrize("named", [False, True])
def test_a_model_that_keeps_its_features_in_the_graph_changes_a_copy(named: bool) -> None:
    def forward(self: nn.Module, data: Any) -> Tensor:
        data.x = data.x + 1
        return data.x  # type: ignore[no-any-return]

    data = Data(x=X, edge_index=EDGES)
    call = make_call(model_of(forward), data, {"data": data} if named else (data,))
    assert call().tolist() == call().tolist() == (X + 1).tolist()
    assert data.x is X
