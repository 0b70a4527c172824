"""Norms of gradients: of a loss that is known, of a mini-batch, and of the last step of a loop that is not ours."""

import weakref
from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from cna_viz.nn.cna import Tap
from cna_viz.recording.gradient_norms import Backward, BatchGradients, StepGradients
from cna_viz.recording.taps import ConvCalls, Key, TapModules, Taps, listen
from tests.recording.helpers import hooks, states_equal
from tests.recording.test_taps import Network

SCALES = [1e-35, 1e-25, 1e25]


class InPlace(nn.Module):
    """Overwrites what leaves its first layer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.two(self.one(x).relu_())
        return y


@pytest.fixture
def x() -> Tensor:
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(1))


def taps_of(model: Network) -> TapModules:
    return TapModules({(1, "conv"): model.one, (2, "conv"): model.two})


def in_place_taps(model: InPlace) -> ConvCalls:
    return ConvCalls(model, [model.one, model.two])


def loss_of(output: Tensor) -> Tensor:
    return output.square().mean()


def by_hand(model: Network, x: Tensor) -> dict[Key, float]:
    hidden = model.first(x)
    y = model.second(hidden.relu()) + hidden[:, :2]
    one, two = torch.autograd.grad(loss_of(y), (hidden, y))
    return {(1, "conv"): float(one.norm()), (2, "conv"): float(two.norm())}


def in_place_by_hand(model: InPlace, x: Tensor) -> dict[Key, float]:
    before = model.one(x)
    after = before.relu()
    y = model.two(after)
    gradients = torch.autograd.grad(loss_of(y), (before, after, y))
    keys = ((1, "conv"), (1, "slot"), (2, "conv"))
    return {key: float(gradient.norm()) for key, gradient in zip(keys, gradients, strict=True)}


def read(norms: Mapping[Key, Tensor]) -> dict[Key, float]:
    assert all(norm.shape == () and norm.dtype == torch.float64 for norm in norms.values())
    assert not any(norm.requires_grad for norm in norms.values())
    return {key: float(norm) for key, norm in norms.items()}


def gradients_of(model: nn.Module) -> list[Tensor | None]:
    return [parameter.grad for parameter in model.parameters()]


# The way back of a loss


def backward_of(model: nn.Module, taps: Taps, x: Tensor) -> dict[Key, float]:
    backward = Backward()
    with listen(taps, lambda key, value, training: backward.hear(key, value)):
        output = model(x)
    assert backward.norms == {}
    backward.run(loss_of(output))
    return read(backward.norms)


def test_the_way_back_has_the_gradients_also_of_values_used_twice(x: Tensor) -> None:
    model = Network().eval()
    assert backward_of(model, taps_of(model), x) == pytest.approx(by_hand(model, x))


def test_the_way_back_gives_parameters_no_gradient(x: Tensor) -> None:
    model = Network()
    backward_of(model, taps_of(model), x)
    assert gradients_of(model) == [None] * 4
    loss_of(model(x)).backward()
    held = gradients_of(model)
    values = [gradient.clone() for gradient in held if gradient is not None]
    backward_of(model, taps_of(model), 7 * x)
    assert all(one is other for one, other in zip(gradients_of(model), held, strict=True))
    assert all(torch.equal(one, other) for one, other in zip(held, values, strict=True))  # type: ignore[arg-type]


def test_the_way_back_of_values_that_are_overwritten_afterwards(x: Tensor) -> None:
    model = InPlace()
    assert backward_of(model, in_place_taps(model), x) == pytest.approx(in_place_by_hand(model, x))


@pytest.mark.parametrize("scale", SCALES)
def test_the_way_back_of_vanishing_and_exploding_gradients(x: Tensor, scale: float) -> None:
    value, backward = x.clone().requires_grad_(), Backward()
    backward.hear((1, "conv"), value)
    backward.run((scale * value).sum())
    assert read(backward.norms)[1, "conv"] == pytest.approx(scale * 15**0.5, rel=1e-5, abs=0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_way_back_in_other_types(dtype: torch.dtype) -> None:
    value, backward = torch.ones(4, 3, dtype=dtype, requires_grad=True), Backward()
    backward.hear((1, "conv"), value)
    backward.run((2 * value).sum())
    assert read(backward.norms) == {(1, "conv"): pytest.approx(2 * 12**0.5)}


def test_a_stage_that_no_gradient_reaches_is_missing(x: Tensor) -> None:
    first, second, backward = x.clone().requires_grad_(), x.clone().requires_grad_(), Backward()
    middle, aside = 2 * first, 3 * first
    for layer, value in enumerate((first, middle, aside, second, x), start=1):
        backward.hear((layer, "conv"), value)
    backward.run(middle.sum())
    assert set(read(backward.norms)) == {(1, "conv"), (2, "conv")}


def test_a_loss_that_does_not_depend_on_what_passed_has_no_norms(x: Tensor) -> None:
    backward = Backward()
    backward.hear((1, "conv"), x.clone().requires_grad_())
    backward.run(x.clone().requires_grad_().sum())
    assert backward.norms == {}


def test_without_a_value_that_has_a_gradient_there_is_no_way_back(x: Tensor) -> None:
    backward = Backward()
    backward.hear((1, "conv"), x)
    backward.run(x.sum())  # it has no gradient, and autograd would say so
    assert backward.norms == {}


def test_what_passed_is_not_held(x: Tensor) -> None:
    backward, value = Backward(), 2 * x.clone().requires_grad_()
    reference = weakref.ref(value)
    backward.hear((1, "conv"), value)
    del value
    assert reference() is None


# A mini-batch


class Dropping(Network):
    """Drops most of its input while it trains."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(nn.functional.dropout(x, 0.8, self.training))


def batch_gradients(model: nn.Module, taps: Taps, x: Tensor) -> BatchGradients:
    return BatchGradients(model, taps, lambda epoch: loss_of(model((1 + epoch) * x)))


def test_gradients_of_a_batch_are_those_in_evaluation_mode_of_the_epoch(x: Tensor) -> None:
    model = Dropping().train()
    norms = batch_gradients(model, taps_of(model), x)
    for epoch in (0, 1, 4):
        assert read(norms.norms(epoch)) == pytest.approx(by_hand(model, (1 + epoch) * x))
        norms.close(0)
    with torch.no_grad():  # as where the selected model is looked at
        selected = read(norms.norms(4))
    assert selected == pytest.approx(by_hand(model, 5 * x))


def test_gradients_of_a_batch_leave_no_trace(x: Tensor) -> None:
    model = Dropping().train()
    model.two.eval()
    loss_of(model(x)).backward()
    held, state = gradients_of(model), torch.get_rng_state()
    values = [gradient.clone() for gradient in held if gradient is not None]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    norms = BatchGradients(model, taps_of(model), lambda epoch: loss_of(model(x + torch.rand(1))))
    assert len(norms.norms(1)) == 2
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in (model, model.one, model.two)] == [True, True, False]
    assert all(one is other for one, other in zip(gradients_of(model), held, strict=True))
    assert all(torch.equal(one, other) for one, other in zip(held, values, strict=True))  # type: ignore[arg-type]
    assert states_equal(model.state_dict(), before)
    assert torch.is_grad_enabled()
    assert hooks(model) == 0


def test_a_batch_that_fails_leaves_no_trace() -> None:
    def fail(epoch: int) -> Tensor:
        raise ZeroDivisionError

    model = Network().train()
    with pytest.raises(ZeroDivisionError):
        BatchGradients(model, taps_of(model), fail).norms(1)
    assert model.training
    assert hooks(model) == 0


# The steps of a loop that is not ours


def steps_of(model: Network) -> StepGradients:
    return StepGradients(taps_of(model))


def closed(norms: StepGradients) -> dict[Key, float]:
    norms.close(0)
    return read(norms.norms(0))


def test_norms_of_a_step_are_those_of_the_gradients_also_of_values_used_twice(x: Tensor) -> None:
    model = Network()
    with steps_of(model) as norms:
        loss_of(model(x)).backward()
        assert closed(norms) == pytest.approx(by_hand(model, x))
    assert hooks(model) == 0


def test_an_epoch_without_a_step_has_no_norms(x: Tensor) -> None:
    model = Network()
    with steps_of(model) as norms:
        assert norms.norms(0) == {}
        loss_of(model(x)).backward()
        assert norms.norms(0) == {}  # it is not closed yet
        assert closed(norms) != {}
        assert closed(norms) == {}


def test_the_last_backward_pass_counts(x: Tensor) -> None:
    model = Network()
    with steps_of(model) as norms:
        loss_of(model(x)).backward()
        loss_of(model(3 * x)).backward()
        assert closed(norms) == pytest.approx(by_hand(model, 3 * x))


def test_a_forward_pass_without_a_backward_pass_changes_nothing(x: Tensor) -> None:
    model = Network()
    with steps_of(model) as norms:
        loss_of(model(x)).backward()
        model(7 * x)
        with torch.no_grad():
            model(7 * x)
        assert closed(norms) == pytest.approx(by_hand(model, x))


def test_gradients_in_evaluation_mode_are_heard(x: Tensor) -> None:
    model = Network().eval()
    with steps_of(model) as norms:
        loss_of(model(x)).backward()
        assert closed(norms) == pytest.approx(by_hand(model, x))


def test_norms_are_those_of_the_loss_before_it_was_scaled(x: Tensor) -> None:
    model = Network()
    with steps_of(model) as norms:
        norms.scale = 8.0
        (8 * loss_of(model(x))).backward()
        assert closed(norms) == pytest.approx(by_hand(model, x))
        assert norms.heard


def test_of_any_epoch_but_the_last_no_norms_are_known(x: Tensor) -> None:
    model = Network()
    with steps_of(model) as norms:
        loss_of(model(x)).backward()
        norms.close(3)
        assert norms.norms(2) == {}
        assert norms.norms(3) != {}


def test_parameters_get_the_same_gradients(x: Tensor) -> None:
    plain, heard = Network(), Network()
    loss_of(plain(x)).backward()
    with steps_of(heard):
        loss_of(heard(x)).backward()
    for one, other in zip(plain.parameters(), heard.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", SCALES)
def test_vanishing_and_exploding_gradients_of_a_step_have_a_norm(x: Tensor, scale: float) -> None:
    tap = Tap().train()
    value = x.clone().requires_grad_()
    with StepGradients(TapModules({(1, "conv"): tap})) as norms:
        (scale * tap(value)).sum().backward()
        assert closed(norms)[1, "conv"] == pytest.approx(scale * 15**0.5, rel=1e-5, abs=0)


def test_values_that_are_overwritten_afterwards_have_the_gradient_they_had(x: Tensor) -> None:
    model = InPlace()
    with StepGradients(in_place_taps(model)) as norms:
        loss_of(model(x)).backward()
        assert closed(norms) == pytest.approx(in_place_by_hand(model, x))


def test_nothing_is_heard_after_the_end(x: Tensor) -> None:
    model = Network()
    with steps_of(model) as norms:
        pass
    loss_of(model(x)).backward()
    assert closed(norms) == {}
