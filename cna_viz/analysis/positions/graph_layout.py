"""Layouts of graphs: neighbours close to each other, connected components side by side.

Each component starts from pivot distances (pivot MDS: Brandes and Pich, *Eigensolver methods for progressive
multidimensional scaling of large data*, GD 2006) and is then relaxed: a small one by networkx's springs, a large one by
the optimizer of UMAP (arXiv 1802.03426), which takes seconds where springs take minutes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_array

from cna_viz.analysis.positions.kept import kept_array, look_up
from cna_viz.files import cache_root

Array = np.ndarray[Any, Any]

GAP: Final = 1.0
"""Space between two drawings, in side lengths of a drawing of one node."""
PIVOTS: Final = 50
SPRINGS: Final = 300
"""Nodes up to which a component is relaxed by springs: their time grows with the square of the nodes."""
EPOCHS: Final = 200
MIN_DISTANCE: Final = 1.0
SPREAD: Final = 1.5
REPULSION: Final = 5.0
LEAST: Final = 0.02
"""Least weight of an edge by the greatest: the optimizer drops what is below one part in :data:`EPOCHS`."""
SEED: Final = 0


def graph_layout(edges: Array, nodes: int, cache: Path | None = None) -> Array:
    """Return positions of the nodes, always the same for the same graph, and keep them on disk.

    Args:
        edges: ``[2, edges]``; directions, repetitions and self-loops make no difference.
        nodes: Number of nodes.
        cache: Folder of kept layouts; the user's cache folder when left out.

    Returns:
        ``[nodes, 2]``, float32, within a box around the origin whose longer side is 2.
    """
    return kept_array(*_identity(edges, nodes, cache), lambda: _all_components(edges, nodes))


def kept_layout(edges: Array, nodes: int, cache: Path | None = None) -> Array | None:
    """Return the result of :func:`graph_layout` if it was computed before, at once; else None."""
    return look_up(*_identity(edges, nodes, cache))


def _identity(edges: Array, nodes: int, cache: Path | None) -> tuple[Path, list[Array], object]:
    """Return the folder and the key of a kept layout."""
    parameters = (nodes, PIVOTS, SPRINGS, EPOCHS, MIN_DISTANCE, SPREAD, REPULSION, LEAST, SEED)
    return cache or cache_root() / "layouts", [np.ascontiguousarray(edges, dtype=np.int64)], parameters


def pack(drawings: Sequence[Array], members: Sequence[Array]) -> Array:
    """Put drawings side by side in rows, the largest first, each as large as its number of nodes.

    Args:
        drawings: Positions of each, ``[its nodes, 2]``.
        members: Numbers of its nodes; together all from 0 on, each once.

    Returns:
        Positions of all nodes, ``[nodes, 2]``, within a box around the origin whose longer side is 2.
    """
    scaled = [_scaled(drawing) for drawing in drawings]
    sizes = [drawing.max(axis=0) + GAP for drawing in scaled]
    width = max(max(size[0] for size in sizes), float(np.sqrt(1.2 * sum(size[0] * size[1] for size in sizes))))
    positions = np.empty((sum(map(len, members)), 2))
    left, top, height = 0.0, 0.0, 0.0
    for number in sorted(range(len(sizes)), key=lambda number: (-len(members[number]), number)):
        if left and left + sizes[number][0] > width:
            left, top, height = 0.0, top - height, 0.0
        height = max(height, sizes[number][1])
        positions[members[number]] = scaled[number] + (left, top - scaled[number][:, 1].max())
        left += sizes[number][0]
    low, high = positions.min(axis=0), positions.max(axis=0)
    return np.asarray((positions - (low + high) / 2) / ((high - low).max() / 2 or 1))


def _scaled(drawing: Array) -> Array:
    """Return a drawing from the origin on whose longer side is the root of its number of nodes, less that of one."""
    drawing = drawing - drawing.min(axis=0)
    return np.asarray(drawing / (drawing.max() or 1) * (np.sqrt(len(drawing)) - 1))


def undirected(edges: Array) -> Array:
    """Return every edge once, its smaller end first, without self-loops, in ascending order; ``[2, edges]``."""
    ends = np.sort(edges[:, edges[0] != edges[1]], axis=0)
    return np.unique(ends, axis=1)


def _all_components(edges: Array, nodes: int) -> Array:
    from scipy.sparse.csgraph import connected_components

    ends = undirected(edges)
    one_way = csr_array((np.ones(ends.shape[1], np.float32), (ends[0], ends[1])), shape=(nodes, nodes))
    adjacency = csr_array(one_way + one_way.T)
    _, component = connected_components(adjacency, directed=False)
    members = np.split(np.argsort(component, kind="stable"), np.cumsum(np.bincount(component))[:-1])
    return pack([_component(adjacency[part][:, part]) for part in members], members).astype(np.float32)


def _component(adjacency: csr_array) -> Array:
    nodes = adjacency.shape[0]
    if nodes <= 2:
        return np.stack([np.arange(nodes), np.zeros(nodes)], axis=1)
    start = _pivot_positions(adjacency)
    if nodes > SPRINGS:
        return _relax(adjacency, start)
    import networkx as nx

    graph, first = nx.from_scipy_sparse_array(adjacency), dict(enumerate(start))
    positions = nx.spring_layout(graph, pos=first, method="energy", iterations=300, seed=SEED)
    return np.stack([positions[node] for node in range(nodes)])


def _pivot_positions(adjacency: csr_array) -> Array:
    """Return positions whose distances approximate those from pivots along edges, as a start."""
    from scipy.sparse.csgraph import shortest_path

    nodes = adjacency.shape[0]
    pivot, nearest, hops = int(np.argmax(np.diff(adjacency.indptr))), np.full(nodes, np.inf), []
    for _ in range(min(PIVOTS, nodes)):
        hops.append(shortest_path(adjacency, directed=False, unweighted=True, indices=pivot))
        nearest = np.minimum(nearest, hops[-1])
        pivot = int(nearest.argmax())
    squares = np.square(np.stack(hops, axis=1))
    centered = squares.mean(axis=0) + squares.mean(axis=1, keepdims=True) - squares - squares.mean()
    _, vectors = np.linalg.eigh(centered.T @ centered)
    positions = centered @ vectors[:, :-3:-1]
    # Nodes that are equally far from all pivots would lie on each other, where no force tells them apart.
    jitter = 1e-3 * np.random.default_rng(SEED).standard_normal(positions.shape)
    return np.asarray(positions / (np.abs(positions).max() or 1) + jitter)


def _relax(adjacency: csr_array, start: Array) -> Array:
    from umap.umap_ import find_ab_params, simplicial_set_embedding

    a, b = find_ab_params(spread=SPREAD, min_dist=MIN_DISTANCE)
    positions, _ = simplicial_set_embedding(
        data=np.zeros((len(start), 1), np.float32),  # ignored, as a start is given
        graph=_weighted(adjacency),
        n_components=2,
        initial_alpha=1.0,
        a=a,
        b=b,
        gamma=REPULSION,
        negative_sample_rate=5,
        n_epochs=EPOCHS,
        init=(10 * start).astype(np.float32),
        random_state=np.random.RandomState(SEED),
        metric="euclidean",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
    )
    return np.asarray(positions, dtype=np.float64)


def _weighted(adjacency: csr_array) -> Any:
    """Return edges that pull less the more neighbours their ends have, so that hubs don't draw all to one spot."""
    edges = adjacency.tocoo()
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    weight = (degree[edges.row] * degree[edges.col]) ** -0.25
    edges.data = np.maximum(weight / weight.max(), LEAST).astype(np.float32)
    return edges
