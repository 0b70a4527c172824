"""Normalization and activation in one go on the CPU, with a backward of its own.

The interface between torch and :mod:`cna_viz.nn.kernels`: it shares the rows out to threads, makes statistics of the
sums and gives autograd what it needs. :class:`~cna_viz.nn.cna.CNA` uses it where :func:`supports` says so; the modules
it composes compute the same with plain torch everywhere else.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from cna_viz.errors import UsageError

Array = NDArray[Any]

CHUNK: Final = 2**18
"""Least number of entries of a chunk of rows. Chunks do not depend on the number of threads, so neither do the sums."""


@dataclass(frozen=True)
class Recipe:
    """What is computed.

    Attributes:
        normalization: ``group`` (over the nodes of each group), ``node`` (over the channels of each node) or ``none``.
        activation: ``rational``, ``relu`` or ``none``.
        groups: Number of groups that are normalized over: that of the clusters, or 1 for all nodes together.
        eps: Added to the variance.
    """

    normalization: str
    activation: str
    groups: int
    eps: float


@lru_cache(maxsize=1)
def _numba_is_there() -> bool:
    return find_spec("numba") is not None


def supports(x: Tensor) -> bool:
    """Whether ``x`` can be normalized and activated here: a float32 or float64 tensor on the CPU, not being traced."""
    return (
        x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.float64)
        and x.numel() > 0
        and not torch.compiler.is_compiling()
        and _numba_is_there()
    )


def normalize_activate(x: Tensor, labels: Tensor, coefficients: tuple[Tensor, Tensor] | None, recipe: Recipe) -> Tensor:
    """Return ``x`` normalized and activated.

    Args:
        x: Features, ``[nodes, channels]``.
        labels: Cluster of every node, ``[nodes]``.
        coefficients: Numerators ``[clusters, 6]`` and denominators ``[clusters, 4]``, for ``rational``.
        recipe: What is computed.
    """
    numerator, denominator = coefficients or (x.new_empty(0, 6), x.new_empty(0, 4))
    groups = labels if recipe.groups > 1 else torch.zeros_like(labels)
    y: Tensor = _NormalizeActivate.apply(x, groups, labels, numerator, denominator, recipe)  # type: ignore[no-untyped-call]
    return y


class _NormalizeActivate(torch.autograd.Function):
    """Keeps the input and the statistics; the backward computes the rest again, which is faster than reading it."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, groups: Tensor, labels: Tensor, numerator: Tensor, denominator: Tensor, recipe: Recipe
    ) -> Tensor:
        ctx.save_for_backward(x, groups, labels, numerator, denominator)
        call = ctx.call = _Call(x, groups, labels, numerator, denominator, recipe)
        return call.forward()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        # Reading the saved tensors makes autograd check that nobody has written to them since.
        _, _, _, _, denominator = ctx.saved_tensors
        grad_x, grad_numerator, grad_size = ctx.call.backward(gradients[0])
        return grad_x, None, None, grad_numerator, grad_size * denominator.sign(), None


class _Call:
    """One forward and its backward, in NumPy."""

    def __init__(
        self, x: Tensor, groups: Tensor, labels: Tensor, numerator: Tensor, denominator: Tensor, recipe: Recipe
    ) -> None:
        from cna_viz.nn import kernels

        self.kernels = kernels
        self.normalization = {"none": kernels.NO_NORM, "group": kernels.GROUP_NORM, "node": kernels.NODE_NORM}[
            recipe.normalization
        ]
        self.activation = {"none": kernels.NO_ACTIVATION, "relu": kernels.RELU, "rational": kernels.RATIONAL}[
            recipe.activation
        ]
        self.x = x.detach().contiguous().numpy()
        self.groups, self.labels = groups.numpy(), labels.numpy()
        if recipe.groups > 1:
            _refuse_outside(self.groups, recipe.groups)
        if recipe.activation == "rational":
            _refuse_outside(self.labels, len(numerator))
        dtype = self.x.dtype
        a = numerator.detach().numpy().astype(dtype)
        b = np.abs(denominator.detach().numpy()).astype(dtype)
        self.coefficients = (a, np.concatenate([np.ones((len(b), 1), dtype), b], axis=1))
        self.eps = np.array([recipe.eps], dtype)
        self.chunks = list(_chunks(x.shape[0], x.shape[1], max(recipe.groups, len(a))))
        self.counts = np.ones((1, 1))
        self.stats = (self.x[:0], self.x[:0], self.x[:0])
        if recipe.normalization == "group":
            self._measure(recipe)

    def _measure(self, recipe: Recipe) -> None:
        """Compute pivot, shift and reciprocal standard deviation of every group."""
        counts, first = self.kernels.members(self.groups, recipe.groups)
        pivot = self.x[first]
        totals = [np.zeros((len(self.chunks), *pivot.shape)) for _ in range(2)]

        def measure(number: int, first: int, last: int) -> None:
            self.kernels.moments(self.x, self.groups, pivot, first, last, totals[0][number], totals[1][number])

        _share_out(measure, self.chunks)
        self.counts = np.maximum(counts, 1)[:, None]
        shift, square = (total.sum(axis=0) / self.counts for total in totals)
        dtype = self.x.dtype
        with np.errstate(invalid="ignore", over="ignore"):  # features that are not finite, or nearly so
            variance = np.maximum(square - shift * shift, 0)
            self.stats = (pivot, shift.astype(dtype), (1 / np.sqrt(variance + recipe.eps)).astype(dtype))

    def forward(self) -> Tensor:
        y = np.empty_like(self.x)

        def run(number: int, first: int, last: int) -> None:
            self.kernels.forward(
                self.x,
                self.groups,
                self.labels,
                self.stats,
                self.eps,
                self.coefficients,
                self.normalization,
                self.activation,
                first,
                last,
                y,
            )

        _share_out(run, self.chunks)
        return torch.from_numpy(y)

    def backward(self, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, b = self.coefficients
        # Derivatives of P and Q: the coefficients times their powers.
        slopes = [np.ascontiguousarray(p[:, 1:] * np.arange(1, p.shape[1], dtype=p.dtype)) for p in (a, b)]
        g, grad = gradient.contiguous().numpy(), np.empty_like(self.x)
        count = len(self.chunks)
        group_sums = [np.zeros((count, *self.stats[0].shape)) for _ in range(2)]
        coefficient_sums = [np.zeros((count, len(a), 6)), np.zeros((count, len(a), 4))]

        def run(number: int, first: int, last: int) -> None:
            self.kernels.backward(
                self.x,
                self.groups,
                self.labels,
                self.stats,
                self.eps,
                (a, b, slopes[0], slopes[1]),
                self.normalization,
                self.activation,
                first,
                last,
                g,
                grad,
                (group_sums[0][number], group_sums[1][number]),
                (coefficient_sums[0][number], coefficient_sums[1][number]),
            )

        _share_out(run, self.chunks)
        if self.normalization == self.kernels.GROUP_NORM:
            self._finish_group(grad, group_sums)
        dtype = self.x.dtype
        numerator, size = (torch.from_numpy(sums.sum(axis=0).astype(dtype)) for sums in coefficient_sums)
        return torch.from_numpy(grad), numerator, size

    def _finish_group(self, grad: Array, sums: list[Array]) -> None:
        plain, slope = ((total.sum(axis=0) / self.counts).astype(self.x.dtype) for total in sums)

        def run(number: int, first: int, last: int) -> None:
            self.kernels.group_backward(self.x, self.groups, self.stats, (plain, slope), first, last, grad)

        _share_out(run, self.chunks)


def _refuse_outside(labels: Array, count: int) -> None:
    # The kernels don't look where they write. As unsigned numbers, negative labels are enormous.
    if labels.view(np.uint64).max() >= count:
        raise UsageError(
            f"labels from {labels.min()} to {labels.max()} are out of range: they must be at least 0 and at most "
            f"{count - 1}, as there are {count} clusters"
        )


def _chunks(nodes: int, channels: int, clusters: int) -> Iterator[tuple[int, int]]:
    """Cut the rows into pieces that are worth a thread, and not so many that their sums outgrow the features."""
    rows = max(-(-CHUNK // channels), 4 * clusters)
    for first in range(0, nodes, rows):
        yield first, min(nodes, first + rows)


def _share_out(work: Callable[[int, int, int], None], chunks: list[tuple[int, int]]) -> None:
    """Call ``work(number, first, last)`` for every chunk, on as many threads as torch uses."""
    pending = iter(list(enumerate(chunks)))

    def drain() -> None:
        # Taking the next item of a list iterator is one step of the interpreter: no two threads get the same.
        for number, (first, last) in pending:
            work(number, first, last)

    helpers = min(torch.get_num_threads(), len(chunks)) - 1
    futures = [_pool(os.getpid(), helpers).submit(drain) for _ in range(helpers)] if helpers else []
    drain()
    for future in futures:
        future.result()


@lru_cache(maxsize=1)
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """Threads of this process: those of a parent do not survive a fork."""
    return ThreadPoolExecutor(threads, thread_name_prefix="cna-viz")
