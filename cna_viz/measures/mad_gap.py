"""MADGap: whether remote nodes remain further apart than near ones. The pairs depend on the graph only."""

from collections.abc import Iterator
from typing import Final, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.measures.edges import EdgeList, check_nodes, edge_sums
from cna_viz.measures.rows import Rows, as_rows, blocks, reciprocal, rescaled

EXACT_NODES: Final = 3000
"""Graphs up to this size (Cora has 2708 nodes) are searched from every node, and all pairs are kept."""

SOURCES: Final = 512
TARGETS: Final = 256
"""In larger graphs: sampled sources, and near and remote nodes sampled for each of them."""

WORD: Final = 64


class Pairs(NamedTuple):
    """Pairs of nodes, with weights that turn a sum over pairs into a mean over sources of means over their targets.

    Attributes:
        source: Start of the search, int64, ``[pairs]``.
        target: Node it found, int64, ``[pairs]``.
        weight: Float64, ``[pairs]``.
    """

    source: Tensor
    target: Tensor
    weight: Tensor


class HopPairs(NamedTuple):
    """Near and remote pairs of a graph.

    Attributes:
        near: Pairs within ``near`` hops.
        remote: Pairs at least ``remote`` hops apart; nodes of different components count as remote.
        sources: Nodes the search starts from, all or a sample, int64.
        exact: Whether these are all pairs.
        nodes: Number of nodes of the graph.
    """

    near: Pairs
    remote: Pairs
    sources: Tensor
    exact: bool
    nodes: int

    @classmethod
    def of(cls, edges: EdgeList, near: int = 3, remote: int = 8, *, seed: int = 0) -> Self:
        """Search the graph.

        Args:
            edges: The graph.
            near: Maximum number of hops between near nodes.
            remote: Minimum number of hops between remote nodes.
            seed: Seed of the sample, if one is drawn.

        Raises:
            UsageError: Unless 1 <= near < remote.

        Cost: O(nodes² · (1 + edges/nodes · remote/64)) time and O(nodes²) memory up to :data:`EXACT_NODES` nodes;
        beyond that O(edges · remote · SOURCES/64) time.
        """
        if not 1 <= near < remote:
            raise UsageError(f"near is {near} and remote {remote}; near must be at least 1 and less than remote")
        nodes, exact, random = edges.num_nodes, edges.num_nodes <= EXACT_NODES, np.random.default_rng(seed)
        sources = np.arange(nodes) if exact else np.sort(random.choice(nodes, SOURCES, replace=False))
        found: tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]] = ([], [])
        for source, masks in _search(edges, sources, near, remote):
            for mask, lists in zip(masks, found, strict=True):
                targets = np.flatnonzero(mask)
                few = targets if exact or len(targets) <= TARGETS else random.choice(targets, TARGETS, replace=False)
                lists.append(np.stack([np.full(len(few), source), few]))
        device = edges.degree.device
        near_pairs, remote_pairs = (_pairs(lists, nodes, device) for lists in found)
        return cls(near_pairs, remote_pairs, torch.from_numpy(sources).to(device), exact, nodes)


def mad_gap(x: Tensor | Rows, hops: HopPairs) -> Tensor:
    r"""MADGap: mean average cosine distance to remote nodes minus that to near nodes.

    .. math:: \operatorname{MAD}(\text{remote}) - \operatorname{MAD}(\text{near}), \qquad
        \operatorname{MAD}(M) = \operatorname{mean}_i \operatorname{mean}_{j \in M_i} (1 - \cos(x_i, x_j))

    Source: Chen et al., AAAI 2020: near nodes are within 3 hops, remote ones at least 8 hops away. Here unreachable
    nodes count as remote, a node is not near itself, and nodes without near (remote) nodes are left out of that mean.
    In [-2, 2]; 0 once all is smooth, positive while regions of the graph differ; blind to the length of rows.

    Args:
        x: Features, ``[nodes, channels]``.
        hops: ``HopPairs.of(edges)``: all pairs up to 3000 nodes; on larger graphs 256 near and 256 remote nodes of each
            of 512 nodes, for which :func:`mad_gap_error` gives the standard error.

    Returns:
        A scalar, float64; NaN where no node is near or none is remote (dense graphs have no remote nodes), or x is not
        finite. Zero rows as in :func:`~cna_viz.measures.mad`. Cost: O(pairs · channels).
    """
    rows = _rows(x, hops)
    return _mean_distance(rows, hops.remote) - _mean_distance(rows, hops.near)


def mad_gap_error(x: Tensor, hops: HopPairs) -> Tensor:
    """Standard error of :func:`mad_gap`, from the spread between the sampled nodes; 0 if ``hops`` has all pairs."""
    rows = _rows(x, hops)
    if hops.exact:
        return rows.square * 0
    if not len(hops.near.source) or not len(hops.remote.source):
        return rows.square * torch.nan
    influence = _influence(rows, hops.remote, hops.sources) - _influence(rows, hops.near, hops.sources)
    error: Tensor = influence.std() / len(influence) ** 0.5
    return error


def _rows(x: Tensor | Rows, hops: HopPairs) -> Rows:
    check_nodes(x.x if isinstance(x, Rows) else x, hops.nodes)
    return rescaled(as_rows(x))[0]


def _mean_distance(rows: Rows, pairs: Pairs) -> Tensor:
    unit = reciprocal(rows.norms)[:, None]
    total = edge_sums(rows, pairs.source, pairs.target, unit, pairs.weight[:, None])[0] / 2  # 1 - cos = ½‖u - v‖²
    return total + rows.square * 0 if len(pairs.source) else total * torch.nan


def _influence(rows: Rows, pairs: Pairs, sources: Tensor) -> Tensor:
    """Return the shift of the mean by each source that has a partner, times the number of those sources."""
    distances = torch.cat([_distances(rows, pairs, block) for block in blocks(len(pairs.source), rows.x.shape[1])])
    place = torch.searchsorted(sources, pairs.source)
    zeros = torch.zeros(len(sources), dtype=torch.float64, device=distances.device)
    count = zeros.index_add(0, place, torch.ones_like(distances))
    means, taken = zeros.index_add(0, place, distances) / count.clamp(min=1), count > 0
    share = taken.double().mean()
    return torch.where(taken, means - means.sum() / taken.sum(), 0.0) / share


def _distances(rows: Rows, pairs: Pairs, block: slice) -> Tensor:
    """Return the cosine distance of every pair."""
    i, j = pairs.source[block], pairs.target[block]
    a, b = (reciprocal(rows.norms).index_select(0, ends)[:, None] for ends in (i, j))
    difference = rows.x.index_select(0, i).double() * a - rows.x.index_select(0, j).double() * b
    return (difference.square_().sum(dim=1) + ((a == 0) != (b == 0))[:, 0]) / 2


def _pairs(lists: list[NDArray[np.int64]], nodes: int, device: torch.device) -> Pairs:
    both = torch.from_numpy(np.concatenate(lists, axis=1) if lists else np.empty((2, 0), np.int64)).to(device)
    count = torch.bincount(both[0], minlength=nodes).double()
    weight = (1 / (count * (count > 0).sum())).index_select(0, both[0])
    return Pairs(both[0].contiguous(), both[1].contiguous(), weight)


def _search(
    edges: EdgeList, sources: NDArray[np.int64], near: int, remote: int
) -> Iterator[tuple[int, tuple[NDArray[np.bool_], NDArray[np.bool_]]]]:
    """Yield every source with masks of the nodes near it and remote from it, ``[nodes]`` each."""
    first, second, nodes = edges.first.cpu().numpy(), edges.second.cpu().numpy(), edges.num_nodes
    ends = np.concatenate([first, second]), np.concatenate([second, first])
    graph = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(nodes, nodes)).tocsr()
    for start in range(0, len(sources), WORD):
        some = sources[start : start + WORD]
        close, reached = _spread(graph.indptr, graph.indices, some, near, remote - 1)
        close[np.arange(len(some)), some] = False
        for number, source in enumerate(some):
            yield int(source), (close[number], ~reached[number])


def _spread(
    starts: NDArray[np.int64], neighbours: NDArray[np.int64], sources: NDArray[np.int64], *hops: int
) -> list[NDArray[np.bool_]]:
    """Search from up to 64 nodes at once; return who was reached in ``hops`` hops, ``[64, nodes]`` for each number.

    Bit k of a node's word says that source k has reached it.
    """
    words = np.zeros(len(starts) - 1, np.uint64)
    words[sources] = np.uint64(1) << np.arange(len(sources), dtype=np.uint64)
    connected = np.flatnonzero(np.diff(starts))
    reached = {}
    for hop in range(1, max(hops) + 1):
        if len(connected):
            words[connected] |= np.bitwise_or.reduceat(words[neighbours], starts[connected])
        if hop in hops:
            octets = words.astype("<u8").view(np.uint8).reshape(len(words), 8)
            reached[hop] = np.unpackbits(octets, axis=1, bitorder="little").T
    return [reached[hop].copy().view(np.bool_) for hop in hops]
