"""Which nodes are near each other and which are remote, by hops; depends on the graph only."""

from collections.abc import Iterator
from typing import Final, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.measures.edges import EdgeList

EXACT_NODES: Final = 3000
"""Graphs up to this size (Cora has 2708 nodes) are searched from every node, and all pairs are kept."""

SOURCES: Final = 512
TARGETS: Final = 256
"""How many nodes of a larger graph are searched from, and how many near and remote nodes are drawn for each."""

WORD: Final = 64


class Pairs(NamedTuple):
    """Pairs of nodes, and the weights that make a sum over them a mean over sources of means over their partners.

    Attributes:
        source: Where the search began, int64, ``[pairs]``.
        target: What was found, int64, ``[pairs]``.
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
        sources: Nodes that were searched from, all or a sample, int64.
        exact: Whether these are all pairs.
        nodes: Number of nodes of the graph.
    """

    near: Pairs
    remote: Pairs
    sources: Tensor
    exact: bool
    nodes: int

    @classmethod
    def of(cls, edges: EdgeList, near: int = 3, remote: int = 8, seed: int = 0) -> Self:
        """Search the graph.

        Args:
            edges: The graph.
            near: Most hops between near nodes.
            remote: Fewest hops between remote ones.
            seed: Of the sample, if one is drawn.

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
        reached = [_bits(word) for word in _spread(graph.indptr, graph.indices, some, (near, remote - 1))]
        for number, source in enumerate(some):
            close = reached[0][number].copy()
            close[source] = False
            yield int(source), (close, ~reached[1][number])


def _spread(
    starts: NDArray[np.int64], neighbours: NDArray[np.int64], sources: NDArray[np.int64], hops: tuple[int, int]
) -> list[NDArray[np.uint64]]:
    """Search from up to 64 nodes at once: bit k of a node's word says that source k has reached it."""
    words = np.zeros(len(starts) - 1, np.uint64)
    words[sources] = np.uint64(1) << np.arange(len(sources), dtype=np.uint64)
    connected = np.flatnonzero(np.diff(starts))
    kept = []
    for hop in range(1, max(hops) + 1):
        if len(connected):
            words[connected] |= np.bitwise_or.reduceat(words[neighbours], starts[connected])
        if hop in hops:
            kept.append(words.copy())
    return kept if len(kept) == 2 else kept * 2


def _bits(words: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return the bits of the words as masks, ``[64, nodes]``."""
    octets = words.astype("<u8").view(np.uint8).reshape(len(words), 8)
    return np.ascontiguousarray(np.unpackbits(octets, axis=1, bitorder="little").T).view(np.bool_)
