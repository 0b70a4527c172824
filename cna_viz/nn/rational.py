r"""A: learned rational activations, one per cluster.

Version A of Padé activation units (Molina, Schramowski and Kersting, arXiv 1907.06732):

.. math:: R(x) = \frac{\sum_{i=0}^{5} a_i x^i}{1 + \sum_{j=1}^{4} |b_j x^j|}

The denominator is at least one, so R has no poles.
"""

from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from cna_viz.nn.cluster import membership

# Least-squares fit of ReLU on [-3, 3]; tests/nn/test_rational.py fits it again and compares.
RELU_NUMERATOR: Final = (0.02997, 0.61690, 2.37497, 3.06500, 1.52395, 0.25265)
RELU_DENOMINATOR: Final = (1.19137, 4.40660, 0.91062, 0.34862)


class Rational(nn.Module):
    """One learned rational function per cluster, starting as an approximation of ReLU.

    Args:
        clusters: Number of functions K. Without labels there is one function for all nodes.

    Shapes:
        - input: ``[nodes, channels]``, labels ``[nodes]`` or None
        - output: ``[nodes, channels]``

    Attributes:
        numerator: a₀ … a₅ of every cluster, ``[K, 6]``.
        denominator: b₁ … b₄ of every cluster, ``[K, 4]``.
    """

    def __init__(self, clusters: int = 1) -> None:
        super().__init__()
        self.numerator = nn.Parameter(torch.tensor(RELU_NUMERATOR).repeat(clusters, 1))
        self.denominator = nn.Parameter(torch.tensor(RELU_DENOMINATOR).repeat(clusters, 1))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return R of every entry of ``x``, with the function of its node's cluster."""
        if labels is None:
            labels = torch.zeros(x.shape[0], dtype=torch.long, device=x.device)
        members = membership(labels, self.numerator.shape[0], x.dtype)
        numerator, denominator = (members @ p.to(x.dtype) for p in (self.numerator, self.denominator))
        y: Tensor = _Rational.apply(x, numerator, denominator)  # type: ignore[no-untyped-call]
        return y

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return f"clusters={self.numerator.shape[0]}"


class _Rational(torch.autograd.Function):
    """R with per-node coefficients and a backward of its own: autograd would keep a tensor for every Horner step."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, numerator: Tensor, denominator: Tensor) -> Tensor:
        top = _polynomial(x, numerator)
        bottom = _polynomial(x.abs(), denominator.abs()).mul_(x.abs()).add_(1)
        y = top.div_(bottom)
        ctx.save_for_backward(x, numerator, denominator, y, bottom)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, numerator, denominator, y, bottom = ctx.saved_tensors
        size = x.abs()
        scaled = gradients[0] / bottom  # dL/dP = g/Q and dL/dQ = -gy/Q
        slope_top = _polynomial(x, _derivative(numerator, first_power=0))
        slope_bottom = _polynomial(size, _derivative(denominator.abs(), first_power=1)).mul_(x.sign())
        grad_x = slope_top.sub_(slope_bottom.mul_(y)).mul_(scaled)
        grad_numerator = _moments(scaled, x, numerator.shape[1])
        grad_denominator = _moments(scaled.mul_(y).mul_(size).neg_(), size, denominator.shape[1]).mul_(
            denominator.sign()
        )
        return grad_x, grad_numerator, grad_denominator


def _polynomial(x: Tensor, coefficients: Tensor) -> Tensor:
    """Return Σᵢ cᵢ xⁱ by Horner's rule; ``coefficients`` is ``[nodes, degree + 1]``, lowest power first."""
    columns = coefficients[:, :, None].unbind(dim=1)
    total = columns[-1].expand_as(x).clone()
    for column in reversed(columns[:-1]):
        total.mul_(x).add_(column)
    return total


def _derivative(coefficients: Tensor, first_power: int) -> Tensor:
    """Coefficients of the derivative of Σ cᵢ x^(i + first_power), lowest power first."""
    powers = torch.arange(
        first_power, first_power + coefficients.shape[1], dtype=coefficients.dtype, device=coefficients.device
    )
    return (coefficients * powers)[:, 1 - first_power :]


def _moments(weight: Tensor, x: Tensor, count: int) -> Tensor:
    """Return Σ_c w_c x_c^i for i = 0 … count-1, ``[nodes, count]``."""
    weight = weight.clone()
    sums = [weight.sum(dim=1)]
    for _ in range(count - 1):
        sums.append(weight.mul_(x).sum(dim=1))
    return torch.stack(sums, dim=1)
