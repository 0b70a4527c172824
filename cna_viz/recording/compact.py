"""Storing embeddings in few bytes without losing the differences between nodes."""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cna_viz.measures.rows import blocks, runs_compiled

HALF_TOLERANCE = 0.01
"""Fraction of the differences between rows that float16 may lose."""


def compact(value: Tensor, precision: str) -> np.ndarray[Any, Any]:
    """Return features, ``[nodes, channels]``, in float16 if requested and if that keeps the differences between rows.

    Smoothing makes rows alike, and rounding nearly equal rows to float16 may remove all that distinguishes them.
    """
    value = value.float()
    if precision == "float16":
        half = value.half()
        lost, spread = _squares(value, half)
        value = half if bool(lost <= HALF_TOLERANCE**2 * spread) else value
    array: np.ndarray[Any, Any] = value.cpu().numpy()
    return array


def _squares(value: Tensor, stored: Tensor) -> tuple[Tensor, Tensor]:
    """Return Σ(x - stored)², the loss, and Σ(x - column mean)², the spread; float64.

    The spread is computed after subtracting the first row: squares of nearly equal rows would hide their differences.
    """
    first, sums = value[:1], torch.zeros(2 + value.shape[1], dtype=torch.float64, device=value.device)
    add = _load_kernel().add_squares if runs_compiled(value) else None
    for block in blocks(*value.shape):
        part, kept = value[block], stored[block].float()
        if add is not None:
            add(part.contiguous().numpy(), kept.contiguous().numpy(), first.contiguous().numpy(), sums.numpy())
            continue
        rest = part.double() - first
        sums += torch.cat([(part - kept).double().square().sum()[None], rest.square().sum()[None], rest.sum(dim=0)])
    return sums[0], sums[1] - sums[2:].square().sum() / max(1, len(value))


@lru_cache(maxsize=1)
def _load_kernel() -> Any:
    from cna_viz.recording import compact_kernel

    return compact_kernel


def project(value: Tensor, channels: int | None) -> Tensor:
    """Return features, ``[nodes, wide]``, of more than ``channels`` channels as a random projection; others unchanged.

    X R with independent normal entries of R, of variance 1 / channels, keeps distances between rows in expectation
    (Johnson and Lindenstrauss, 1984). R is the same for all layers of one width, all epochs and all runs.
    """
    if channels is None or value.shape[1] <= channels:
        return value
    projected: Tensor = value.float() @ _matrix(value.shape[1], channels).to(value.device)
    return projected


@lru_cache(maxsize=8)
def _matrix(wide: int, channels: int) -> Tensor:
    matrix: Tensor = torch.randn(wide, channels, generator=torch.Generator().manual_seed(0)) / channels**0.5
    return matrix
