"""Presets of rational functions."""

import numpy as np
import pytest
import torch

from cna_viz.errors import UsageError
from cna_viz.live.rationals import REACH, SHAPES, Coefficients, evaluate, preset
from cna_viz.nn.rational import Rational

Z = np.linspace(-REACH, REACH, 121)


@pytest.mark.parametrize(("name", "error"), [("relu", 0.03), ("tanh", 1e-4), ("bump", 0.01), ("identity", 0.0)])
def test_a_preset_is_near_to_its_shape(name: str, error: float) -> None:
    assert np.abs(evaluate(preset(name), Z) - SHAPES[name](Z)).max() <= error


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(UsageError, match="'sigmoid'"):
        preset("sigmoid")


def test_it_is_what_the_module_computes() -> None:
    coefficients = Coefficients((0.1, -1.0, 0.5, 0.2, 0.0, 0.01), (0.3, -0.2, 0.1, 0.4))
    module = Rational()
    with torch.no_grad():
        module.numerator.copy_(torch.tensor(coefficients.numerator))
        module.denominator.copy_(torch.tensor(coefficients.denominator))
        computed = module(torch.tensor(Z, dtype=torch.float32)[:, None])
    np.testing.assert_allclose(computed[:, 0].numpy(), evaluate(coefficients, Z), atol=1e-5)


@pytest.mark.parametrize(
    ("numerator", "denominator", "said"),
    [
        ((1.0,), (0.0,) * 4, "numerator.*6 finite"),
        ((0.0,) * 6, (0.0,) * 5, "denominator.*4 finite"),
        ((np.nan,) * 6, (0.0,) * 4, "numerator"),
        ((0.0,) * 6, (np.inf,) * 4, "denominator"),
    ],
)
def test_other_coefficients_are_refused(
    numerator: tuple[float, ...], denominator: tuple[float, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        Coefficients(numerator, denominator)
