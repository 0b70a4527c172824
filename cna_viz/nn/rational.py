r"""A: learned rational activations, one per cluster.

Version A of Padé activation units (Molina, Schramowski and Kersting, arXiv 1907.06732):

.. math:: R(x) = \frac{P(x)}{Q(x)} = \frac{\sum_{i=0}^{5} a_i x^i}{1 + \sum_{j=1}^{4} |b_j x^j|}

The denominator is at least one, so R has no poles.
"""

from typing import Any, Final

import torch
from torch import Tensor, nn

from cna_viz.nn.derivative import first_derivative_only
from cna_viz.nn.kmeans import membership

# Least-squares fit of ReLU on [-3, 3]; tests/nn/test_rational.py fits it again and compares.
RELU_NUMERATOR: Final = (0.02997, 0.61690, 2.37497, 3.06500, 1.52395, 0.25265)
RELU_DENOMINATOR: Final = (1.19137, 4.40660, 0.91062, 0.34862)


class Rational(nn.Module):
    """One learned rational function per cluster, initialized to approximate ReLU.

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


def make_activation(activation: str, clusters: int) -> nn.Module:
    """Return the module of an activation by name: ``rational``, ``relu`` or ``none``."""
    if activation == "rational":
        return Rational(clusters)
    return nn.ReLU() if activation == "relu" else nn.Identity()


class _Rational(torch.autograd.Function):
    """R with coefficients per node and a hand-written backward: autograd would keep a tensor per Horner step.

    With w = max(1, |x|), v = x / w and t = 1 / w, P/w⁵ = Σ aᵢ vⁱ t⁵⁻ⁱ and Q/w⁴ = Σ |bⱼ| |v|ʲ t⁴⁻ʲ do not overflow.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, numerator: Tensor, denominator: Tensor) -> Tensor:
        ctx.save_for_backward(x, numerator, denominator)
        w, t, v = _scaled(x)
        y: Tensor = w.mul_(_form(v, t, numerator)).div_(_form(v.abs(), t, _with_one(denominator)))
        return y

    @staticmethod
    @first_derivative_only
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, numerator, denominator = ctx.saved_tensors
        w, t, v = _scaled(x)
        size, bottom = v.abs(), _with_one(denominator)
        reciprocal = 1 / _form(size, t, bottom)
        y = _form(v, t, numerator) * reciprocal  # R / w
        scaled = gradients[0] * reciprocal  # dL/dP w⁴
        slope = _form(v, t, _slopes(numerator)).sub_(y * _form(size, t, _slopes(bottom)) * v.sign())
        grad_numerator = _moments(scaled, v, t, w, numerator.shape[1])
        grad_denominator = _moments(scaled.mul(y).mul_(w).neg_(), size, t, w, bottom.shape[1])[:, 1:]
        return scaled.mul_(slope), grad_numerator, grad_denominator * denominator.sign()


def _scaled(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return w = max(1, |x|), t = 1 / w and v = x / w."""
    w = x.abs().clamp_(min=1)
    t = 1 / w
    return w, t, x * t


def _with_one(denominator: Tensor) -> Tensor:
    """Return 1, |b₁|, … |b₄| of every node."""
    return torch.cat([torch.ones_like(denominator[:, :1]), denominator.abs()], dim=1)


def _form(v: Tensor, t: Tensor, coefficients: Tensor) -> Tensor:
    """Return Σᵢ cᵢ vⁱ tⁿ⁻ⁱ by Horner's rule; ``coefficients`` is ``[nodes, n + 1]``, lowest power first."""
    columns = coefficients[:, :, None].unbind(dim=1)
    total, power = columns[-1].expand_as(v).clone(), t.clone()
    for column in reversed(columns[:-1]):
        total.mul_(v).addcmul_(power, column.expand_as(power))
        power.mul_(t)
    return total


def _slopes(coefficients: Tensor) -> Tensor:
    """Return the coefficients of the derivative of Σ cᵢ xⁱ, lowest power first."""
    powers = torch.arange(1, coefficients.shape[1], dtype=coefficients.dtype, device=coefficients.device)
    return coefficients[:, 1:] * powers


def _moments(weight: Tensor, v: Tensor, t: Tensor, w: Tensor, count: int) -> Tensor:
    """Return Σ_c weight_c v_cⁱ t_c⁴⁻ⁱ for i = 0 … count-1, ``[nodes, count]``; t⁻¹ is w."""
    powers = [torch.ones_like(v)]
    for _ in range(count - 1):
        powers.append(powers[-1] * v)
    scale = [t.pow(4 - i) if i <= 4 else w for i in range(count)]
    return torch.stack([(weight * p * s).sum(dim=1) for p, s in zip(powers, scale, strict=True)], dim=1)
