"""Norms of features, gradients and weights."""

import torch
from torch import Tensor, nn


def feature_norm(x: Tensor) -> Tensor:
    r"""Frobenius norm, the scale needed to read any energy that is not scale-free.

    .. math:: \lVert X \rVert_F = \sqrt{\textstyle\sum_{ic} x_{ic}^2}

    0 for a zero matrix; proportional to the scale of X. The same function gives the norm of a gradient.

    Args:
        x: Features, ``[nodes, channels]``.

    Returns:
        A scalar in the units of the features, float64, so that squares of small features don't vanish; infinite or NaN
        if a feature is. Cost: O(nodes · channels).
    """
    norm: Tensor = torch.linalg.vector_norm(x, dtype=torch.float64)
    return norm


def weight_norm(module: nn.Module) -> Tensor:
    r"""Frobenius norm of all weights of a module: its parameters with two dimensions or more, biases left out.

    .. math:: \lVert W \rVert_F = \sqrt{\textstyle\sum_p \lVert W_p \rVert_F^2}

    Small weights damp features and gradients at every layer.

    Args:
        module: Any module.

    Returns:
        A scalar, float64; 0 for a module without weights. Shared parameters count once. Cost: O(parameters).
    """
    norms = [feature_norm(parameter.detach()) for parameter in module.parameters() if parameter.dim() >= 2]
    return torch.linalg.vector_norm(torch.stack(norms)) if norms else torch.zeros((), dtype=torch.float64)
