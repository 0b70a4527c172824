"""The slots by name."""

import pytest
import torch
from torch import nn

from cna_viz.config import ModelConfig
from cna_viz.errors import UsageError
from cna_viz.nn.cna import CNA
from cna_viz.nn.rational import Rational
from cna_viz.nn.slots import SLOTS, make_slot
from cna_viz.nn.tap import Tap


@pytest.mark.parametrize(
    ("name", "kind"), [("none", nn.Identity), ("relu", nn.ReLU), ("rational", Rational), ("cna", CNA)]
)
def test_kinds(name: str, kind: type[nn.Module]) -> None:
    config = ModelConfig(slot=name)
    first, second = make_slot(config), make_slot(config)
    assert type(first) is kind
    assert first is not second
    shared = {value.data_ptr() for value in first.state_dict().values() if value.numel()}
    assert not shared & {value.data_ptr() for value in second.state_dict().values() if value.numel()}


def test_cna_takes_its_numbers_from_the_config() -> None:
    slot = make_slot(ModelConfig(slot="cna", hidden=7, clusters=3, recluster_every=5))
    assert isinstance(slot, CNA)
    assert slot.assignment.centroids.shape == (3, 7)
    assert (slot.assignment.clusters, slot.assignment.recluster_every, slot.normalization.clusters) == (3, 5, 3)
    assert slot.activation.numerator.shape == (3, 6)


def test_rational_slot_is_one_function_for_all_nodes() -> None:
    slot = make_slot(ModelConfig(slot="rational", clusters=5))
    assert isinstance(slot, Rational)
    assert slot.numerator.shape == (1, 6)


@pytest.mark.parametrize("name", SLOTS)
def test_slots_do_not_write_to_their_input(name: str) -> None:
    x = torch.randn(20, 64, generator=torch.Generator().manual_seed(0))
    before = x.clone()
    make_slot(ModelConfig(slot=name))(x)
    assert torch.equal(x, before)


def test_unknown_slot() -> None:
    config = ModelConfig.model_construct(slot="rely")
    with pytest.raises(UsageError, match="unknown slot 'rely'; choices, nearest first: relu, "):
        make_slot(config)


def test_tap_is_the_identity() -> None:
    x = torch.ones(3)
    assert Tap()(x) is x
    assert Tap().state_dict() == {}
