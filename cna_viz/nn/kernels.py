r"""The loops of normalization and activation for CPUs, compiled by Numba.

Public are the passes over all nodes, in the order in which they are needed: :func:`sort`, :func:`forward`,
:func:`backward`. A pass shares chunks of nodes out to the threads of OpenMP and adds their sums up in
the order of the chunks, so results do not depend on the number of threads. OpenMP because its threads wait for work
without sleeping, as those of torch do: Python's own threads, which hand the interpreter lock to each other, take
longer to start than a pass over a small graph.

Nodes of a cluster have the same statistics and the same rational function, so the loops take the nodes of a chunk in
the order of their clusters. The backward copies a batch of one cluster into a block that stays in the cache and works
on it as if it were one long row. Features are read from memory twice forward and twice backward, and nothing but them
is kept in between.

Notation, for node i of cluster f and of group k (which nodes are normalized together: cluster f, or all nodes):

.. math::

    z_{ic} = \left((x_{ic} - p_{kc}) - s_{kc}\right) r_{kc}, \qquad y_{ic} = R_f(z_{ic})

with a pivot p (the median of three nodes of the group), the shift s that leads from it to the mean, and r the
reciprocal of the standard deviation. Subtracting the pivot first keeps small differences of large features.

Two habits make these loops fast. Scalars take their type from the arrays: a literal would turn float32 into float64
arithmetic. Helpers work on many rows: counting the references to arrays costs more than the work on one row.

All of it is in one file because Numba compiles again only what is in a file that changed, not what calls it.
"""

from collections.abc import Callable
from typing import Any, Final, cast

import numba
import numpy as np
from numpy.typing import NDArray

from cna_viz.loops import FAST, Parameters, Result, compiled

Array = NDArray[Any]

# How x becomes z, and how z becomes y. Plain integers, because compiled loops branch on them.
NO_NORM, GROUP_NORM, NODE_NORM = 0, 1, 2
NO_ACTIVATION, RELU, RATIONAL = 0, 1, 2

BLOCK = 4096
"""Entries of a block: with float32, 16 KiB for each of the arrays that are worked on at once."""

PARALLEL: Final = {"prange": True} | dict.fromkeys(
    ("comprehension", "reduction", "inplace_binop", "setitem", "numpy", "stencil", "fusion"), False
)
"""Loops that say so run in parallel; expressions of arrays do not, they are small."""


def _exactly(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile a helper whose operations are done as written, also where it becomes part of a reordered expression."""
    # Without a set of its own a helper would take over that of its caller.
    made = numba.njit(nogil=True, cache=True, fastmath={"nsz"}, error_model="numpy")(function)
    return cast(Callable[Parameters, Result], made)


def _pass(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile a pass over all chunks at its first call and keep the result on disk."""
    options = {"nogil": True, "cache": True, "fastmath": set(FAST), "error_model": "numpy", "parallel": PARALLEL}
    made = numba.njit(**options)(function)  # type: ignore[call-overload]
    return cast(Callable[Parameters, Result], made)


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


@_pass
def sort(labels: Array, clusters: int, rows: int) -> tuple[Array, Array]:
    """Sort the nodes of every chunk of so many rows by cluster.

    Returns:
        The nodes, ``[nodes]``, and where each cluster of each chunk begins in them, ``[chunks, clusters + 1]``.
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
    """Write the normalized and activated features to ``y`` and return what the backward needs again.

    That is how many nodes each group has, and the pivot, shift and reciprocal standard deviation of each group,
    ``[3, groups, channels]``. A group is a cluster, or all nodes where there is one group.
    """
    counts, stats = np.ones(1, np.int64), np.zeros((3, 1, 1), x.dtype)
    if normalization == GROUP_NORM:
        counts, stats = measure(x, nodes, starts, groups, eps)
    for chunk in numba.prange(len(starts)):
        _forward_chunk(
            x, nodes, starts[chunk], (stats[0], stats[1], stats[2]), eps, (a, b), normalization, activation, y
        )
    return counts, stats


@_pass
def measure(x: Array, nodes: Array, starts: Array, groups: int, eps: float) -> tuple[Array, Array]:
    """Return how many nodes each group has and its statistics, as :func:`forward` does.

    The number is one where there are none.
    """
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
        _backward_chunk(
            x,
            nodes,
            starts[chunk],
            (stats[0], stats[1], stats[2]),
            eps,
            (a, b),
            normalization,
            activation,
            gradient,
            grad,
            (sums[0, chunk], sums[1, chunk]),
            (numerator[chunk], denominator[chunk]),
        )
    if normalization == GROUP_NORM:
        plain, slope = _mean(sums[0], counts, x), _mean(sums[1], counts, x)
        for chunk in numba.prange(chunks):
            _group_backward_chunk(x, nodes, starts[chunk], (stats[0], stats[1], stats[2]), (plain, slope), grad)
    return _total(numerator).astype(x.dtype), _total(denominator).astype(x.dtype)


@compiled
def _total(sums: Array) -> Array:
    """Return the sums over all chunks. Contiguous rows are added up: the compiler makes vectors of them."""
    total: Array = np.zeros(sums.shape[1:])
    for chunk in range(len(sums)):
        for k in range(total.shape[0]):
            for c in range(total.shape[1]):
                total[k, c] += sums[chunk, k, c]
    return total


@compiled
def _mean(sums: Array, counts: Array, like: Array) -> Array:
    """Return the sums over all chunks by the number of nodes of each group, in the type of ``like``."""
    total, mean = _total(sums), np.empty(sums.shape[1:], like.dtype)
    for k in range(sums.shape[1]):
        share = 1.0 / counts[k]
        for c in range(sums.shape[2]):
            mean[k, c] = total[k, c] * share
    return mean


@compiled
def _sort_chunk(labels: Array, first: int, last: int, nodes: Array, starts: Array) -> None:
    """Write the nodes first .. last - 1 to ``nodes`` in the order of their clusters, where they keep their own order.

    ``starts``, all zero at first, becomes where each cluster begins in ``nodes``, and last the end, [clusters + 1].
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
    """Return how many nodes each group has, and the median of three of them: one alone may be far from all others.

    Args:
        x: Features.
        nodes: Nodes, sorted within each chunk.
        starts: Where each cluster of each chunk begins, [chunks, clusters + 1].
        groups: Number of groups: that of the clusters, or 1 for all nodes together.
    """
    counts, three = np.zeros(groups, np.int64), np.zeros((groups, 3), np.int64)
    for chunk in range(len(starts)):
        for f in range(starts.shape[1] - 1):
            k, start, stop = f if groups > 1 else 0, starts[chunk, f], starts[chunk, f + 1]
            for taken in range(counts[k], min(counts[k] + stop - start, 3)):
                three[k, taken] = nodes[start + taken - counts[k]]
            counts[k] += stop - start
    pivot = np.zeros((groups, x.shape[1]), x.dtype)
    for k in range(groups):
        # Of two nodes either will do.
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
            # Two rows at a time: half as often are the sums read and written.
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
    """Add the sum of a batch to that of the group and empty it: short sums in the type of x, long ones in float64."""
    for c in range(len(partial)):
        total[k, c] += partial[c]
        partial[c] = 0


@compiled
def _forward_chunk(
    x: Array,
    nodes: Array,
    starts: Array,
    stats: tuple[Array, Array, Array],
    eps: float,
    coefficients: tuple[Array, Array],
    normalization: int,
    activation: int,
    y: Array,
) -> None:
    """Write the normalized and activated features of the nodes to ``y``."""
    channels, (pivot, shift, reciprocal) = x.shape[1], stats
    for f in range(len(starts) - 1):
        k = f if len(pivot) > 1 else 0
        a, b = _of_cluster(coefficients, f)
        for j in range(starts[f], starts[f + 1]):
            i = nodes[j]
            # The compiler takes the choice of the activation out of the loops over channels.
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
def _of_cluster(coefficients: tuple[Array, Array], f: int) -> tuple[Any, Any]:
    """Return the coefficients of P and of Q of one cluster; of Q those are absolute values with a leading one."""
    a, b = coefficients
    one = a.dtype.type(1)
    return (
        (a[f, 0], a[f, 1], a[f, 2], a[f, 3], a[f, 4], a[f, 5]),
        (one, abs(b[f, 0]), abs(b[f, 1]), abs(b[f, 2]), abs(b[f, 3])),
    )


@compiled
def _slopes(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, Any]:
    """Return the coefficients of P' and of Q'."""
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
    stats: tuple[Array, Array, Array],
    eps: float,
    coefficients: tuple[Array, Array],
    normalization: int,
    activation: int,
    gradient: Array,
    grad: Array,
    group_sums: tuple[Array, Array],
    coefficient_sums: tuple[Array, Array],
) -> None:
    """Write the gradient at z to ``grad`` (at x where every row is normalized alone) and add up what the rest needs.

    That is, in float64: Σ g and Σ g·z over the nodes of each group, [groups, channels], and the gradients of the
    coefficients a and b of the rationals, [clusters, 6] and [clusters, 4].
    """
    channels, grouped = x.shape[1], len(stats[0]) > 1
    rows = max(2, BLOCK // channels)
    flat, flat_grad = np.empty(rows * channels, x.dtype), np.empty(rows * channels, x.dtype)
    block, block_grad = flat.reshape(rows, channels), flat_grad.reshape(rows, channels)
    partial = (np.zeros(channels, x.dtype), np.zeros(channels, x.dtype))
    for f in range(len(starts) - 1):
        k = f if grouped else 0
        for start in range(starts[f], starts[f + 1], rows):
            stop = min(starts[f + 1], start + rows)
            _read(x, gradient, nodes, start, stop, stats, k, eps, normalization, block, block_grad)
            entries = (stop - start) * channels
            if activation == RATIONAL and normalization == NO_NORM:
                _wide_rational_backward(flat, flat_grad, entries, coefficients, f, coefficient_sums)
            elif activation == RATIONAL:
                _rational_backward(flat, flat_grad, entries, coefficients, f, coefficient_sums)
            elif activation == RELU:
                _relu_backward(flat, flat_grad, entries)
            if normalization == NODE_NORM:
                _node_backward(x, nodes, start, stop, eps, block, block_grad)
            if normalization == GROUP_NORM:
                _write_and_add(block, block_grad, nodes, start, stop, grad, partial)
                _flush(partial[0], group_sums[0], k)
                _flush(partial[1], group_sums[1], k)
            else:
                _write(block_grad, nodes, start, stop, grad)


@compiled
def _group_backward_chunk(
    x: Array,
    nodes: Array,
    starts: Array,
    stats: tuple[Array, Array, Array],
    means: tuple[Array, Array],
    grad: Array,
) -> None:
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
    x: Array,
    gradient: Array,
    nodes: Array,
    start: int,
    stop: int,
    stats: tuple[Array, Array, Array],
    k: int,
    eps: float,
    normalization: int,
    z: Array,
    grad: Array,
) -> None:
    """Copy a batch of group k to the first rows of ``z``, normalized, and its gradient to those of ``grad``."""
    channels, (pivot, shift, reciprocal) = x.shape[1], stats
    for j in range(start, stop):
        i, row = nodes[j], j - start
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
def _write(block: Array, nodes: Array, start: int, stop: int, y: Array) -> None:
    for j in range(start, stop):
        i = nodes[j]
        for c in range(y.shape[1]):
            y[i, c] = block[j - start, c]


@compiled
def _write_and_add(
    z: Array, block: Array, nodes: Array, start: int, stop: int, grad: Array, sums: tuple[Array, Array]
) -> None:
    """Write a batch of gradients to ``grad`` and add Σ g and Σ g·z to ``sums``."""
    plain, slope = sums
    # Two rows at a time: half as often are the sums read and written.
    for j in range(0, stop - start - 1, 2):
        i, h = nodes[start + j], nodes[start + j + 1]
        for c in range(z.shape[1]):
            one, other = block[j, c], block[j + 1, c]
            grad[i, c], grad[h, c] = one, other
            plain[c] += one + other
            slope[c] += one * z[j, c] + other * z[j + 1, c]
    if (stop - start) % 2:
        i, j = nodes[stop - 1], stop - start - 1
        for c in range(z.shape[1]):
            one = block[j, c]
            grad[i, c] = one
            plain[c] += one
            slope[c] += one * z[j, c]


@compiled
def _node_statistics(x: Array, i: int, eps: float) -> tuple[Any, Any, Any]:
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
    return (
        origin,
        mean,
        _reciprocal_root(x.dtype.type(1), variance / x.dtype.type(max(channels - 1, 1)) + x.dtype.type(eps)),
    )


@compiled
def _node_backward(x: Array, nodes: Array, start: int, stop: int, eps: float, z: Array, grad: Array) -> None:
    """Turn the gradient at z into that at the rows that were normalized alone."""
    channels = x.shape[1]
    for j in range(stop - start):
        scale = _node_statistics(x, nodes[start + j], eps)[2]
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


@compiled
def _rational_backward(
    z: Array,
    grad: Array,
    entries: int,
    coefficients: tuple[Array, Array],
    f: int,
    sums: tuple[Array, Array],
) -> None:
    """Turn the gradient at y in ``grad`` into that at z and add the gradients of a and b to ``sums``.

    With R = P/Q: dR/dz = (P' - R Q')/Q, dR/da_i = z^i / Q, dR/d|b_j| = -R |z|^j / Q.
    """
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
        v = z[e]
        s = abs(v)
        reciprocal = one / ((((b4 * s + b3) * s + b2) * s + b1) * s + one)
        y = (((((a5 * v + a4) * v + a3) * v + a2) * v + a1) * v + a0) * reciprocal
        scaled = grad[e] * reciprocal
        top = (((c4 * v + c3) * v + c2) * v + c1) * v + c0
        bottom = ((d3 * s + d2) * s + d1) * s + d0
        sign = one if v > zero else (-one if v < zero else zero)
        grad[e] = scaled * (top - y * bottom * sign)
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
    _add_signed(sums[1], f, (m1, m2, m3, m4), coefficients[1])


@compiled
def _wide_rational_backward(
    z: Array,
    grad: Array,
    entries: int,
    coefficients: tuple[Array, Array],
    f: int,
    sums: tuple[Array, Array],
) -> None:
    """The same for z of any size, with everything divided by powers of w = max(1, |z|)."""
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
        w = max(one, abs(z[e]))
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
        n3 += scaled * v2 * v * t
        n4 += scaled * v4
        n5 += scaled * v4 * v * w
        weighted = scaled * y
        m1 -= weighted * s * t2
        m2 -= weighted * v2 * t
        m3 -= weighted * v2 * s
        m4 -= weighted * v4 * w
    _add(sums[0], f, (n0, n1, n2, n3, n4, n5))
    _add_signed(sums[1], f, (m1, m2, m3, m4), coefficients[1])


@compiled
def _add(sums: Array, label: int, values: tuple[Any, ...]) -> None:
    for index in range(len(values)):
        sums[label, index] += values[index]


@compiled
def _add_signed(sums: Array, label: int, values: tuple[Any, ...], b: Array) -> None:
    """Add gradients of |b|, as those of b."""
    for index in range(len(values)):
        if b[label, index] > 0:
            sums[label, index] += values[index]
        elif b[label, index] < 0:
            sums[label, index] -= values[index]
