"""Models that no look leaves as they are: they write into inputs or weights, or call what is none of their parts."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.nn import GCNConv

from cna_viz.errors import UsageError
from cna_viz.recording.watched.layers.find import find_layers
from cna_viz.recording.watched.model.call import make_call
from tests.recording.helpers import NODES, hooks, karate_data


class Model(nn.Module):
    """Two layers, and something that happens first."""

    def __init__(self, first: Callable[["Model", Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two, self.first = GCNConv(NODES, 8), GCNConv(8, 4), first

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        y: Tensor = self.two(self.one(self.first(self, x), edge_index).relu(), edge_index)
        return y


def refusal(model: nn.Module, names: Any = None) -> str:
    with pytest.raises(UsageError) as caught:
        find_layers(make_call(model, karate_data()), names, NODES)
    assert hooks(model) == 0
    assert not torch.nn.modules.module._global_forward_pre_hooks
    return str(caught.value)


def clamped(model: Model, x: Tensor) -> Tensor:
    with torch.no_grad():
        model.two.bias.clamp_(-1, 1)
    return x


def scaled(model: Model, x: Tensor) -> Tensor:
    model.two.bias.data += 1
    return x


@pytest.mark.parametrize("first", [clamped, scaled])
def test_a_model_that_writes_into_its_weights_is_refused(first: Any) -> None:
    assert refusal(Model(first)) == (
        "Model(x, edge_index) writes into its parameter two.bias, so that looking at it would change its training: let "
        "your loop do that, after the step of the optimizer"
    )


def test_weights_that_are_not_finite_are_no_change() -> None:
    model = Model(lambda model, x: x)
    with torch.no_grad():
        model.two.bias.fill_(torch.nan)
    assert len(find_layers(make_call(model, karate_data()), None, NODES).convs) == 2


class Listed(nn.Module):
    """Keeps layers in a plain list."""

    def __init__(self, *rest: nn.Module, last: nn.Module | None = None) -> None:
        super().__init__()
        self.rest, self.last = list(rest), last or nn.Identity()

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        for layer in self.rest:
            x = layer(x, edge_index) if isinstance(layer, GCNConv) else layer(x)
        y: Tensor = self.last(x, edge_index) if isinstance(self.last, GCNConv) else self.last(x)
        return y


def none_of_its_parts(kind: str) -> str:
    return (
        f"Listed calls {kind}, which is none of its parts (in a plain list?), so its weights are not in "
        "model.parameters(): keep them in an nn.ModuleList"
    )


@pytest.mark.parametrize("last", [GCNConv(8, 4), None])
def test_convolutions_in_a_plain_list_are_refused(last: nn.Module | None) -> None:
    assert refusal(Listed(GCNConv(NODES, 8), GCNConv(8, 8), last=last)) == none_of_its_parts("GCNConv")


def test_a_norm_in_a_plain_list_would_be_in_training_mode() -> None:
    last = GCNConv(NODES, 4)
    assert refusal(Listed(nn.BatchNorm1d(NODES), last=last)) == none_of_its_parts("BatchNorm1d")
    assert refusal(Listed(nn.Linear(NODES, NODES), last=last), "last") == none_of_its_parts("Linear")


def test_frozen_networks_and_modules_without_weights_may_be_kept_anywhere() -> None:
    frozen = nn.Linear(NODES, NODES).eval().requires_grad_(False)
    model = Listed(nn.ReLU(), frozen, last=GCNConv(NODES, 4))
    found = find_layers(make_call(model, karate_data()), None, NODES)
    assert list(found.convs.values()) == [model.last]
