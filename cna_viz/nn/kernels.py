r"""The loops of normalization and activation for CPUs, compiled by Numba.

Every kernel works on the rows ``first .. last`` of its arrays, so that :mod:`cna_viz.nn.fused` can hand out chunks of
rows to threads; the interpreter lock is released. A chunk is worked off in blocks that stay in the cache: features are
read from memory twice forward and twice backward, and nothing but them is kept in between.

Notation, for node i of group k = groups[i] (which nodes are normalized together) and of cluster f = labels[i] (which
nodes share a rational function):

.. math::

    z_{ic} = \left((x_{ic} - p_{kc}) - s_{kc}\right) r_{kc}, \qquad y_{ic} = R_f(z_{ic})

with a pivot p (the features of one node of the group), the shift s that leads from it to the mean, and r the reciprocal
of the standard deviation. Subtracting the pivot first keeps small differences of large features.

Two habits make these loops fast. Scalars take their type from the arrays: a literal would turn float32 into float64
arithmetic. Helpers work on many rows: counting the references to arrays costs more than the work on one row.
"""

from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# How x becomes z, and how z becomes y. Plain integers, because compiled loops branch on them.
NO_NORM, GROUP_NORM, NODE_NORM = 0, 1, 2
NO_ACTIVATION, RELU, RATIONAL = 0, 1, 2

BLOCK = 4096
"""Entries of a block: with float32, 16 KiB for each of the arrays that are worked on at once."""

# Sums may be reordered, so that they use vector instructions; infinities and NaN keep their meaning.
_FAST: Final = {"reassoc", "contract", "nsz", "arcp"}


def _compiled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile at the first call and keep the result on disk."""
    compiled = numba.njit(nogil=True, cache=True, fastmath=_FAST, error_model="numpy")(function)
    return cast(Callable[Parameters, Result], compiled)


def _exactly(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile a helper whose operations are done as written, also where it becomes part of a reordered expression."""
    # Without a set of its own a helper would take over that of its caller.
    compiled = numba.njit(nogil=True, cache=True, fastmath={"nsz"}, error_model="numpy")(function)
    return cast(Callable[Parameters, Result], compiled)


@_exactly
def _minus(a: Any, b: Any) -> Any:
    """Return a - b."""
    return a - b


@_exactly
def _centered(x: Any, pivot: Any, shift: Any) -> Any:
    """Return (x - p) - s. Reordered it would be x - (p + s), and what p is there for would be lost."""
    return (x - pivot) - shift


@_exactly
def _reciprocal_root(one: Any, variance: Any) -> Any:
    """Return 1 / √variance; processors have a faster approximation, which makes NaN of infinity."""
    return one / np.sqrt(variance)


@_compiled
def members(groups: Array, count: int) -> tuple[Array, Array]:
    """Return how many nodes each group has and the first of them (node 0 where it has none)."""
    sizes, first = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for i in range(groups.shape[0] - 1, -1, -1):
        sizes[groups[i]] += 1
        first[groups[i]] = i
    return sizes, first


@_compiled
def moments(x: Array, groups: Array, pivot: Array, first: int, last: int, total: Array, square: Array) -> None:
    """Add Σ(x - p) and Σ(x - p)² of each group to ``total`` and ``square``, float64, [groups, channels]."""
    for i in range(first, last):
        k = groups[i]
        for c in range(x.shape[1]):
            difference = total.dtype.type(x[i, c] - pivot[k, c])
            total[k, c] += difference
            square[k, c] += difference * difference


@_compiled
def forward(
    x: Array,
    groups: Array,
    labels: Array,
    stats: tuple[Array, Array, Array],
    eps: Array,
    coefficients: tuple[Array, Array],
    normalization: int,
    activation: int,
    first: int,
    last: int,
    y: Array,
) -> None:
    """Write the normalized and activated rows to ``y``."""
    rows = max(1, BLOCK // x.shape[1])
    for start in range(first, last, rows):
        stop = min(last, start + rows)
        _normalize(x, groups, stats, eps, normalization, start, stop, y[start:stop])
        if activation == RATIONAL and normalization == NO_NORM:
            _wide_rational(y, labels, coefficients, start, stop)
        elif activation == RATIONAL:
            _rational(y, labels, coefficients, start, stop)
        elif activation == RELU:
            _relu(y, start, stop)


@_compiled
def backward(
    x: Array,
    groups: Array,
    labels: Array,
    stats: tuple[Array, Array, Array],
    eps: Array,
    coefficients: tuple[Array, Array, Array, Array],
    normalization: int,
    activation: int,
    first: int,
    last: int,
    gradient: Array,
    grad: Array,
    group_sums: tuple[Array, Array],
    coefficient_sums: tuple[Array, Array],
) -> None:
    """Write the gradient at z to ``grad`` (at x where every row is normalized alone) and add up what the rest needs.

    That is, in float64: Σ g and Σ g·z over the nodes of each group, [groups, channels], and the gradients of the
    coefficients a and |b| of the rationals, [clusters, 6] and [clusters, 4].
    """
    rows = max(1, BLOCK // x.shape[1])
    block = np.empty((rows, x.shape[1]), x.dtype)
    for start in range(first, last, rows):
        stop = min(last, start + rows)
        z = block[: stop - start]
        _normalize(x, groups, stats, eps, normalization, start, stop, z)
        if activation == RATIONAL and normalization == NO_NORM:
            _wide_rational_backward(z, labels, coefficients, start, gradient, grad, coefficient_sums)
        elif activation == RATIONAL:
            _rational_backward(z, labels, coefficients, start, gradient, grad, coefficient_sums)
        else:
            _relu_backward(z, activation, start, gradient, grad)
        if normalization == GROUP_NORM:
            _add_group_sums(z, groups, start, grad, group_sums)
        elif normalization == NODE_NORM:
            _node_backward(x, z, eps, start, grad)


@_compiled
def group_backward(
    x: Array,
    groups: Array,
    stats: tuple[Array, Array, Array],
    means: tuple[Array, Array],
    first: int,
    last: int,
    grad: Array,
) -> None:
    """Turn the gradient at z in ``grad`` into that at x: r (g - mean(g) - z · mean(g·z)), means over the group."""
    pivot, shift, reciprocal = stats
    plain, slope = means
    for i in range(first, last):
        k = groups[i]
        for c in range(x.shape[1]):
            z = _centered(x[i, c], pivot[k, c], shift[k, c]) * reciprocal[k, c]
            grad[i, c] = (grad[i, c] - plain[k, c] - z * slope[k, c]) * reciprocal[k, c]


@_compiled
def _normalize(
    x: Array,
    groups: Array,
    stats: tuple[Array, Array, Array],
    eps: Array,
    normalization: int,
    start: int,
    stop: int,
    z: Array,
) -> None:
    """Write the normalized rows start .. stop to the rows 0 .. stop - start of ``z``."""
    channels = x.shape[1]
    if normalization == GROUP_NORM:
        pivot, shift, reciprocal = stats
        for i in range(start, stop):
            k = groups[i]
            for c in range(channels):
                z[i - start, c] = _centered(x[i, c], pivot[k, c], shift[k, c]) * reciprocal[k, c]
    elif normalization == NODE_NORM:
        for i in range(start, stop):
            origin, mean, scale = _node_statistics(x, i, eps[0])
            for c in range(channels):
                z[i - start, c] = _centered(x[i, c], origin, mean) * scale
    else:
        for i in range(start, stop):
            for c in range(channels):
                z[i - start, c] = x[i, c]


@_compiled
def _node_statistics(x: Array, i: int, eps: Any) -> tuple[Any, Any, Any]:
    """Return the first feature of a row, the mean of the features minus it, and the reciprocal standard deviation."""
    channels = x.shape[1]
    origin, zero = x[i, 0], x.dtype.type(0)
    mean = zero
    for c in range(channels):
        mean += _minus(x[i, c], origin)
    mean /= x.dtype.type(channels)
    variance = zero
    for c in range(channels):
        difference = _centered(x[i, c], origin, mean)
        variance += difference * difference
    # The released code of CNA divides by channels - 1; a single channel has no spread.
    return origin, mean, _reciprocal_root(x.dtype.type(1), variance / x.dtype.type(max(channels - 1, 1)) + eps)


@_compiled
def _node_backward(x: Array, z: Array, eps: Array, start: int, grad: Array) -> None:
    """Turn the gradient at z into that at the rows that were normalized alone."""
    rows, channels = z.shape
    for i in range(rows):
        scale = _node_statistics(x, start + i, eps[0])[2]
        mean, slope = z.dtype.type(0), z.dtype.type(0)
        for c in range(channels):
            mean += grad[start + i, c]
            slope += grad[start + i, c] * z[i, c]
        mean /= z.dtype.type(channels)
        slope /= z.dtype.type(max(channels - 1, 1))
        for c in range(channels):
            grad[start + i, c] = (grad[start + i, c] - mean - z[i, c] * slope) * scale


@_compiled
def _add_group_sums(z: Array, groups: Array, start: int, grad: Array, sums: tuple[Array, Array]) -> None:
    plain, slope = sums
    for i in range(z.shape[0]):
        k = groups[start + i]
        for c in range(z.shape[1]):
            g = grad[start + i, c]
            plain[k, c] += g
            slope[k, c] += g * z[i, c]


@_compiled
def _relu(y: Array, start: int, stop: int) -> None:
    zero = y.dtype.type(0)
    for i in range(start, stop):
        for c in range(y.shape[1]):
            y[i, c] = zero if y[i, c] < zero else y[i, c]  # this way round, NaN stays NaN


@_compiled
def _relu_backward(z: Array, activation: int, start: int, gradient: Array, grad: Array) -> None:
    """Write the gradient at z: of ReLU, or the gradient as it came where nothing activates."""
    zero = z.dtype.type(0)
    for i in range(z.shape[0]):
        if activation == RELU:
            for c in range(z.shape[1]):
                grad[start + i, c] = gradient[start + i, c] if z[i, c] > zero else zero
        else:
            for c in range(z.shape[1]):
                grad[start + i, c] = gradient[start + i, c]


@_compiled
def _rational(y: Array, labels: Array, coefficients: tuple[Array, Array], start: int, stop: int) -> None:
    """Replace z by P(z)/Q(z) in place. Coefficients of Q are absolute values with a leading one."""
    a, b = coefficients
    for i in range(start, stop):
        f = labels[i]
        a0, a1, a2, a3, a4, a5 = a[f, 0], a[f, 1], a[f, 2], a[f, 3], a[f, 4], a[f, 5]
        one, b1, b2, b3, b4 = b[f, 0], b[f, 1], b[f, 2], b[f, 3], b[f, 4]
        for c in range(y.shape[1]):
            v = y[i, c]
            s = abs(v)
            top = ((((a5 * v + a4) * v + a3) * v + a2) * v + a1) * v + a0
            y[i, c] = top / ((((b4 * s + b3) * s + b2) * s + b1) * s + one)


@_compiled
def _wide_rational(y: Array, labels: Array, coefficients: tuple[Array, Array], start: int, stop: int) -> None:
    """The same for z of any size: P/w⁵ and Q/w⁴ with w = max(1, |z|) do not overflow where z⁵ would."""
    a, b = coefficients
    for i in range(start, stop):
        f = labels[i]
        a0, a1, a2, a3, a4, a5 = a[f, 0], a[f, 1], a[f, 2], a[f, 3], a[f, 4], a[f, 5]
        one, b1, b2, b3, b4 = b[f, 0], b[f, 1], b[f, 2], b[f, 3], b[f, 4]
        for c in range(y.shape[1]):
            w = max(one, abs(y[i, c]))
            t = one / w
            v = y[i, c] * t
            s = abs(v)
            t2 = t * t
            t3 = t2 * t
            t4 = t2 * t2
            top = ((((a5 * v + a4 * t) * v + a3 * t2) * v + a2 * t3) * v + a1 * t4) * v + a0 * t4 * t
            y[i, c] = w * (top / ((((b4 * s + b3 * t) * s + b2 * t2) * s + b1 * t3) * s + t4))


@_compiled
def _rational_backward(
    z: Array,
    labels: Array,
    coefficients: tuple[Array, Array, Array, Array],
    start: int,
    gradient: Array,
    grad: Array,
    sums: tuple[Array, Array],
) -> None:
    """Write the gradient at z to ``grad`` and add the gradients of a and |b| to ``sums``.

    With R = P/Q: dR/dz = (P' - R Q')/Q, dR/da_i = z^i / Q, dR/d|b_j| = -R |z|^j / Q.
    """
    a, b, a_slope, b_slope = coefficients
    zero = z.dtype.type(0)
    for i in range(z.shape[0]):
        f = labels[start + i]
        a0, a1, a2, a3, a4, a5 = a[f, 0], a[f, 1], a[f, 2], a[f, 3], a[f, 4], a[f, 5]
        one, b1, b2, b3, b4 = b[f, 0], b[f, 1], b[f, 2], b[f, 3], b[f, 4]
        c0, c1, c2, c3, c4 = a_slope[f, 0], a_slope[f, 1], a_slope[f, 2], a_slope[f, 3], a_slope[f, 4]
        d0, d1, d2, d3 = b_slope[f, 0], b_slope[f, 1], b_slope[f, 2], b_slope[f, 3]
        n0, n1, n2, n3, n4, n5 = zero, zero, zero, zero, zero, zero
        m1, m2, m3, m4 = zero, zero, zero, zero
        for c in range(z.shape[1]):
            v = z[i, c]
            s = abs(v)
            reciprocal = one / ((((b4 * s + b3) * s + b2) * s + b1) * s + one)
            y = (((((a5 * v + a4) * v + a3) * v + a2) * v + a1) * v + a0) * reciprocal
            scaled = gradient[start + i, c] * reciprocal
            top = (((c4 * v + c3) * v + c2) * v + c1) * v + c0
            bottom = ((d3 * s + d2) * s + d1) * s + d0
            sign = one if v > zero else (-one if v < zero else zero)
            grad[start + i, c] = scaled * (top - y * bottom * sign)
            v2 = v * v
            v3 = v2 * v
            v4 = v2 * v2
            n0 += scaled
            n1 += scaled * v
            n2 += scaled * v2
            n3 += scaled * v3
            n4 += scaled * v4
            n5 += scaled * v4 * v
            weighted = scaled * y
            m1 -= weighted * s
            m2 -= weighted * v2
            m3 -= weighted * v2 * s
            m4 -= weighted * v4
        _add(sums[0], f, (n0, n1, n2, n3, n4, n5))
        _add(sums[1], f, (m1, m2, m3, m4))


@_compiled
def _wide_rational_backward(
    z: Array,
    labels: Array,
    coefficients: tuple[Array, Array, Array, Array],
    start: int,
    gradient: Array,
    grad: Array,
    sums: tuple[Array, Array],
) -> None:
    """The same for z of any size, with everything divided by powers of w = max(1, |z|)."""
    a, b, a_slope, b_slope = coefficients
    zero = z.dtype.type(0)
    for i in range(z.shape[0]):
        f = labels[start + i]
        a0, a1, a2, a3, a4, a5 = a[f, 0], a[f, 1], a[f, 2], a[f, 3], a[f, 4], a[f, 5]
        one, b1, b2, b3, b4 = b[f, 0], b[f, 1], b[f, 2], b[f, 3], b[f, 4]
        c0, c1, c2, c3, c4 = a_slope[f, 0], a_slope[f, 1], a_slope[f, 2], a_slope[f, 3], a_slope[f, 4]
        d0, d1, d2, d3 = b_slope[f, 0], b_slope[f, 1], b_slope[f, 2], b_slope[f, 3]
        n0, n1, n2, n3, n4, n5 = zero, zero, zero, zero, zero, zero
        m1, m2, m3, m4 = zero, zero, zero, zero
        for c in range(z.shape[1]):
            w = max(one, abs(z[i, c]))
            t = one / w
            v = z[i, c] * t
            s = abs(v)
            t2 = t * t
            t3 = t2 * t
            t4 = t2 * t2
            reciprocal = one / ((((b4 * s + b3 * t) * s + b2 * t2) * s + b1 * t3) * s + t4)
            y = (((((a5 * v + a4 * t) * v + a3 * t2) * v + a2 * t3) * v + a1 * t4) * v + a0 * t4 * t) * reciprocal
            scaled = gradient[start + i, c] * reciprocal
            top = (((c4 * v + c3 * t) * v + c2 * t2) * v + c1 * t3) * v + c0 * t4
            bottom = ((d3 * s + d2 * t) * s + d1 * t2) * s + d0 * t3
            sign = one if v > zero else (-one if v < zero else zero)
            grad[start + i, c] = scaled * (top - y * bottom * sign)
            v2 = v * v
            v4 = v2 * v2
            n0 += scaled * t4
            n1 += scaled * v * t3
            n2 += scaled * v2 * t2
            n3 += scaled * v2 * v * t
            n4 += scaled * v4
            n5 += scaled * v4 * v * w
            weighted = scaled * y
            m1 -= weighted * s * t2
            m2 -= weighted * v2 * t
            m3 -= weighted * v2 * s
            m4 -= weighted * v4 * w
        _add(sums[0], f, (n0, n1, n2, n3, n4, n5))
        _add(sums[1], f, (m1, m2, m3, m4))


@_compiled
def _add(sums: Array, label: int, values: tuple[Any, ...]) -> None:
    for index in range(len(values)):
        sums[label, index] += values[index]
