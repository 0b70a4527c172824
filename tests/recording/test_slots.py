"""What enters a rational, counted: the counts of NumPy, and no trace in the network."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cna_viz.measures import rows
from cna_viz.nn.cna import CNA
from cna_viz.nn.normalize import ClusterNorm, NodeNorm
from cna_viz.nn.rational import Rational
from cna_viz.recording.slots import histogram, label_taps, listen_to_rationals, slot_tensors
from cna_viz.records.schema import HISTOGRAM_BINS, HISTOGRAM_REACH
from tests.recording.helpers import hooks

EDGES = np.concatenate([[-np.inf], np.linspace(-HISTOGRAM_REACH, HISTOGRAM_REACH, HISTOGRAM_BINS - 1), [np.inf]])


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_counts_are_those_of_numpy_in_every_cluster() -> None:
    values, labels = 3 * draw(500, 7), torch.arange(500) % 3
    counts = histogram(values, labels, 4)
    assert counts.dtype == torch.int64
    for cluster in range(4):
        wanted, _ = np.histogram(values[labels == cluster].numpy(), EDGES)
        assert counts[cluster].tolist() == wanted.tolist()
    assert counts[3].sum() == 0


def test_far_values_are_in_the_bins_at_the_ends() -> None:
    far = torch.tensor([[-torch.inf, -1e30, -8.01, 8.0, 8.01, 1e30, torch.inf]])
    (counts,) = histogram(far, torch.tensor([0]), 1)
    assert (counts[0], counts[-1], counts.sum()) == (3, 4, 7)


def test_the_middle_of_a_bin_is_in_that_bin() -> None:
    middles = torch.tensor(EDGES[1:-2] + 0.1, dtype=torch.float32)[None]
    (counts,) = histogram(middles, torch.tensor([0]), 1)
    assert counts.tolist() == [0, *[1] * 80, 0]


def test_nan_is_not_counted() -> None:
    values = torch.tensor([[torch.nan, 0.1], [torch.nan, torch.nan]])
    assert histogram(values, torch.tensor([0, 1]), 2).sum(dim=1).tolist() == [1, 0]


def test_nothing_is_counted_where_nothing_is() -> None:
    assert histogram(torch.zeros(0, 3), torch.zeros(0, dtype=torch.long), 2).sum() == 0
    assert histogram(torch.zeros(3, 0), torch.zeros(3, dtype=torch.long), 2).shape == (2, HISTOGRAM_BINS)


def test_pieces_of_a_large_matrix_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    values, labels = 3 * draw(100, 7), torch.arange(100) % 3
    whole = histogram(values, labels, 3)
    monkeypatch.setattr(rows, "ENTRIES", 21)
    assert torch.equal(histogram(values, labels, 3), whole)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_types_are_counted_too(dtype: torch.dtype) -> None:
    values = draw(50, 4).to(dtype)
    assert torch.equal(
        histogram(values, torch.zeros(50).long(), 1), histogram(values.float(), torch.zeros(50).long(), 1)
    )


@pytest.mark.parametrize("preset", ["cna", "ca", "a", "na", "cna-released"])
def test_what_is_heard_is_what_enters_the_rational(preset: str) -> None:
    torch.manual_seed(0)
    slot, x, heard = CNA.preset(preset, 6, 3 if "c" in preset else None), 4 * draw(40, 6), {}
    slot(x)
    slot.eval()
    plain = slot(x)
    with listen_to_rationals({5: nn.Sequential(slot)}, heard.__setitem__):
        assert torch.equal(slot(x), plain)  # the fused pass is not taken away
    assert hooks(slot) == 0
    labels = slot.assignment(x)
    wanted = histogram(slot.normalization(x, labels).detach(), labels, slot.clusters)
    assert list(heard) == [5]
    assert torch.equal(heard[5], wanted)


class Mixing(nn.Module):
    """A normalization of somebody else: all numbers together, and a weight per channel."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.arange(1.0, 7.0))

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return (x - x.mean()) / x.std() * self.weight


@pytest.mark.parametrize("normalization", ["cluster", "batch", "node", "none", "mixing"])
@pytest.mark.parametrize("entries", [1, 21, 90, 10**6])
def test_what_is_normalized_in_pieces_has_the_histogram_of_the_whole(
    monkeypatch: pytest.MonkeyPatch, normalization: str, entries: int
) -> None:
    torch.manual_seed(0)
    slot = CNA(6, 3, normalization="cluster" if normalization == "mixing" else normalization)
    if normalization == "mixing":
        slot.normalization = Mixing()  # type: ignore[assignment]
    x, heard = 4 * draw(40, 6) + 1, {}
    slot(x)
    slot.eval()
    labels = slot.assignment(x)
    wanted = histogram(slot.normalization(x, labels).detach(), labels, 3)
    monkeypatch.setattr(rows, "ENTRIES", entries)
    with listen_to_rationals({1: slot}, heard.__setitem__):
        slot(x)
    assert torch.equal(heard[1], wanted)
    assert (heard[1].sum(dim=1) == 6 * torch.bincount(labels, minlength=3)).all()


@pytest.mark.parametrize("kind", [ClusterNorm, NodeNorm])
def test_no_more_than_a_piece_is_normalized_at_once(monkeypatch: pytest.MonkeyPatch, kind: type[nn.Module]) -> None:
    slot = CNA(6, 3, normalization="cluster" if kind is ClusterNorm else "node").eval()
    x, sizes, real = draw(40, 6), [], kind.forward

    def forward(self: nn.Module, x: Tensor, *labels: Tensor) -> Tensor:
        sizes.append(x.numel())
        y: Tensor = real(self, x, *labels)
        return y

    monkeypatch.setattr(kind, "forward", forward)
    monkeypatch.setattr(rows, "ENTRIES", 90)
    slot(x)
    assert sizes == []  # it is normalized in the fused pass
    with listen_to_rationals({1: slot}, lambda layer, counts: None):
        slot(x)
    assert max(sizes) <= 90
    assert sum(sizes) == x.numel()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_slots_in_low_precision_are_heard(dtype: torch.dtype) -> None:
    slot, heard = CNA(6, 3).eval(), {}
    x = draw(40, 6).to(dtype)
    with listen_to_rationals({1: slot}, heard.__setitem__):
        slot(x)
    assert heard[1].sum() == 240


def test_slots_without_rationals_are_not_heard() -> None:
    slots: dict[int, nn.Module] = {1: CNA(6, 3, activation="relu"), 2: nn.ReLU()}
    with listen_to_rationals(slots, lambda layer, counts: pytest.fail("heard")):
        assert all(hooks(slot) == 0 for slot in slots.values())
        slots[1](draw(40, 6))


def test_hooks_go_after_an_exception() -> None:
    slot = CNA(6, 3)
    with pytest.raises(ZeroDivisionError), listen_to_rationals({1: slot}, lambda layer, counts: None):  # noqa: PT012
        assert hooks(slot) > 0
        raise ZeroDivisionError
    assert hooks(slot) == 0


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
