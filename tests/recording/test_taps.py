"""Listening to taps: what is kept, and that nothing stays behind."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cna_viz.nn.tap import Tap
from cna_viz.recording.taps import TapListener


class Network(nn.Module):
    """Two layers with a tap after each; the first value is used twice."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2)
        self.one, self.two = Tap(), Tap()

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.one(self.first(x))
        y: Tensor = self.two(self.second(hidden.relu()) + hidden[:, :2])
        return y


def hooks(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._backward_hooks) for module in model.modules())


def listener_of(model: Network) -> TapListener[Any]:
    return TapListener({(1, "conv"): model.one, "last": model.two})


@pytest.fixture
def x() -> Tensor:
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(1))


def test_nothing_is_attached_outside_the_context(x: Tensor) -> None:
    model = Network().eval()
    listener = listener_of(model)
    assert hooks(model) == 0
    model(x)
    assert listener.values == {}
    with listener:
        assert hooks(model) == 2
        model(x)
        assert len(listener.values) == 2
    assert hooks(model) == 0
    assert listener.values == listener.gradient_norms == {}
    model(x)
    assert listener.values == {}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_hooks_go_after_an_exception(x: Tensor, error: type[BaseException]) -> None:
    model = Network()
    with pytest.raises(error), listener_of(model):  # noqa: PT012
        model(x)
        raise error
    assert hooks(model) == 0


def test_it_can_be_entered_again(x: Tensor) -> None:
    model = Network().eval()
    listener = listener_of(model)
    for _ in range(3):
        with listener as entered:
            assert entered is listener
            assert hooks(model) == 2
            model(x)
            assert set(listener.values) == {(1, "conv"), "last"}
        assert hooks(model) == 0


def test_other_hooks_are_left_alone(x: Tensor) -> None:
    model, heard = Network().eval(), []
    model.one.register_forward_hook(lambda module, args, output: heard.append(output))
    with listener_of(model):
        model(x)
    model(x)
    assert len(heard) == 2


def test_evaluation_keeps_values(x: Tensor) -> None:
    model = Network().eval()
    with listener_of(model) as listener:
        logits = model(x)
        hidden = model.first(x)
        assert torch.equal(listener.values[1, "conv"], hidden)
        assert torch.equal(listener.values["last"], logits)
        assert not any(value.requires_grad for value in listener.values.values())
        logits.sum().backward()
        assert listener.gradient_norms == {}
        model(2 * x)
        assert torch.equal(listener.values[1, "conv"], model.first(2 * x))


def test_training_keeps_gradient_norms(x: Tensor) -> None:
    model = Network().train()
    with listener_of(model) as listener:
        logits = model(x)
        assert listener.values == listener.gradient_norms == {}
        logits.square().mean().backward()
        kept = dict(listener.gradient_norms)
    assert all(value.shape == () and not value.requires_grad for value in kept.values())
    hidden = model.first(x)
    y = model.second(hidden.relu()) + hidden[:, :2]
    wanted = torch.autograd.grad(y.square().mean(), (hidden, y))
    assert float(kept[1, "conv"]) == pytest.approx(float(wanted[0].norm()))  # both uses of the value count
    assert float(kept["last"]) == pytest.approx(float(wanted[1].norm()))


def test_parameters_get_the_same_gradients(x: Tensor) -> None:
    plain, heard = Network(), Network()
    plain(x).square().mean().backward()
    with listener_of(heard):
        heard(x).square().mean().backward()
    for one, other in zip(plain.parameters(), heard.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [1e-25, 1e-35, 1e25])
def test_vanishing_and_exploding_gradients_have_a_norm(x: Tensor, scale: float) -> None:
    tap = Tap().train()
    value = x.clone().requires_grad_()
    with TapListener({"tap": tap}) as listener:
        (scale * tap(value)).sum().backward()
        assert float(listener.gradient_norms["tap"]) == pytest.approx(scale * 15**0.5, rel=1e-5, abs=0)


def test_training_without_gradients_is_silent(x: Tensor) -> None:
    model = Network().train()
    with listener_of(model) as listener, torch.no_grad():
        model(x)
        assert listener.values == listener.gradient_norms == {}


def test_two_taps_on_the_same_tensor() -> None:
    taps = nn.Sequential(Tap(), nn.Identity(), Tap()).train()
    x = torch.ones(3, requires_grad=True)
    with TapListener({1: taps[0], 2: taps[2]}) as listener:
        (taps(x) * 2).sum().backward()
        assert listener.gradient_norms.keys() == {1, 2}
        assert float(listener.gradient_norms[1]) == float(listener.gradient_norms[2]) == pytest.approx(12**0.5)
