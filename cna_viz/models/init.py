"""How weights start."""

from collections.abc import Callable, Iterable
from typing import Final

import torch
from torch import Tensor, nn

STARTS: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    # Glorot and Bengio, 2010: variance 2 / (in + out), uniform.
    "glorot": nn.init.xavier_uniform_,
    "orthogonal": nn.init.orthogonal_,
    # Four times that variance, normal: Epping et al. (NeurIPS 2024) find that large variance keeps features apart.
    "large": lambda weight: nn.init.xavier_normal_(weight, gain=2.0),
}
"""Starts a weight matrix in place, by name."""


@torch.no_grad()
def start_weights(modules: Iterable[nn.Module], init: str) -> None:
    """Start every weight matrix of ``modules`` in place; vectors, such as biases, keep the start they have."""
    for module in modules:
        for parameter in module.parameters():
            if parameter.dim() == 2:
                STARTS[init](parameter)
