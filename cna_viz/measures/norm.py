"""How large the features are."""

import torch
from torch import Tensor


def feature_norm(x: Tensor) -> Tensor:
    """Frobenius norm ‖X‖_F, the scale against which any energy that is not scale-free must be read.

    Args:
        x: Features, ``[nodes, channels]``.

    Returns:
        A scalar in the units of the features. Cost: O(nodes · channels).
    """
    norm: Tensor = torch.linalg.vector_norm(x)
    return norm
