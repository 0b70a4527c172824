"""Features made of the graph alone, for graphs that have none: degree, onehot, random:K, laplacian:K."""

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import scipy.sparse as sp
import torch
from scipy.sparse.linalg import ArpackNoConvergence, eigsh
from torch import Tensor

from cna_viz.data.own.parts import check_size
from cna_viz.errors import UsageError, shown

MOST_ONEHOT: Final = 20_000
"""Maximum number of nodes with a feature each."""
_DENSE: Final = 1000
"""Number of nodes up to which all eigenvectors are computed."""
_WORDS: Final = re.compile(r"(degree|onehot)|(random|laplacian):(\d{1,6})")


def is_structural(features: str | None) -> bool:
    """Whether ``--features`` says how to make features of the graph."""
    return features is not None and _WORDS.fullmatch(features) is not None


def structural(features: str, edges: Tensor, nodes: int, *, many: bool) -> Tensor:
    """Return features of a graph.

    Args:
        features: degree (number of neighbours), onehot (a feature per node), random:K (standard normal, seed 0), or
            laplacian:K (eigenvectors of the symmetric normalized Laplacian with the smallest eigenvalues, after the
            first one; the largest entry is positive).
        edges: Edges in both directions.
        nodes: Number of nodes.
        many: Whether it is a dataset of graphs, whose nodes have no common numbers.

    Raises:
        UsageError: It can't be made for this graph.
    """
    parsed = _WORDS.fullmatch(features)
    assert parsed is not None, features
    word, columns = parsed[1] or parsed[2], int(parsed[3] or 1)
    if many and word in {"onehot", "laplacian"}:
        raise UsageError(f"--features {word} is for one graph: for many use degree or random:{columns}")
    if columns < 1 or (word == "laplacian" and columns >= nodes):
        raise UsageError(f"--features {shown(features)} is out of range: it must be 1 to {nodes - 1} for {nodes} nodes")
    check_size(4 * nodes * columns, f"features {features}")
    return MAKERS[word](edges, nodes, columns)


def _degree(edges: Tensor, nodes: int, _: int) -> Tensor:
    return torch.bincount(edges[0], minlength=nodes).float().unsqueeze(1)


def _onehot(_: Tensor, nodes: int, __: int) -> Tensor:
    if nodes > MOST_ONEHOT:
        raise UsageError(f"--features onehot is for at most {MOST_ONEHOT:,} nodes, not {nodes:,}: use random:32")
    return torch.eye(nodes)


def _random(_: Tensor, nodes: int, columns: int) -> Tensor:
    return torch.randn(nodes, columns, generator=torch.Generator().manual_seed(0))


def _laplacian(edges: Tensor, nodes: int, columns: int) -> Tensor:
    ones = np.ones(edges.shape[1])
    laplacian = sp.csgraph.laplacian(sp.csr_matrix((ones, edges.numpy()), shape=(nodes, nodes)), normed=True)
    vectors = _smallest(laplacian, columns + 1)[:, 1:]
    # Of entries that are equal but for rounding the first: on a path the two ends are, with opposite signs.
    near = np.abs(vectors) >= 0.999 * np.abs(vectors).max(axis=0)
    largest = vectors[near.argmax(axis=0), np.arange(columns)]
    return torch.from_numpy(np.ascontiguousarray(vectors * np.where(largest < 0, -1, 1))).float()


def _smallest(laplacian: sp.csr_matrix, count: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """Return the eigenvectors of the smallest eigenvalues, ascending, the same on every call."""
    nodes = laplacian.shape[0]
    if nodes <= _DENSE or count >= nodes:
        check_size(8 * nodes * nodes, "the Laplacian")
        return np.linalg.eigh(laplacian.toarray())[1][:, :count]
    flipped = 2 * sp.eye_array(nodes) - laplacian  # eigenvalues lie in [0, 2], and the largest are found fastest
    try:
        values, vectors = eigsh(flipped, k=count, which="LA", v0=np.random.default_rng(0).normal(size=nodes))
    except ArpackNoConvergence:
        raise UsageError(f"--features laplacian:{count - 1} does not converge on this graph: use random:32") from None
    found: np.ndarray[tuple[int, int], np.dtype[np.float64]] = vectors[:, np.argsort(-values, kind="stable")]
    return found


MAKERS: Final[dict[str, Callable[[Tensor, int, int], Tensor]]] = {
    "degree": _degree,
    "onehot": _onehot,
    "random": _random,
    "laplacian": _laplacian,
}
"""Makers of features, each from edges, number of nodes and number of columns."""
