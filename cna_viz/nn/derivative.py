"""What a backward that is written by hand answers when it is asked for second derivatives."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from cna_viz.errors import UsageError

Backward = Callable[..., Any]


def first_derivative_only(backward: Backward) -> Backward:
    """Mark the backward of an autograd function: second derivatives are refused.

    torch's own mark says nothing where the incoming gradient is a constant, and the second derivative, then without
    what this function adds to it, is wrong.

    Raises:
        UsageError: At a backward with ``create_graph=True``.
    """
    once: Backward = once_differentiable(backward)

    @wraps(backward)
    def checked(ctx: Any, *gradients: torch.Tensor) -> Any:
        if torch.is_grad_enabled():
            raise UsageError(
                "second derivatives (create_graph=True) are not known for normalization and rational functions: leave "
                "create_graph out, or use slots without them, such as relu"
            )
        return once(ctx, *gradients)

    return checked
