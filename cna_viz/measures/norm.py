"""How large the features are."""

import torch
from torch import Tensor


def feature_norm(x: Tensor) -> Tensor:
    """Frobenius norm ‖X‖_F, the scale against which any energy that is not scale-free must be read.

    Args:
        x: Features, ``[nodes, channels]``.

    Returns:
        A scalar in the units of the features, float64, so that squares of small features don't vanish. Cost:
        O(nodes · channels).
    """
    norm: Tensor = torch.linalg.vector_norm(x, dtype=torch.float64)
    return norm
