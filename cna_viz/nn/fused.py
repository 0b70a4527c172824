"""Normalization and activation in one go on the CPU, with a backward of its own.

The interface between torch and :mod:`cna_viz.nn.kernels`: it cuts the rows into chunks and gives autograd what it
needs. :class:`~cna_viz.nn.cna.CNA` uses it where :func:`supports` says so; its parts compute the same with plain torch
everywhere else.
"""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.nn.derivative import first_derivative_only

Array = NDArray[Any]

CHUNK: Final = 2**15
"""Least number of entries of a chunk of rows, but for the last."""

CHUNKS: Final = 64
"""Most chunks there are."""


_LOCK: Final = threading.Lock()


@dataclass(frozen=True)
class Recipe:
    """What is computed.

    Attributes:
        normalization: ``group`` (over the nodes of each group), ``node`` (over the channels of each node) or ``none``.
        activation: ``rational``, ``relu`` or ``none``.
        groups: Number of groups that are normalized over: that of the clusters, or 1 for all nodes together.
        clusters: Number of clusters.
        eps: Added to the variance.
    """

    normalization: str
    activation: str
    groups: int
    clusters: int
    eps: float


@lru_cache(maxsize=1)
def _numba_is_there() -> bool:
    return find_spec("numba") is not None


def supports(x: Tensor) -> bool:
    """Whether ``x`` can be normalized and activated here.

    That is a float32 or float64 tensor on the CPU that is not being traced, and not in a fork of a process that did so.
    """
    return (
        x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.float64)
        and x.numel() > 0
        and not torch.compiler.is_compiling()
        and _numba_is_there()
        and os.getpid() == _process()
    )


@lru_cache(maxsize=1)
def _process() -> int:
    """Return the process that first worked here: the threads of OpenMP do not survive a fork."""
    return os.getpid()


def normalize_activate(x: Tensor, labels: Tensor, coefficients: tuple[Tensor, Tensor] | None, recipe: Recipe) -> Tensor:
    """Return ``x`` normalized and activated.

    Args:
        x: Features, ``[nodes, channels]``.
        labels: Cluster of every node, ``[nodes]``.
        coefficients: Numerators ``[clusters, 6]`` and denominators ``[clusters, 4]``, for ``rational``.
        recipe: What is computed.
    """
    numerator, denominator = coefficients or (x.new_empty(0, 6), x.new_empty(0, 4))
    y: Tensor = _NormalizeActivate.apply(x, labels, numerator, denominator, recipe)  # type: ignore[no-untyped-call]
    return y


class _NormalizeActivate(torch.autograd.Function):
    """Keeps the input and the statistics; the backward computes the rest again, which is faster than reading it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, labels: Tensor, numerator: Tensor, denominator: Tensor, recipe: Recipe) -> Tensor:
        ctx.save_for_backward(x, labels, numerator, denominator)
        with _threads():
            call = ctx.call = _Call(x, labels, numerator, denominator, recipe)
            return call.forward()

    @staticmethod
    @first_derivative_only
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        # Reading the saved tensors makes autograd check that nobody has written to them since.
        _, _, _, denominator = ctx.saved_tensors
        with _threads():
            grad_x, *coefficients = ctx.call.backward(gradients[0])
        return grad_x, None, *(coefficients if denominator.numel() else (None, None)), None


@lru_cache(maxsize=1)
def _kernels() -> Any:
    """Return the module of the loops. Not at import: Numba takes a third of a second to load."""
    from cna_viz.nn import kernels

    stats = getattr(kernels.backward, "stats", None)  # there are none where Numba is told not to compile
    if stats and not any(Path(stats.cache_path).glob("kernels.backward-*.nbi")):
        logging.getLogger(__name__).warning("compiling the loops of CNA for this processor (once, about 15 seconds)")
    return kernels


@contextmanager
def _threads() -> Iterator[None]:
    """Let Numba use as many threads as torch uses; one caller at a time, as not all of Numba's pools stand more."""
    import numba

    with _LOCK:
        before = numba.get_num_threads()
        most: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]  # made at import
        numba.set_num_threads(min(torch.get_num_threads(), most))
        try:
            yield
        finally:
            numba.set_num_threads(before)


class _Call:
    """One forward and its backward, in NumPy."""

    def __init__(self, x: Tensor, labels: Tensor, numerator: Tensor, denominator: Tensor, recipe: Recipe) -> None:
        self.kernels = kernels = _kernels()
        self.normalization = {"none": kernels.NO_NORM, "group": kernels.GROUP_NORM, "node": kernels.NODE_NORM}[
            recipe.normalization
        ]
        self.activation = {"none": kernels.NO_ACTIVATION, "relu": kernels.RELU, "rational": kernels.RATIONAL}[
            recipe.activation
        ]
        self.x = x.detach().contiguous().numpy()
        self.coefficients = _coefficients(numerator, denominator, recipe, x.detach())
        self.eps = np.array([recipe.eps], self.x.dtype)
        self.order = self._sort(labels, recipe)
        self.counts, self.stats = np.ones(1, np.int64), (self.x[:1], self.x[:1], self.x[:1])
        if recipe.normalization == "group":
            self.counts, self.stats = kernels.measure(self.x, *self.order, recipe.groups, recipe.eps)

    def _sort(self, labels: Tensor, recipe: Recipe) -> tuple[Array, Array]:
        alike = recipe.groups == 1 and recipe.activation != "rational"
        clusters, numbers = (1, np.zeros(len(labels), np.int64)) if alike else (recipe.clusters, labels.numpy())
        _refuse_outside(numbers, clusters)
        order: tuple[Array, Array] = self.kernels.sort(numbers, clusters, _rows(len(self.x), self.x.shape[1], clusters))
        return order

    def forward(self) -> Tensor:
        return torch.from_numpy(
            self.kernels.forward(
                self.x,
                *self.order,
                self.stats,
                self.eps,
                self.coefficients,
                self.normalization,
                self.activation,
            )
        )

    def backward(self, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        grad, numerator, denominator = self.kernels.backward(
            self.x,
            *self.order,
            self.counts,
            self.stats,
            self.eps,
            self.coefficients,
            self.normalization,
            self.activation,
            gradient.contiguous().numpy(),
        )
        return torch.from_numpy(grad), torch.from_numpy(numerator), torch.from_numpy(denominator)


def _coefficients(numerator: Tensor, denominator: Tensor, recipe: Recipe, x: Tensor) -> tuple[Array, Array]:
    """Return the coefficients of the rationals in the type of ``x``; zeros where there are none."""
    if recipe.activation != "rational":
        return x.new_zeros(recipe.clusters, 6).numpy(), x.new_zeros(recipe.clusters, 4).numpy()
    # Types are changed by torch: NumPy has no bfloat16.
    a, b = (coefficients.detach().to(x.dtype).contiguous().numpy() for coefficients in (numerator, denominator))
    return a, b


def _rows(nodes: int, channels: int, clusters: int) -> int:
    """Return how many rows a chunk has: worth a thread, not too many chunks, and sums that do not outgrow the features.

    It does not depend on the number of threads, so neither do the sums.
    """
    return max(-(-CHUNK // channels), 16 * clusters, -(-nodes // CHUNKS))


def _refuse_outside(labels: Array, count: int) -> None:
    # The kernels don't look where they write. As unsigned numbers, negative labels are enormous.
    if labels.view(np.uint64).max() >= count:
        raise UsageError(
            f"labels from {labels.min()} to {labels.max()} are out of range: they must be at least 0 and at most "
            f"{count - 1}, as there are {count} clusters"
        )
