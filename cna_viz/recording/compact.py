"""Embeddings in the form in which they are kept: few bytes, but what tells nodes apart stays."""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cna_viz.recording.quick_norm import quick_norm

HALF_TOLERANCE = 0.01
"""Share of the differences between rows that storing in float16 may cost."""


def compact(value: Tensor, precision: str) -> np.ndarray[Any, Any]:
    """Return the array, in float16 where that is wanted and keeps the differences between the rows.

    Smoothing makes rows alike: what float16 rounds off a layer of nearly equal rows may be all that tells them apart.

    Args:
        value: Features, ``[nodes, channels]``.
        precision: ``float16`` or ``float32``.
    """
    value = value.float()
    if precision == "float16":
        half = value.half()
        # Not from the squares of the values themselves: those of nearly equal rows would hide the differences.
        kept = quick_norm(value - value.mean(dim=0, dtype=torch.float64).float())
        if bool(quick_norm(value - half.float()) <= HALF_TOLERANCE * kept):
            value = half
    array: np.ndarray[Any, Any] = value.cpu().numpy()
    return array


def project(value: Tensor, channels: int | None) -> Tensor:
    """Return features of more than so many channels as a random projection to so many; others as they are.

    X R with independent normal entries of R, of variance 1 / channels, keeps distances between rows in expectation
    (Johnson and Lindenstrauss, 1984). R is the same for all layers of a width, epochs and runs.

    Args:
        value: Features, ``[nodes, wide]``.
        channels: Channels to keep; None for all.
    """
    if channels is None or value.shape[1] <= channels:
        return value
    projected: Tensor = value.float() @ _matrix(value.shape[1], channels).to(value.device)
    return projected


@lru_cache(maxsize=8)
def _matrix(wide: int, channels: int) -> Tensor:
    matrix: Tensor = torch.randn(wide, channels, generator=torch.Generator().manual_seed(0)) / channels**0.5
    return matrix
