"""Every measure of features again: slow, dense, float64, straight from the formula."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def difference_energy(a: Array, x: Array) -> float:
    return sum(a[i, j] * float(((x[i] - x[j]) ** 2).sum()) for i in range(len(x)) for j in range(len(x))) / 2


def survey(a: Array, x: Array) -> float:
    return 2 * difference_energy(a, x) / len(x)


def trace(a: Array, x: Array) -> float:
    return float(np.trace(x.T @ (np.diag(a.sum(1)) - a) @ x))


def sym(a: Array, x: Array) -> float:
    return difference_energy(a, x / np.sqrt(np.maximum(a.sum(1), 1))[:, None])


def sym_loops(a: Array, x: Array) -> float:
    loops = a + np.eye(len(a))
    scale = 1 / np.sqrt(loops.sum(1))
    return float(np.trace(x.T @ (np.eye(len(a)) - scale[:, None] * loops * scale) @ x))


def distances(x: Array) -> Array:
    """Cosine distances; two zero rows are alike, a zero and a non-zero row at distance 1."""
    norms = np.linalg.norm(x, axis=1)
    unit = x / np.where(norms > 0, norms, 1)[:, None]
    table = ((unit[:, None] - unit[None]) ** 2).sum(2) / 2
    zero = norms == 0
    table[zero[:, None] != zero[None]] = 1
    return table


def masked_mean(mask: Array, table: Array) -> float:
    kept = mask.sum(1) > 0
    return float(np.mean([table[i][mask[i] > 0].mean() for i in np.flatnonzero(kept)])) if kept.any() else math.nan


def hop_table(a: Array) -> Array:
    hops = np.full(a.shape, np.inf)
    power = np.eye(len(a))
    for hop in range(len(a)):
        hops[(power > 0) & np.isinf(hops)] = hop
        power = ((power @ (a + np.eye(len(a)))) > 0).astype(float)
    return hops


def mad_gap(a: Array, x: Array, near: int = 3, remote: int = 8) -> float:
    hops, table = hop_table(a), distances(x)
    close = (hops <= near) & ~np.eye(len(a), dtype=bool)
    return masked_mean(hops >= remote, table) - masked_mean(close, table)


def mean_cosine(a: Array, x: Array) -> float:
    table = 1 - distances(x)
    return float(table[~np.eye(len(x), dtype=bool)].mean())


def eigenspace(a: Array, x: Array) -> float:
    component = (~np.isinf(hop_table(a))).argmax(1)
    columns = [np.where(component == k, np.sqrt(a.sum(1) + 1), 0) for k in np.unique(component)]
    basis = np.stack([column / np.linalg.norm(column) for column in columns], axis=1)
    return float(np.linalg.norm(x - basis @ basis.T @ x))


def numerical_rank(a: Array, x: Array) -> float:
    return float(np.linalg.norm(x) ** 2 / np.linalg.norm(x, 2) ** 2)


def effective_rank(a: Array, x: Array) -> float:
    values = np.linalg.svd(x, compute_uv=False)
    share = values[values > 0] / values.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def rank_one_distance(a: Array, x: Array) -> float:
    i, j = np.abs(x).sum(1).argmax(), np.abs(x).sum(0).argmax()
    near = np.outer(x[:, j], x[i]) * (-1 if x[i, j] < 0 else 1)
    return float(np.linalg.norm(x / np.linalg.norm(x, "nuc") - near / np.linalg.norm(near, "nuc"), "nuc"))


def group_distance_ratio(x: Array, y: NDArray[np.int64]) -> float:
    table, classes = np.sqrt(((x[:, None] - x[None]) ** 2).sum(2)), np.unique(y)
    across = sum(table[y == k][:, y != k].mean() for k in classes) / (len(classes) - 1) ** 2
    return float(across / (sum(table[y == k][:, y == k].mean() for k in classes) / len(classes)))


def information_gain(x: Array, inputs: Array, variance: float = 0.1) -> float:
    """Entropy of the inputs minus that given the largest channel, with both entropies as in the released code."""

    def entropy(rows: Array) -> float:
        squares, wide, channels = ((rows[:, None] - rows[None]) ** 2).sum(2), 4 * variance, rows.shape[1]
        logs = np.log(np.exp(-squares / (2 * wide)).sum(1)) - np.log(len(rows))
        upper = channels / 2 - (logs - channels / 2 * np.log(2 * np.pi * wide)).mean()
        return float(upper + np.log(0.25) * channels / 2)

    norms = np.linalg.norm(inputs, axis=1)
    unit, winner = inputs / np.where(norms > 0, norms, 1)[:, None], x.argmax(1)
    given = sum((winner == k).mean() * entropy(unit[winner == k]) for k in np.unique(winner))
    return float((entropy(unit) - given) / np.log(2))


BY_GRAPH: dict[str, Callable[[Array, Array], float]] = {
    "feature_norm": lambda a, x: math.sqrt(sum(value**2 for value in x.flatten().tolist())),
    "dirichlet_survey": survey,
    "dirichlet_trace": trace,
    "dirichlet_sym": sym,
    "dirichlet_sym_loops": sym_loops,
    "rayleigh": lambda a, x: sym_loops(a, x) / float((x**2).sum()),
    "mad": lambda a, x: masked_mean(a, distances(x)),
    "mad_gap": mad_gap,
    "mean_cosine": mean_cosine,
    "eigenspace_distance": eigenspace,
    "eigenspace_distance_normalized": lambda a, x: eigenspace(a, x) / float(np.linalg.norm(x)),
    "numerical_rank": numerical_rank,
    "effective_rank": effective_rank,
    "rank_one_distance": rank_one_distance,
}
"""Those that need features and adjacency only."""
