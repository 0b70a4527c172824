"""Refuse second derivatives in a hand-written backward."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from cna_viz.errors import UsageError


def first_derivative_only(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Make the backward of an autograd function raise ``UsageError`` if ``create_graph=True``.

    torch's ``once_differentiable`` stays silent for a constant incoming gradient, with a wrong second derivative.
    """
    once: Callable[..., Any] = once_differentiable(backward)

    @wraps(backward)
    def checked(ctx: Any, *gradients: torch.Tensor) -> Any:
        if torch.is_grad_enabled():
            raise UsageError(
                "second derivatives (create_graph=True) are not known for normalization and rational functions: leave "
                "create_graph out, or use slots without them, such as relu"
            )
        return once(ctx, *gradients)

    return checked
