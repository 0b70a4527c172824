"""The layers of other people's models: found or named, in the order of their calls, with the slots between them."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.nn import GCNConv, MessagePassing
from torch_geometric.nn.models import GAT, GCN, GIN, GraphSAGE

from cna_viz.errors import UsageError
from cna_viz.nn.cna import CNA
from cna_viz.nn.replace import replace_activations
from cna_viz.recording.watched_model import find_calls, find_convs
from tests.recording.helpers import NODES, hooks, karate_data


class Backwards(nn.Module):
    """Layers and slots that are called in another order than they are made in."""

    def __init__(self, slots: tuple[nn.Module, ...] = (nn.ReLU(), nn.ReLU())) -> None:
        super().__init__()
        self.last, self.middle, self.first = (GCNConv(*sizes) for sizes in ((8, 4), (8, 8), (NODES, 8)))
        self.late, self.early = reversed(slots)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        x = self.early(self.first(x, edge_index))
        return self.last(self.late(self.middle(x, edge_index)), edge_index)


def calls(model: nn.Module, names: list[str] | None = None) -> tuple[Any, list[nn.Module], dict[int, nn.Module]]:
    data = karate_data()
    return find_calls(model.eval(), find_convs(model, names), lambda: model(data.x, data.edge_index))


@pytest.mark.parametrize("kind", [GCN, GraphSAGE, GAT, GIN])
def test_the_convolutions_of_models_of_pyg_are_found(kind: Callable[..., nn.Module]) -> None:
    model = kind(NODES, 8, 3, 4)
    taps, called, slots = calls(model)
    assert called == list(model.convs)  # type: ignore[arg-type]
    assert taps.layers == 3
    assert slots == {}
    assert hooks(model) == 0


def test_layers_are_numbered_in_the_order_of_the_calls() -> None:
    model = Backwards()
    assert find_convs(model, None) == [model.last, model.middle, model.first]
    assert calls(model)[1] == [model.first, model.middle, model.last]


def test_a_message_passing_layer_inside_another_is_a_part_of_it() -> None:
    class Outer(MessagePassing):
        def __init__(self) -> None:
            super().__init__()
            self.inner = GCNConv(NODES, 4)

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            return self.inner(x, edge_index)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.outer = Outer()

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            return self.outer(x, edge_index)

    model = Model()
    assert calls(model)[1] == [model.outer]
    assert calls(model, ["outer.inner"])[1] == [model.outer.inner]


def test_named_modules_are_the_layers() -> None:
    model = Backwards()
    taps, called, _ = calls(model, ["early", "late"])
    assert called == [model.early, model.late]
    assert taps.keys == ((1, "conv"), (2, "conv"), (1, "slot"))


def test_an_unknown_name_lists_the_names_there_are() -> None:
    with pytest.raises(UsageError, match=r"unknown module of GCN 'conv\.0'; choices, nearest first: convs\.0, "):
        find_convs(GCN(NODES, 8, 3, 4), ["conv.0"])


@pytest.mark.parametrize("names", [[], ["convs.0", "convs.0"], ["convs", "convs.1"]])
def test_no_name_a_name_twice_and_a_part_of_a_layer_are_refused(names: list[str]) -> None:
    with pytest.raises(UsageError, match=r"layers = \[.*\] is not accepted: "):
        find_convs(GCN(NODES, 8, 3, 4), names)


def test_a_model_without_message_passing_lists_its_modules() -> None:
    with pytest.raises(UsageError, match=r"name the modules .* there are: 0, 1$"):
        find_convs(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), None)
    with pytest.raises(UsageError, match=r"there are: none$"):
        find_convs(nn.Linear(2, 2), None)


def test_layers_that_are_never_called_are_refused() -> None:
    class Idle(Backwards):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            return x

    model = Idle()
    with pytest.raises(UsageError, match="none of the 3 layers of Idle is called"):
        calls(model)
    assert hooks(model) == 0


def test_hooks_go_when_the_model_fails() -> None:
    model = Backwards((CNA(8, 4), CNA(8, 4)))
    with pytest.raises(ZeroDivisionError):
        find_calls(model, find_convs(model, None), lambda: 1 / 0)
    assert hooks(model) == 0


# Slots


def test_slots_belong_to_the_gap_in_which_they_are_called() -> None:
    early, late = CNA(8, 4), CNA(8, 4)
    assert calls(Backwards((early, late)))[2] == {1: early, 2: late}
    assert calls(Backwards((early, nn.ReLU())))[2] == {1: early}
    assert calls(Backwards((nn.ReLU(), late)))[2] == {2: late}


def test_a_slot_that_is_called_in_two_gaps_and_two_slots_in_one_are_no_slots_of_a_layer() -> None:
    slot = CNA(8, 4)
    assert calls(Backwards((slot, slot)))[2] == {}
    assert calls(Backwards((nn.Sequential(CNA(8, 4), CNA(8, 4)), slot)))[2] == {2: slot}


def test_slots_that_share_their_parts_are_slots_of_their_layers() -> None:
    slot = CNA.preset("cna-released", 8, 4)
    other = slot.sharing()
    assert calls(Backwards((slot, other)))[2] == {1: slot, 2: other}


@pytest.mark.parametrize("kind", [GCN, GIN])
def test_slots_within_a_layer_are_not_those_between_layers(kind: Callable[..., nn.Module]) -> None:
    model = replace_activations(kind(NODES, 8, 3, 4), "cna", clusters=4)
    slots = calls(model)[2]
    assert slots == dict(enumerate(model.act.slots, start=1))  # type: ignore[union-attr, arg-type]
    assert len(slots) == 2


def test_slots_before_the_first_layer_and_behind_the_last_are_none_of_a_gap() -> None:
    class Framed(Backwards):
        def __init__(self) -> None:
            super().__init__()
            self.before, self.behind = CNA(NODES, 4), CNA(4, 4)

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            return self.behind(super().forward(self.before(x), edge_index))

    torch.manual_seed(0)
    assert calls(Framed())[2] == {}
