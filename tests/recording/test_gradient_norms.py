"""Norms of gradients: those of the last backward pass, whatever the loop does."""

import pytest
import torch
from torch import Tensor, nn

from cna_viz.nn.tap import Tap
from cna_viz.recording.gradient_norms import GradientNorms
from cna_viz.recording.taps import ConvCalls, TapModules
from tests.recording.helpers import hooks
from tests.recording.test_taps import Network


def norms_of(model: Network) -> GradientNorms:
    return GradientNorms(TapModules({(1, "conv"): model.one, (2, "conv"): model.two}))


def taken(norms: GradientNorms) -> dict[tuple[int, str], float]:
    keys, values = norms.take()
    return dict(zip(keys, values.tolist(), strict=True))


@pytest.fixture
def x() -> Tensor:
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(1))


def by_hand(model: Network, x: Tensor) -> dict[tuple[int, str], float]:
    hidden = model.first(x)
    y = model.second(hidden.relu()) + hidden[:, :2]
    one, two = torch.autograd.grad(y.square().mean(), (hidden, y))
    return {(1, "conv"): float(one.norm()), (2, "conv"): float(two.norm())}


def test_norms_are_those_of_the_gradients_also_of_values_used_twice(x: Tensor) -> None:
    model = Network()
    with norms_of(model) as norms:
        model(x).square().mean().backward()
        assert taken(norms) == pytest.approx(by_hand(model, x))
        assert taken(norms) == {}
    assert hooks(model) == 0


def test_the_last_backward_pass_counts(x: Tensor) -> None:
    model = Network()
    with norms_of(model) as norms:
        model(x).square().mean().backward()
        model(3 * x).square().mean().backward()
        assert taken(norms) == pytest.approx(by_hand(model, 3 * x))


def test_a_forward_pass_without_a_backward_pass_changes_nothing(x: Tensor) -> None:
    model = Network()
    with norms_of(model) as norms:
        model(x).square().mean().backward()
        model(7 * x)
        with torch.no_grad():
            model(7 * x)
        assert taken(norms) == pytest.approx(by_hand(model, x))


def test_gradients_in_evaluation_mode_are_not_heard(x: Tensor) -> None:
    model = Network().eval()
    with norms_of(model) as norms:
        model(x).square().mean().backward()
        assert taken(norms) == {}


def test_parameters_get_the_same_gradients(x: Tensor) -> None:
    plain, heard = Network(), Network()
    plain(x).square().mean().backward()
    with norms_of(heard):
        heard(x).square().mean().backward()
    for one, other in zip(plain.parameters(), heard.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [1e-25, 1e-35, 1e25])
def test_vanishing_and_exploding_gradients_have_a_norm(x: Tensor, scale: float) -> None:
    tap = Tap().train()
    value = x.clone().requires_grad_()
    with GradientNorms(TapModules({(1, "conv"): tap})) as norms:
        (scale * tap(value)).sum().backward()
        assert taken(norms)[1, "conv"] == pytest.approx(scale * 15**0.5, rel=1e-5, abs=0)


def test_values_that_are_overwritten_afterwards_have_the_gradient_they_had(x: Tensor) -> None:
    class InPlace(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.one, self.two = nn.Linear(3, 4), nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.two(self.one(x).relu_())

    model = InPlace()
    with GradientNorms(ConvCalls(model, [model.one, model.two], 2)) as norms:
        model(x).square().mean().backward()
        recorded = taken(norms)
    before = model.one(x)
    after = before.relu()
    y = model.two(after)
    gradients = torch.autograd.grad(y.square().mean(), (before, after, y))
    assert [recorded[key] for key in ((1, "conv"), (1, "slot"), (2, "conv"))] == pytest.approx(
        [float(gradient.norm()) for gradient in gradients]
    )


def test_what_was_not_taken_is_dropped_at_the_end(x: Tensor) -> None:
    model = Network()
    with norms_of(model) as norms:
        model(x).square().mean().backward()
    assert taken(norms) == {}
