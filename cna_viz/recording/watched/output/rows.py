"""Rows of an output: their form, and whether they are probabilities."""

import torch
from torch import Tensor


def as_rows(output: Tensor) -> Tensor:
    """Return an output as float32 on the CPU, ``[rows, channels]``."""
    return output.detach().float().cpu().reshape(len(output), -1)


def are_probabilities(rows: Tensor, tolerance: float) -> bool:
    """Whether all rows are at least 0 and sum to 1; a single channel is the probability of class 1."""
    both = rows if rows.shape[1] > 1 else torch.cat([1 - rows, rows], dim=1)
    return bool((both >= 0).all()) and bool(((both.sum(dim=1) - 1).abs() <= tolerance).all())


def rounding(output: Tensor) -> float:
    """Return how far the sum of a row of probabilities can be from 1 in the precision of the output."""
    # Each is rounded by a share of itself, so that the number of channels doesn't matter.
    return max(1e-5, torch.finfo(output.dtype).eps)


def finite_rows(rows: Tensor) -> Tensor:
    """Return which rows are finite."""
    return torch.isfinite(rows).all(dim=1)


def likely_kind(output: Tensor) -> str:
    """Return the kind of an output with a channel for each class; logits where no row is finite."""
    rows = as_rows(output)
    finite = rows[finite_rows(rows)]
    return "probabilities" if len(finite) and are_probabilities(finite, rounding(output)) else "logits"
