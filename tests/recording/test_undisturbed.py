"""Running a model without leaving a trace."""

import pytest
import torch
from torch import nn

from cna_viz.recording.undisturbed import undisturbed


def test_evaluation_without_gradients_inside_and_everything_as_before_outside() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout())
    model[1].eval()
    modes, state = [module.training for module in model.modules()], torch.get_rng_state()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with undisturbed(model):
        assert not any(module.training for module in model.modules())
        assert not model(torch.randn(5, 3)).requires_grad
        torch.manual_seed(99)
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_everything_is_as_before_after_an_exception() -> None:
    model, state = nn.Dropout(), torch.get_rng_state()
    with pytest.raises(KeyboardInterrupt), undisturbed(model):  # noqa: PT012
        torch.rand(3)
        raise KeyboardInterrupt
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled()


def test_gradients_that_were_off_stay_off() -> None:
    with torch.no_grad():
        with undisturbed(nn.ReLU()):
            pass
        assert not torch.is_grad_enabled()
