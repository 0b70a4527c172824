"""Rational activations: their start, their gradients, one function per cluster."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.optimize import least_squares
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.nn.rational import RELU_DENOMINATOR, RELU_NUMERATOR, Rational

Draw = Callable[..., Tensor]


def naive(x: Tensor, numerator: Tensor, denominator: Tensor) -> Tensor:
    """Version A of arXiv 1907.06732 for one row of coefficients, with operations that autograd differentiates."""
    top = sum((a * x**i for i, a in enumerate(numerator)), torch.zeros_like(x))
    return top / (1 + sum(((b * x**j).abs() for j, b in enumerate(denominator, start=1)), torch.zeros_like(x)))


def random_rational(draw: Draw, clusters: int) -> Rational:
    module = Rational(clusters).double()
    with torch.no_grad():
        module.numerator.copy_(draw(clusters, 6))
        module.denominator.copy_(draw(clusters, 4))
    return module


def test_starts_within_a_twentieth_of_relu() -> None:
    x = torch.linspace(-3, 3, 6001)[:, None]
    assert Rational()(x).sub(x.relu()).abs().max().item() < 0.05


def test_start_is_the_least_squares_fit_of_relu() -> None:
    grid = np.linspace(-3, 3, 6001)
    powers = grid ** np.arange(6)[:, None]

    def function(coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        bottom = 1 + np.abs(coefficients[6:, None] * powers[1:5]).sum(axis=0)
        values: NDArray[np.float64] = coefficients[:6] @ powers / bottom
        return values

    stored = np.array([*RELU_NUMERATOR, *RELU_DENOMINATOR])
    start = stored * np.random.default_rng(0).uniform(0.7, 1.3, 10)
    target = np.maximum(grid, 0)
    assert np.abs(function(start) - function(stored)).max() > 0.02  # the start is somewhere else
    fit = least_squares(
        lambda c: function(c) - target, start, x_scale=np.abs(start), max_nfev=2000, xtol=1e-14, ftol=1e-14
    )
    assert np.abs(function(fit.x) - function(stored)).max() < 1e-3


def test_parameters() -> None:
    module = Rational(3)
    assert {name: tuple(value.shape) for name, value in module.named_parameters()} == {
        "numerator": (3, 6),
        "denominator": (3, 4),
    }
    assert list(module.state_dict()) == ["numerator", "denominator"]
    for row in module.numerator:
        torch.testing.assert_close(row, torch.tensor(RELU_NUMERATOR))
    for row in module.denominator:
        torch.testing.assert_close(row, torch.tensor(RELU_DENOMINATOR))


def test_loops(draw: Draw) -> None:
    module, x, labels = random_rational(draw, 3), 3 * draw(20, 5), torch.arange(20) % 3
    y = module(x, labels)
    for i, label in enumerate(labels):
        torch.testing.assert_close(y[i], naive(x[i], module.numerator[label], module.denominator[label]))


def test_one_function_per_cluster(draw: Draw) -> None:
    module, x, labels = random_rational(draw, 3), draw(20, 5), torch.arange(20) % 3
    y = module(x, labels)
    for label in range(3):
        single = Rational().double()
        with torch.no_grad():
            single.numerator.copy_(module.numerator[label : label + 1])
            single.denominator.copy_(module.denominator[label : label + 1])
        torch.testing.assert_close(y[labels == label], single(x[labels == label]))
    with torch.no_grad():
        module.numerator[1].add_(1)
    changed = module(x, labels)
    assert torch.equal((changed != y).any(dim=1), labels == 1)


def test_gradients(draw: Draw) -> None:
    module, labels, weight = random_rational(draw, 4), torch.tensor([0, 0, 1, 2, 2, 2]), draw(6, 3)
    x = 2 * draw(6, 3).requires_grad_()
    leaves = (x, module.numerator, module.denominator)
    actual = torch.autograd.grad((module(x, labels) * weight).sum(), leaves)
    rows = [naive(x[i], module.numerator[k], module.denominator[k]) for i, k in enumerate(labels.tolist())]
    wanted = torch.autograd.grad((torch.stack(rows) * weight).sum(), leaves)
    for one, other in zip(actual, wanted, strict=True):
        torch.testing.assert_close(one, other)
    assert torch.equal(actual[1][3], torch.zeros(6, dtype=torch.float64))  # no node is in cluster 3
    assert bool((actual[2][:3] != 0).all())


@pytest.mark.parametrize("labels", [None, torch.tensor([0, 1, 1, 0, 2])])
def test_gradcheck(draw: Draw, labels: Tensor | None) -> None:
    clusters = 1 if labels is None else 3
    module, x = random_rational(draw, clusters), draw(5, 2).requires_grad_()

    def function(x: Tensor, numerator: Tensor, denominator: Tensor) -> Tensor:
        return torch.func.functional_call(module, {"numerator": numerator, "denominator": denominator}, (x, labels))

    assert torch.autograd.gradcheck(function, (x, module.numerator, module.denominator))


def test_gradient_at_zero(draw: Draw) -> None:
    # |x| has no derivative at 0, but the function has: R'(0) = a1, and the kink |b1 x| counts half from both sides.
    module, x = random_rational(draw, 1), torch.zeros(1, 1, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(module(x), x)
    assert float(gradient) == pytest.approx(module.numerator[0, 1].item())


def test_second_derivatives_are_refused(draw: Draw) -> None:
    module, x = random_rational(draw, 1), draw(4, 2).requires_grad_()

    def twice(y: Tensor) -> Tensor:
        (first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first.square().sum(), x)
        return second

    assert bool(twice(naive(x, module.numerator[0], module.denominator[0])).isfinite().all())
    with pytest.raises(UsageError, match="second derivatives"):  # wrong numbers would be worse
        twice(module(x))


def test_no_poles(draw: Draw) -> None:
    x = torch.linspace(-50, 50, 5000, dtype=torch.float64)[:, None]
    for _ in range(20):
        module = random_rational(draw, 1)
        y = module(x)
        assert bool(y.isfinite().all())
        bound = sum(a.abs().item() * x.abs() ** i for i, a in enumerate(module.numerator[0]))
        assert bool((y.abs() <= bound * (1 + 1e-12)).all())  # the denominator is at least one


def test_without_labels_there_is_one_function(draw: Draw) -> None:
    module, x = random_rational(draw, 1), draw(6, 3)
    assert torch.equal(module(x), module(x, torch.zeros(6, dtype=torch.long)))


def test_rows_follow_their_nodes(draw: Draw) -> None:
    module, x, labels = random_rational(draw, 4), draw(30, 3), torch.arange(30) % 4
    order = torch.randperm(30, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(module(x[order], labels[order]), module(x, labels)[order])


def test_nothing_is_written_to(draw: Draw) -> None:
    module, x, weight = random_rational(draw, 2), draw(6, 3).requires_grad_(), draw(6, 3)
    labels = torch.arange(6) % 2
    watched = (x, weight, labels, module.numerator, module.denominator)
    before = [value.detach().clone() for value in watched]
    y = module(x, labels)
    kept = y.detach().clone()
    for _ in range(2):
        y.backward(weight, retain_graph=True)  # type: ignore[no-untyped-call]
    assert all(torch.equal(now, then) for now, then in zip(watched, before, strict=True))
    assert torch.equal(y, kept)


def test_both_passes_give_the_same_gradient(draw: Draw) -> None:
    module, x, weight = random_rational(draw, 1), draw(6, 3).requires_grad_(), draw(6, 3)
    y = module(x)
    leaves = (x, *module.parameters())
    first, second = (torch.autograd.grad(y, leaves, weight, retain_graph=True) for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_output_has_the_type_of_the_input(dtype: torch.dtype) -> None:
    assert Rational()(torch.ones(2, 2, dtype=dtype)).dtype == dtype


def test_repr() -> None:
    assert repr(Rational(3)) == "Rational(clusters=3)"


@pytest.mark.parametrize("size", [1e-30, 1e-8, 1e3, 1e8, 1e20, 1e35])
def test_features_of_any_size(draw: Draw, size: float) -> None:
    # In float64 x**5 does not overflow yet; in float32 it would from 1e8 on.
    module, weight = random_rational(draw, 1), draw(9, 4)
    x = (size * draw(9, 4)).float()
    low = Rational()
    low.load_state_dict(module.state_dict())
    one, other = x.clone().requires_grad_(), x.double().requires_grad_()
    actual = low(one)
    numerator, denominator = (p.detach().double()[0].requires_grad_() for p in low.parameters())
    wanted = naive(other, numerator, denominator)
    torch.testing.assert_close(actual.double(), wanted, rtol=1e-4, atol=1e-5)
    (actual * weight.float()).sum().backward()
    (wanted * weight.float()).sum().backward()
    pairs = [(one.grad, other.grad), (low.numerator.grad, numerator.grad), (low.denominator.grad, denominator.grad)]
    for mine, theirs in pairs:
        assert mine is not None
        assert theirs is not None
        torch.testing.assert_close(mine.double().flatten(), theirs.flatten(), rtol=1e-3, atol=1e-4)


def test_linear_far_out() -> None:
    # P/Q tends to a5 x / |b4|, and not to 0 or infinity.
    x = torch.tensor([[1e30, -1e30]])
    torch.testing.assert_close(Rational()(x), x * RELU_NUMERATOR[5] / RELU_DENOMINATOR[3])


def test_nan_stays_where_it_is(draw: Draw) -> None:
    x = draw(3, 2)
    x[1, 1] = float("nan")
    assert random_rational(draw, 1)(x).isnan().tolist() == [[False, False], [False, True], [False, False]]
