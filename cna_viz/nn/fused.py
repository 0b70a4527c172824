"""Normalization and activation in one go on the CPU, with a backward of its own.

The interface between torch and :mod:`cna_viz.nn.kernels`: it gives the loops what they read and autograd what it needs.
:class:`~cna_viz.nn.cna.CNA` uses it where :func:`supports` says so; its parts compute the same with plain torch
everywhere else.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.nn.compiled import Threads, load_kernels
from cna_viz.nn.derivative import first_derivative_only
from cna_viz.nn.order import Order, OrderMemory, sort_nodes

Array = NDArray[Any]


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


def normalize_activate(
    x: Tensor,
    labels: Tensor,
    coefficients: tuple[Tensor, Tensor] | None,
    recipe: Recipe,
    memory: OrderMemory | None = None,
) -> Tensor:
    """Return ``x`` normalized and activated.

    Args:
        x: Features, ``[nodes, channels]``.
        labels: Cluster of every node, ``[nodes]``.
        coefficients: Numerators ``[clusters, 6]`` and denominators ``[clusters, 4]``, for ``rational``.
        recipe: What is computed.
        memory: Saves sorting the nodes as long as the labels are the same tensor.

    Raises:
        UsageError: When there are not as many labels as nodes, or a label is no cluster.
    """
    if labels.shape[0] != x.shape[0]:  # the loops don't look where they read
        raise UsageError(f"{labels.shape[0]} labels don't go with {x.shape[0]} nodes: each node needs one")
    numerator, denominator = coefficients or (x.new_zeros(recipe.clusters, 6), x.new_zeros(recipe.clusters, 4))
    alike = recipe.groups == 1 and recipe.activation != "rational"
    order = sort_nodes(labels, x.shape[1], 1 if alike else recipe.clusters, memory or OrderMemory())
    if torch.is_grad_enabled():
        y: Tensor = _NormalizeActivate.apply(x, numerator, denominator, order, recipe)  # type: ignore[no-untyped-call]
        return y
    return _Call(x, numerator, denominator, order, recipe).forward()


class _NormalizeActivate(torch.autograd.Function):
    """Keeps the input and the statistics; the backward computes the rest again, which is faster than reading it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, numerator: Tensor, denominator: Tensor, order: Order, recipe: Recipe) -> Tensor:
        ctx.save_for_backward(x, numerator, denominator)
        ctx.call = _Call(x, numerator, denominator, order, recipe)
        y: Tensor = ctx.call.forward()
        return y

    @staticmethod
    @first_derivative_only
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        # Autograd checks that nobody has written to the saved tensors since.
        _ = ctx.saved_tensors
        return *ctx.call.backward(gradients[0]), None, None


class _Call:
    """One forward and its backward, in NumPy."""

    def __init__(self, x: Tensor, numerator: Tensor, denominator: Tensor, order: Order, recipe: Recipe) -> None:
        self.kernels = kernels = load_kernels()
        self.order, self.groups, self.eps = order, recipe.groups, recipe.eps
        self.x = _array(x, x.dtype)
        self.coefficients = (_array(numerator, x.dtype), _array(denominator, x.dtype))
        self.kind = _kind(kernels, recipe.normalization, recipe.activation)

    def forward(self) -> Tensor:
        # Made here and not by Numba: NumPy asks the system for large pages, which large arrays are written to faster.
        y = np.empty_like(self.x)
        with Threads():
            self.counts, self.stats = self.kernels.forward(
                self.x, self.order.nodes, self.order.starts, *self.coefficients, *self.kind, self.groups, self.eps, y
            )
        return torch.from_numpy(y)

    def backward(self, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        grad = np.empty_like(self.x)
        with Threads():
            numerator, denominator = self.kernels.backward(
                self.x,
                self.order.nodes,
                self.order.starts,
                self.counts,
                self.stats,
                *self.coefficients,
                *self.kind,
                self.eps,
                gradient.contiguous().numpy(),
                grad,
            )
        return torch.from_numpy(grad), torch.from_numpy(numerator), torch.from_numpy(denominator)


def _array(tensor: Tensor, dtype: torch.dtype) -> Array:
    # Types are changed by torch: NumPy has no bfloat16.
    tensor = tensor if tensor.dtype == dtype else tensor.detach().to(dtype)
    array: Array = tensor.contiguous().numpy(force=True)
    return array


def _kind(kernels: Any, normalization: str, activation: str) -> tuple[int, int]:
    """Return the numbers by which the kernels know a normalization and an activation."""
    return (
        {"none": kernels.NO_NORM, "group": kernels.GROUP_NORM, "node": kernels.NODE_NORM}[normalization],
        {"none": kernels.NO_ACTIVATION, "relu": kernels.RELU, "rational": kernels.RATIONAL}[activation],
    )
