"""Layers that return several tensors: which one is the embedding, and what of it enters the next layer."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.nn import GATConv, MessagePassing

from cna_viz.errors import UsageError
from cna_viz.recording.taps import listen
from cna_viz.recording.watched.layers.embedding import find_returned
from cna_viz.recording.watched.layers.find import Layers, find_layers
from cna_viz.recording.watched.model.call import make_call
from tests.recording.helpers import NODES, karate_data

ROWS, MORE, EDGES = torch.zeros(5, 3), torch.ones(5, 2), torch.zeros(2, 5, dtype=torch.long)
ATTENTION = torch.ones(5, 4)  # as many edges as nodes


@pytest.mark.parametrize(
    ("output", "position"),
    [
        (ROWS, 0),
        ((ROWS, torch.zeros(7, 3)), 0),
        ((torch.zeros(7, 3), ROWS), 1),
        ((torch.zeros(5), ROWS), 1),
        ((None, EDGES, {"a": torch.zeros(1), "h": ROWS}), 1),
        ((ROWS, ROWS), 0),
        ((ROWS, (EDGES, ATTENTION)), 0),
        (((EDGES, ATTENTION), ROWS), 1),
        ((ROWS, (EDGES, torch.ones(5))), 0),
        ((EDGES, ROWS), 0),
    ],
)
def test_the_only_tensor_with_a_row_per_node_is_the_embedding(output: Any, position: int) -> None:
    found = find_returned(output, 5)
    assert (found.position, found.shape, found.others) == (position, ROWS.shape, ())


def test_without_rows_the_first_tensor_is_reported() -> None:
    assert find_returned((EDGES, torch.zeros(7, 3), torch.zeros(2)), 5).shape == (7, 3)
    assert find_returned((EDGES, None), 5).shape is None


def test_of_several_the_index_or_key_decides() -> None:
    assert find_returned((ROWS, MORE), 5).others == ((0, (5, 3)), (1, (5, 2)))
    assert find_returned({"pos": ROWS, "h": MORE}, 5).others == (("pos", (5, 3)), ("h", (5, 2)))
    for output, chosen in (((ROWS, MORE), 1), ((ROWS, MORE), -1), ({"pos": ROWS, "h": MORE}, "h")):
        found = find_returned(output, 5, chosen)
        assert (found.position, found.shape, found.others) == (1, MORE.shape, ())
    assert find_returned((ROWS, EDGES, MORE), 5, 2).position == 1


@pytest.mark.parametrize("chosen", [2, "h", 1])
def test_what_is_not_there_is_refused(chosen: Any) -> None:
    with pytest.raises(UsageError, match=rf"layers= says {chosen!r}, and that is no floating-point tensor"):
        find_returned((ROWS, EDGES), 5, chosen)


def test_one_tensor_has_no_positions_and_a_part_with_several_is_no_choice() -> None:
    with pytest.raises(UsageError, match="layers= says 0, and that is no floating-point tensor"):
        find_returned(ROWS, 5, 0)
    with pytest.raises(UsageError, match="layers= says 1, and that is several tensors with a row per node"):
        find_returned((ROWS, (MORE, ROWS)), 5, 1)
    assert find_returned((ROWS, (EDGES, MORE, None)), 5, 1).position == 1


class Equivariant(MessagePassing):
    """Returns coordinates and features, as the layers of an EGNN do."""

    def __init__(self, channels: int) -> None:
        super().__init__(aggr="mean")
        self.lin = nn.Linear(channels + 3, 4)

    def forward(self, pos: Tensor, h: Tensor, edge_index: Tensor) -> tuple[Tensor, Tensor]:
        moved = pos + 0.1 * self.propagate(edge_index, x=pos)
        features: Tensor = self.lin(torch.cat([self.propagate(edge_index, x=h), pos], dim=1))
        return moved, features


class Network(nn.Module):
    """An EGNN; may pass features before coordinates."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList([Equivariant(NODES), Equivariant(4), Equivariant(4)])

    def forward(self, pos: Tensor, x: Tensor, edge_index: Tensor) -> Tensor:
        for layer in self.layers:
            pos, x = layer(pos, x.relu(), edge_index=edge_index)
        return x


POS = torch.randn(NODES, 3, generator=torch.Generator().manual_seed(0))
ALL = {f"layers.{number}": 1 for number in range(3)}


def layers_of(model: nn.Module, names: Any = None) -> Layers:
    data = karate_data(pos=POS)
    return find_layers(make_call(model, data, (POS, data.x, data.edge_index)), names, NODES)


@pytest.mark.parametrize("names", [None, "layers", list(ALL)])
def test_layers_with_coordinates_and_features_are_asked_for(names: Any) -> None:
    with pytest.raises(UsageError) as caught:
        layers_of(Network(), names)
    assert str(caught.value) == (
        "layer 1, layers.0 (Equivariant), returns 2 tensors with a row per node, and which one is its embedding can't "
        f"be known: 0 has shape (34, 3), 1 has shape (34, 4); say where it is, for example the last, layers={ALL}"
    )


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("names", [ALL, {"layers": 1}])
def test_named_with_their_position_the_features_are_recorded(names: Any, frozen: bool) -> None:
    model = Network().requires_grad_(not frozen)
    found, data = layers_of(model, names), karate_data()
    heard: dict[Any, Tensor] = {}
    with listen(found.taps, lambda key, value, training: heard.update({key: value})):
        output = model(POS, data.x, data.edge_index)
    pos, x = POS, data.x
    for number, layer in enumerate(model.layers, start=1):
        pos, x = layer(pos, x.relu(), data.edge_index)
        assert torch.equal(heard[number, "conv"], x)
        if number < 3:
            assert torch.equal(heard[number, "slot"], x.relu())
    assert torch.equal(output, x)
    assert len(heard) == 5


def test_the_coordinates_can_be_recorded_instead() -> None:
    model, data = Network(), karate_data()
    heard: dict[Any, Tensor] = {}
    with listen(layers_of(model, {"layers": 0}).taps, lambda key, value, training: heard.update({key: value})):
        model(POS, data.x, data.edge_index)
    first, _ = model.layers[0](POS, data.x.relu(), data.edge_index)
    assert torch.equal(heard[1, "conv"], first)
    assert torch.equal(heard[1, "slot"], first)


def test_names_are_mixed_with_positions_by_none() -> None:
    found = layers_of(Network(), {"layers.0": 1, "layers.1.lin": None})
    assert [type(conv) for conv in found.convs.values()] == [Equivariant, nn.Linear]


def test_attention_weights_are_no_embedding() -> None:
    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = GATConv(NODES, 4, heads=2), GATConv(8, 4)

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            x, _ = self.one(x, edge_index, return_attention_weights=True)
            y: Tensor = self.two(x.relu(), edge_index)
            return y

    ring = torch.arange(NODES)
    for edges in (torch.stack([ring, ring.roll(1)]), karate_data().edge_index):
        data = karate_data(edge_index=edges)
        found = find_layers(make_call(Attending(), data), None, NODES)
        assert found.taps.keys == ((1, "conv"), (2, "conv"), (1, "slot"))


def test_what_follows_the_layer_before_is_its_slot_wherever_it_is_passed() -> None:
    class Initial(MessagePassing):
        def forward(self, start: Tensor, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = start + self.propagate(edge_index, x=x)
            return y

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([Initial(), Initial()])

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            start = x
            for layer in self.layers:
                x = layer(start, x, edge_index)
            return x

    model, data = Model(), karate_data()
    heard: dict[Any, Tensor] = {}
    found = find_layers(make_call(model, data), None, NODES)
    with listen(found.taps, lambda key, value, training: heard.update({key: value})):
        model(data.x, data.edge_index)
    assert torch.equal(heard[1, "slot"], heard[1, "conv"])
    assert not torch.equal(heard[1, "slot"], data.x)
