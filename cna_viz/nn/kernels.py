r"""The loops of normalization and activation for CPUs, compiled by Numba.

:func:`sort`, :func:`forward` and :func:`backward` pass over all nodes, in this order. A pass shares chunks of nodes out
to the threads of OpenMP and adds their sums up in the order of the chunks, so results do not depend on the number of
threads. OpenMP, as its threads spin while waiting, like torch's: starting Python's own threads takes longer than a pass
over a small graph.

Nodes of a cluster share statistics and rational function, so the loops take the nodes of a chunk in the order of their
clusters. The backward copies a batch of one cluster into a block that stays in the cache and works on it as one long
row. Features are read from memory twice forward and twice backward, and nothing else is kept in between.

Notation, for node i of cluster f and group k (nodes that are normalized together: cluster f, or all nodes):

.. math::

    z_{ic} = \left((x_{ic} - p_{kc}) - s_{kc}\right) r_{kc}, \qquad y_{ic} = R_f(z_{ic})

with a pivot p (the median of three nodes of the group), the shift s from it to the mean, and the reciprocal r of the
standard deviation. Subtracting the pivot first keeps small differences of large features.

Scalars take their type from the arrays: a literal would turn float32 into float64 arithmetic. Helpers work on many
rows: counting the references to arrays costs more than the work on one row. All is in one file because Numba only
recompiles files that changed, not their callers.
"""

from collections.abc import Callable
from typing import Any, Final, cast

import numba
import numpy as np
from numpy.typing import NDArray

from cna_viz.loops import FAST, Parameters, Result, compiled

Array = NDArray[Any]
Pair = tuple[Array, Array]
"""Arrays for the coefficients a and b, or for the sums Σ g and Σ g·z."""
Stats = tuple[Array, Array, Array]
"""Pivot, shift and reciprocal standard deviation, ``[groups, channels]``."""
Kind = tuple[int, int]
"""Normalization and activation."""

# How x becomes z, and z becomes y. Plain integers, as compiled loops branch on them.
NO_NORM, GROUP_NORM, NODE_NORM = 0, 1, 2
NO_ACTIVATION, RELU, RATIONAL = 0, 1, 2

BLOCK = 4096
"""Entries of a block: 16 KiB of float32 for each array in use."""

PARALLEL: Final = {"prange": True} | dict.fromkeys(
    ("comprehension", "reduction", "inplace_binop", "setitem", "numpy", "stencil", "fusion"), False
)
"""Only ``prange`` runs in parallel; array expressions are too small."""


def _exactly(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile a helper whose operations are never reordered, even within a reordered expression."""
    # Without its own set a helper would inherit its caller's.
    made = numba.njit(nogil=True, cache=True, fastmath={"nsz"}, error_model="numpy")(function)
    return cast(Callable[Parameters, Result], made)


def _pass(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile a pass over all chunks at its first call and keep the result on disk."""
    options = {"nogil": True, "cache": True, "fastmath": set(FAST), "error_model": "numpy", "parallel": PARALLEL}
    made = numba.njit(**options)(function)  # type: ignore[call-overload]
    return cast(Callable[Parameters, Result], made)


@_exactly
def _minus(a: Any, b: Any) -> Any:
    return a - b


@_exactly
def _centered(x: Any, pivot: Any, shift: Any) -> Any:
    """Return (x - p) - s, which must not become x - (p + s)."""
    return (x - pivot) - shift


@_exactly
def _reciprocal_root(one: Any, variance: Any) -> Any:
    """Return 1 / √variance, without the faster approximation that turns infinity into NaN."""
    return one / np.sqrt(variance)


@_pass
def sort(labels: Array, clusters: int, rows: int) -> tuple[Array, Array]:
    """Sort the nodes of every chunk of ``rows`` rows by cluster.

    Returns:
        The nodes, ``[nodes]``, and the start of each cluster of each chunk in them, ``[chunks, clusters + 1]``.
    """
    count = len(labels)
    chunks = (count + rows - 1) // rows
    nodes, starts = np.empty(count, np.int64), np.zeros((chunks, clusters + 1), np.int64)
    for chunk in numba.prange(chunks):
        _sort_chunk(labels, chunk * rows, min(count, (chunk + 1) * rows), nodes, starts[chunk])
    return nodes, starts


@_pass
def forward(
    x: Array,
    nodes: Array,
    starts: Array,
    a: Array,
    b: Array,
    normalization: int,
    activation: int,
    groups: int,
    eps: float,
    y: Array,
) -> tuple[Array, Array]:
    """Write the normalized and activated features to ``y``; return the size of each group and its :data:`Stats`."""
    counts, stats = np.ones(1, np.int64), np.zeros((3, 1, 1), x.dtype)
    if normalization == GROUP_NORM:
        counts, stats = measure(x, nodes, starts, groups, eps)
    for chunk in numba.prange(len(starts)):
        of_groups = (stats[0], stats[1], stats[2])
        _forward_chunk(x, nodes, starts[chunk], of_groups, eps, (a, b), (normalization, activation), y)
    return counts, stats


@_pass
def measure(x: Array, nodes: Array, starts: Array, groups: int, eps: float) -> tuple[Array, Array]:
    """Return the size of each group, at least 1, and its statistics, ``[3, groups, channels]``."""
    chunks, channels = len(starts), x.shape[1]
    stats = np.empty((3, groups, channels), x.dtype)
    counts, pivot = pivots(x, nodes, starts, groups)
    totals, squares = np.zeros((chunks, groups, channels)), np.zeros((chunks, groups, channels))
    for chunk in numba.prange(chunks):
        _add_moments(x, nodes, starts[chunk], pivot, totals[chunk], squares[chunk])
    total, square = _total(totals), _total(squares)
    for k in range(groups):
        counts[k] = max(1, counts[k])
        share = 1.0 / counts[k]
        for c in range(channels):
            mean = total[k, c] * share
            stats[0, k, c], stats[1, k, c] = pivot[k, c], mean
            stats[2, k, c] = _reciprocal_root(1.0, _at_least_zero(square[k, c] * share - mean * mean) + eps)
    return counts, stats


@_pass
def backward(
    x: Array,
    nodes: Array,
    starts: Array,
    counts: Array,
    stats: Array,
    a: Array,
    b: Array,
    normalization: int,
    activation: int,
    eps: float,
    gradient: Array,
    grad: Array,
) -> tuple[Array, Array]:
    """Write the gradient of x to ``grad`` and return those of the coefficients a and b."""
    chunks, clusters, (_, groups, channels) = len(starts), len(a), stats.shape
    sums = np.zeros((2, chunks, groups, channels))
    numerator, denominator = np.zeros((chunks, clusters, 6)), np.zeros((chunks, clusters, 4))
    for chunk in numba.prange(chunks):
        of_groups, kind = (stats[0], stats[1], stats[2]), (normalization, activation)
        of_chunk = ((sums[0, chunk], sums[1, chunk]), (numerator[chunk], denominator[chunk]))
        _backward_chunk(x, nodes, starts[chunk], of_groups, eps, (a, b), kind, gradient, grad, of_chunk)
    if normalization == GROUP_NORM:
        plain, slope = _mean(sums[0], counts, x), _mean(sums[1], counts, x)
        for chunk in numba.prange(chunks):
            _group_backward_chunk(x, nodes, starts[chunk], (stats[0], stats[1], stats[2]), (plain, slope), grad)
    return _total(numerator).astype(x.dtype), _total(denominator).astype(x.dtype)


@compiled
def _total(sums: Array) -> Array:
    """Return the sums over all chunks, adding contiguous rows, which the compiler vectorizes."""
    total: Array = np.zeros(sums.shape[1:])
    for chunk in range(len(sums)):
        for k in range(total.shape[0]):
            for c in range(total.shape[1]):
                total[k, c] += sums[chunk, k, c]
    return total


@compiled
def _mean(sums: Array, counts: Array, like: Array) -> Array:
    """Return the sums over all chunks divided by the size of each group, in the type of ``like``."""
    total, mean = _total(sums), np.empty(sums.shape[1:], like.dtype)
    for k in range(sums.shape[1]):
        share = 1.0 / counts[k]
        for c in range(sums.shape[2]):
            mean[k, c] = total[k, c] * share
    return mean


@compiled
def _sort_chunk(labels: Array, first: int, last: int, nodes: Array, starts: Array) -> None:
    """Sort the nodes first .. last - 1 stably by cluster into ``nodes``.

    ``starts``, [clusters + 1], all zero at first, becomes the start of each cluster in ``nodes``, and the end.
    """
    clusters = len(starts) - 1
    for i in range(first, last):
        starts[labels[i] + 1] += 1
    starts[0] = first
    for f in range(clusters):
        starts[f + 1] += starts[f]
    free = starts.copy()
    for i in range(first, last):
        nodes[free[labels[i]]] = i
        free[labels[i]] += 1


@compiled
def pivots(x: Array, nodes: Array, starts: Array, groups: int) -> tuple[Array, Array]:
    """Return the size of each group, and the median of three of its nodes: a single one may be an outlier."""
    counts, three = np.zeros(groups, np.int64), np.zeros((groups, 3), np.int64)
    for chunk in range(len(starts)):
        for f in range(starts.shape[1] - 1):
            k, start, stop = f if groups > 1 else 0, starts[chunk, f], starts[chunk, f + 1]
            for taken in range(counts[k], min(counts[k] + stop - start, 3)):
                three[k, taken] = nodes[start + taken - counts[k]]
            counts[k] += stop - start
    pivot = np.zeros((groups, x.shape[1]), x.dtype)
    for k in range(groups):
        # For two nodes either will do.
        i, j, h = three[k, 0], three[k, min(max(counts[k] - 1, 0), 1)], three[k, 2 if counts[k] > 2 else 0]
        for c in range(x.shape[1]):
            low, high = min(x[i, c], x[j, c]), max(x[i, c], x[j, c])
            pivot[k, c] = max(low, min(high, x[h, c]))
    return counts, pivot


@compiled
def _add_moments(x: Array, nodes: Array, starts: Array, pivot: Array, total: Array, square: Array) -> None:
    """Add Σ(x - p) and Σ(x - p)² of each group to ``total`` and ``square``, float64, [groups, channels]."""
    channels, rows = x.shape[1], max(2, BLOCK // x.shape[1])
    partial, partial_square = np.zeros(channels, x.dtype), np.zeros(channels, x.dtype)
    for f in range(len(starts) - 1):
        k = f if len(pivot) > 1 else 0
        for start in range(starts[f], starts[f + 1], rows):
            stop = min(starts[f + 1], start + rows)
            # Two rows at a time halve the reads and writes of the sums.
            for j in range(start, stop - 1, 2):
                i, h = nodes[j], nodes[j + 1]
                for c in range(channels):
                    one, other = x[i, c] - pivot[k, c], x[h, c] - pivot[k, c]
                    partial[c] += one + other
                    partial_square[c] += one * one + other * other
            if (stop - start) % 2:
                i = nodes[stop - 1]
                for c in range(channels):
                    one = x[i, c] - pivot[k, c]
                    partial[c] += one
                    partial_square[c] += one * one
            _flush(partial, total, k)
            _flush(partial_square, square, k)


@compiled
def _flush(partial: Array, total: Array, k: int) -> None:
    """Add the sum of a batch, in the type of x, to that of the group, in float64, and clear it."""
    for c in range(len(partial)):
        total[k, c] += partial[c]
        partial[c] = 0


@compiled
def _forward_chunk(
    x: Array, nodes: Array, starts: Array, stats: Stats, eps: float, coefficients: Pair, kind: Kind, y: Array
) -> None:
    """Write the normalized and activated features of the nodes to ``y``."""
    normalization, activation = kind
    channels, (pivot, shift, reciprocal) = x.shape[1], stats
    for f in range(len(starts) - 1):
        k = f if len(pivot) > 1 else 0
        a, b = _of_cluster(coefficients, f)
        for j in range(starts[f], starts[f + 1]):
            i = nodes[j]
            # The compiler moves the choice of the activation out of the loops over channels.
            if normalization == GROUP_NORM:
                for c in range(channels):
                    z = _centered(x[i, c], pivot[k, c], shift[k, c]) * reciprocal[k, c]
                    y[i, c] = _activated(z, activation, a, b)
            elif normalization == NODE_NORM:
                origin, mean, scale = _node_statistics(x, i, eps)
                for c in range(channels):
                    y[i, c] = _activated(_centered(x[i, c], origin, mean) * scale, activation, a, b)
            elif activation == RATIONAL:
                for c in range(channels):
                    y[i, c] = _wide_rational(x[i, c], a, b)
            else:
                for c in range(channels):
                    y[i, c] = _activated(x[i, c], activation, a, b)


@compiled
def _of_cluster(coefficients: Pair, f: int) -> tuple[Any, Any]:
    """Return the coefficients of P and of Q of one cluster; for Q a leading one and absolute values."""
    a, b = coefficients
    one = a.dtype.type(1)
    return (
        (a[f, 0], a[f, 1], a[f, 2], a[f, 3], a[f, 4], a[f, 5]),
        (one, abs(b[f, 0]), abs(b[f, 1]), abs(b[f, 2]), abs(b[f, 3])),
    )


@compiled
def _slopes(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, Any]:
    """Return the coefficients of P' and Q'."""
    one = b[0]
    two = one + one
    three, four = two + one, two + two
    five = four + one
    return (a[1], two * a[2], three * a[3], four * a[4], five * a[5]), (b[1], two * b[2], three * b[3], four * b[4])


@compiled
def _activated(z: Any, activation: int, a: tuple[Any, ...], b: tuple[Any, ...]) -> Any:
    """Return R(z) = P(z)/Q(z), ReLU of z, or z."""
    if activation == RATIONAL:
        s = abs(z)
        top = ((((a[5] * z + a[4]) * z + a[3]) * z + a[2]) * z + a[1]) * z + a[0]
        return top / ((((b[4] * s + b[3]) * s + b[2]) * s + b[1]) * s + b[0])
    if activation == RELU:
        return _at_least_zero(z)
    return z


@_exactly
def _at_least_zero(z: Any) -> Any:
    """Return max(0, z); NaN stays NaN."""
    return type(z)(0) if z < 0 else z


@compiled
def _wide_rational(z: Any, a: tuple[Any, ...], b: tuple[Any, ...]) -> Any:
    """Return P(z)/Q(z) for z of any size: P/w⁵ and Q/w⁴ with w = max(1, |z|) do not overflow where z⁵ would."""
    one = b[0]
    w = max(one, abs(z))
    t = one / w
    v = z * t
    s = abs(v)
    t2 = t * t
    t3 = t2 * t
    t4 = t2 * t2
    top = ((((a[5] * v + a[4] * t) * v + a[3] * t2) * v + a[2] * t3) * v + a[1] * t4) * v + a[0] * t4 * t
    return w * (top / ((((b[4] * s + b[3] * t) * s + b[2] * t2) * s + b[1] * t3) * s + t4))


@compiled
def _backward_chunk(
    x: Array,
    nodes: Array,
    starts: Array,
    stats: Stats,
    eps: float,
    coefficients: Pair,
    kind: Kind,
    gradient: Array,
    grad: Array,
    sums: tuple[Pair, Pair],
) -> None:
    """Write the gradient at z (with node normalization at x) to ``grad`` and add to the float64 ``sums``.

    These are Σ g and Σ g·z over each group, [groups, channels], and the gradients of a, [clusters, 6], and b,
    [clusters, 4].
    """
    (normalization, activation), (group_sums, coefficient_sums) = kind, sums
    channels, grouped = x.shape[1], len(stats[0]) > 1
    rows = max(2, BLOCK // channels)
    flat, flat_grad = np.empty(rows * channels, x.dtype), np.empty(rows * channels, x.dtype)
    block, block_grad = flat.reshape(rows, channels), flat_grad.reshape(rows, channels)
    partial = (np.zeros(channels, x.dtype), np.zeros(channels, x.dtype))
    for f in range(len(starts) - 1):
        k = f if grouped else 0
        for start in range(starts[f], starts[f + 1], rows):
            batch = nodes[start : min(starts[f + 1], start + rows)]
            _read(x, gradient, batch, stats, k, eps, normalization, block, block_grad)
            entries = len(batch) * channels
            if activation == RATIONAL and normalization == NO_NORM:
                _wide_rational_backward(flat, flat_grad, entries, coefficients, f, coefficient_sums)
            elif activation == RATIONAL:
                _rational_backward(flat, flat_grad, entries, coefficients, f, coefficient_sums)
            elif activation == RELU:
                _relu_backward(flat, flat_grad, entries)
            if normalization == NODE_NORM:
                _node_backward(x, batch, eps, block, block_grad)
            if normalization == GROUP_NORM:
                _write_and_add(block, block_grad, batch, grad, partial)
                _flush(partial[0], group_sums[0], k)
                _flush(partial[1], group_sums[1], k)
            else:
                _write(block_grad, batch, grad)


@compiled
def _group_backward_chunk(x: Array, nodes: Array, starts: Array, stats: Stats, means: Pair, grad: Array) -> None:
    """Turn the gradient at z in ``grad`` into that at x: r (g - mean(g) - z · mean(g·z)), means over the group."""
    pivot, shift, reciprocal = stats
    plain, slope = means
    for f in range(len(starts) - 1):
        k = f if len(pivot) > 1 else 0
        for j in range(starts[f], starts[f + 1]):
            i = nodes[j]
            for c in range(x.shape[1]):
                z = _centered(x[i, c], pivot[k, c], shift[k, c]) * reciprocal[k, c]
                grad[i, c] = (grad[i, c] - plain[k, c] - z * slope[k, c]) * reciprocal[k, c]


@compiled
def _read(
    x: Array, gradient: Array, batch: Array, stats: Stats, k: int, eps: float, normalization: int, z: Array, grad: Array
) -> None:
    """Copy a batch of group k to the first rows of ``z``, normalized, and its gradient to those of ``grad``."""
    channels, (pivot, shift, reciprocal) = x.shape[1], stats
    for row in range(len(batch)):
        i = batch[row]
        if normalization == GROUP_NORM:
            for c in range(channels):
                z[row, c] = _centered(x[i, c], pivot[k, c], shift[k, c]) * reciprocal[k, c]
                grad[row, c] = gradient[i, c]
        elif normalization == NODE_NORM:
            origin, mean, scale = _node_statistics(x, i, eps)
            for c in range(channels):
                z[row, c] = _centered(x[i, c], origin, mean) * scale
                grad[row, c] = gradient[i, c]
        else:
            for c in range(channels):
                z[row, c] = x[i, c]
                grad[row, c] = gradient[i, c]


@compiled
def _write(block: Array, batch: Array, y: Array) -> None:
    for row in range(len(batch)):
        i = batch[row]
        for c in range(y.shape[1]):
            y[i, c] = block[row, c]


@compiled
def _write_and_add(z: Array, block: Array, batch: Array, grad: Array, sums: Pair) -> None:
    """Write a batch of gradients to ``grad`` and add Σ g and Σ g·z to ``sums``."""
    plain, slope = sums
    # Two rows at a time halve the reads and writes of the sums.
    for j in range(0, len(batch) - 1, 2):
        i, h = batch[j], batch[j + 1]
        for c in range(z.shape[1]):
            one, other = block[j, c], block[j + 1, c]
            grad[i, c], grad[h, c] = one, other
            plain[c] += one + other
            slope[c] += one * z[j, c] + other * z[j + 1, c]
    if len(batch) % 2:
        j = len(batch) - 1
        i = batch[j]
        for c in range(z.shape[1]):
            one = block[j, c]
            grad[i, c] = one
            plain[c] += one
            slope[c] += one * z[j, c]


@compiled
def _node_statistics(x: Array, i: int, eps: float) -> tuple[Any, Any, Any]:
    """Return the first feature of a row, the mean distance from it, and the reciprocal standard deviation."""
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
    # The released code of CNA divides by channels - 1.
    variance = variance / x.dtype.type(max(channels - 1, 1)) + x.dtype.type(eps)
    return origin, mean, _reciprocal_root(x.dtype.type(1), variance)


@compiled
def _node_backward(x: Array, batch: Array, eps: float, z: Array, grad: Array) -> None:
    """Turn the gradient at z into that at the rows, each normalized over its channels."""
    channels = x.shape[1]
    for j in range(len(batch)):
        scale = _node_statistics(x, batch[j], eps)[2]
        mean, slope = z.dtype.type(0), z.dtype.type(0)
        for c in range(channels):
            mean += grad[j, c]
            slope += grad[j, c] * z[j, c]
        mean /= z.dtype.type(channels)
        slope /= z.dtype.type(max(channels - 1, 1))
        for c in range(channels):
            grad[j, c] = (grad[j, c] - mean - z[j, c] * slope) * scale


@compiled
def _relu_backward(z: Array, grad: Array, entries: int) -> None:
    zero = z.dtype.type(0)
    for e in range(entries):
        grad[e] = grad[e] if z[e] > zero else zero


def _make_rational_backward(wide: bool) -> Callable[[Array, Array, int, Pair, int, Pair], None]:
    @compiled
    def backward(z: Array, grad: Array, entries: int, coefficients: Pair, f: int, sums: Pair) -> None:
        a, b = _of_cluster(coefficients, f)
        p, q = _slopes(a, b)
        a0, a1, a2, a3, a4, a5 = a
        one, b1, b2, b3, b4 = b
        c0, c1, c2, c3, c4 = p
        d0, d1, d2, d3 = q
        zero = z.dtype.type(0)
        n0, n1, n2, n3, n4, n5 = zero, zero, zero, zero, zero, zero
        m1, m2, m3, m4 = zero, zero, zero, zero
        for e in range(entries):
            w = max(one, abs(z[e])) if wide else one
            t = one / w
            v = z[e] * t
            s = abs(v)
            t2 = t * t
            t3 = t2 * t
            t4 = t2 * t2
            reciprocal = one / ((((b4 * s + b3 * t) * s + b2 * t2) * s + b1 * t3) * s + t4)
            y = (((((a5 * v + a4 * t) * v + a3 * t2) * v + a2 * t3) * v + a1 * t4) * v + a0 * t4 * t) * reciprocal
            scaled = grad[e] * reciprocal
            top = (((c4 * v + c3 * t) * v + c2 * t2) * v + c1 * t3) * v + c0 * t4
            bottom = ((d3 * s + d2 * t) * s + d1 * t2) * s + d0 * t3
            sign = one if v > zero else (-one if v < zero else zero)
            grad[e] = scaled * (top - y * bottom * sign)
            v2 = v * v
            v4 = v2 * v2
            n0 += scaled * t4
            n1 += scaled * v * t3
            n2 += scaled * v2 * t2
            n3 += scaled * v2 * v * t if wide else scaled * (v2 * v)  # the order decides the last bits
            n4 += scaled * v4
            n5 += scaled * v4 * v * w
            weighted = scaled * y
            m1 -= weighted * s * t2
            m2 -= weighted * v2 * t
            m3 -= weighted * v2 * s
            m4 -= weighted * v4 * w
        _add(sums[0], f, (n0, n1, n2, n3, n4, n5))
        _add_signed(sums[1], f, (m1, m2, m3, m4), coefficients[1])

    return backward


# Turn the gradient at y in ``grad`` into that at z and add the gradients of a and b to ``sums``. With R = P/Q:
# dR/dz = (P' - R Q')/Q, dR/da_i = z^i / Q, dR/d|b_j| = -R |z|^j / Q. For z of any size all is divided by powers of
# w = max(1, |z|).
_rational_backward, _wide_rational_backward = _make_rational_backward(False), _make_rational_backward(True)


@compiled
def _add(sums: Array, label: int, values: tuple[Any, ...]) -> None:
    for index in range(len(values)):
        sums[label, index] += values[index]


@compiled
def _add_signed(sums: Array, label: int, values: tuple[Any, ...], b: Array) -> None:
    """Add the gradients of |b| as those of b."""
    for index in range(len(values)):
        if b[label, index] > 0:
            sums[label, index] += values[index]
        elif b[label, index] < 0:
            sums[label, index] -= values[index]
