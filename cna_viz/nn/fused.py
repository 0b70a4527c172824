"""Normalization and activation in one pass on the CPU, with a hand-written backward.

The interface between torch and the loops of :mod:`cna_viz.nn.kernels`. :class:`~cna_viz.nn.cna.CNA` uses it where
:func:`supports` allows; everywhere else its parts compute the same with plain torch.
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
from cna_viz.nn.compiled import Order, OrderMemory, Threads, load_kernels, sort_nodes
from cna_viz.nn.derivative import first_derivative_only

Array = NDArray[Any]


@dataclass(frozen=True)
class Recipe:
    """The computation.

    Attributes:
        normalization: ``group`` (over the nodes of each group), ``node`` (over the channels of each node) or ``none``.
        activation: ``rational``, ``relu`` or ``none``.
        groups: Number of groups to normalize over: the number of clusters, or 1 for all nodes together.
        clusters: Number of clusters.
        eps: Added to the variance.
    """

    normalization: str
    activation: str
    groups: int
    clusters: int
    eps: float


def supports(x: Tensor) -> bool:
    """Whether the loops take ``x``: a non-empty float32 or float64 tensor on the CPU, not being traced.

    Not in a fork of a process that ran them: the threads of OpenMP do not survive it.
    """
    return (
        x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.float64)
        and x.numel() > 0
        and not torch.compiler.is_compiling()
        and _numba_is_installed()
        and os.getpid() == _first_process()
    )


_numba_is_installed = lru_cache(maxsize=1)(lambda: find_spec("numba") is not None)
_first_process = lru_cache(maxsize=1)(os.getpid)


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
        recipe: The computation.
        memory: Avoids sorting the nodes again as long as the labels are the same tensor.

    Raises:
        UsageError: For another number of labels than nodes, or a label out of range.
    """
    if labels.shape[0] != x.shape[0]:  # the loops check no bounds
        raise UsageError(f"{labels.shape[0]} labels don't go with {x.shape[0]} nodes: each node needs one")
    numerator, denominator = coefficients or (x.new_zeros(recipe.clusters, 6), x.new_zeros(recipe.clusters, 4))
    alike = recipe.groups == 1 and recipe.activation != "rational"
    order = sort_nodes(labels, x.shape[1], 1 if alike else recipe.clusters, memory or OrderMemory())
    if torch.is_grad_enabled():
        y: Tensor = _NormalizeActivate.apply(x, numerator, denominator, order, recipe)  # type: ignore[no-untyped-call]
        return y
    return _Call(x, numerator, denominator, order, recipe).forward()


class _NormalizeActivate(torch.autograd.Function):
    """Keeps the input and the statistics; recomputing the rest in the backward is faster than reading it."""

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
        self.x, self.nodes, self.starts = _array(x, x.dtype), order.nodes, order.starts
        self.groups, self.eps = recipe.groups, recipe.eps
        self.coefficients_and_kind = (
            _array(numerator, x.dtype),
            _array(denominator, x.dtype),
            {"none": kernels.NO_NORM, "group": kernels.GROUP_NORM, "node": kernels.NODE_NORM}[recipe.normalization],
            {"none": kernels.NO_ACTIVATION, "relu": kernels.RELU, "rational": kernels.RATIONAL}[recipe.activation],
        )

    def forward(self) -> Tensor:
        # Made here and not by Numba: NumPy asks the system for large pages, which are faster to write.
        y = np.empty_like(self.x)
        with Threads():
            self.counts, self.stats = self.kernels.forward(
                self.x, self.nodes, self.starts, *self.coefficients_and_kind, self.groups, self.eps, y
            )
        return torch.from_numpy(y)

    def backward(self, gradient: Tensor) -> tuple[Tensor, ...]:
        grad, arrays = np.empty_like(self.x), (self.x, self.nodes, self.starts, self.counts, self.stats)
        outgoing = gradient.contiguous().numpy()
        with Threads():
            others = self.kernels.backward(*arrays, *self.coefficients_and_kind, self.eps, outgoing, grad)
        return tuple(map(torch.from_numpy, (grad, *others)))


def _array(tensor: Tensor, dtype: torch.dtype) -> Array:
    # Torch converts the type: NumPy has no bfloat16.
    tensor = tensor if tensor.dtype == dtype else tensor.detach().to(dtype)
    array: Array = tensor.contiguous().numpy(force=True)
    return array
