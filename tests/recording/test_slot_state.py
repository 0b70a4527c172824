"""What slots have learned, by variable of the record."""

import torch
from torch import nn

from cna_viz.nn.cna import CNA
from cna_viz.nn.rational import Rational
from cna_viz.recording.slot_state import label_taps, slot_tensors


def test_slots_without_state() -> None:
    assert slot_tensors(nn.ReLU()) == slot_tensors(nn.Identity()) == {}
    assert label_taps({1: nn.ReLU(), 2: Rational()}) == {}


def test_rational() -> None:
    slot = Rational()
    tensors = slot_tensors(slot)
    assert {name: tuple(value.shape) for name, value in tensors.items()} == {
        "rational_numerator": (1, 6),
        "rational_denominator": (1, 4),
    }
    assert torch.equal(tensors["rational_numerator"], slot.numerator)
    assert not tensors["rational_numerator"].requires_grad


def test_untrained_slot_has_no_centroids() -> None:
    slot = CNA(5, 3)
    assert set(slot_tensors(slot)) == {"rational_numerator", "rational_denominator"}
    slot.eval()(torch.randn(9, 5))
    assert "centroid" not in slot_tensors(slot)
    slot.train()(torch.randn(9, 5))
    assert torch.equal(slot_tensors(slot)["centroid"], slot.assignment.centroids)


def test_label_taps_by_layer() -> None:
    slots: dict[int, nn.Module] = {1: CNA(5, 3), 2: CNA(5, assignment="none"), 3: nn.Sequential(CNA(5, 2))}
    taps = label_taps(slots)
    assert list(taps) == [(1, "cluster_label"), (3, "cluster_label")]
    assert taps[1, "cluster_label"] is slots[1].label_tap
