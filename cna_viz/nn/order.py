"""Nodes in the order of their clusters, chunk by chunk: what the compiled loops go through."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.nn.compiled import Threads, load_kernels

Array = NDArray[Any]

CHUNK: Final = 2**15
"""Least number of entries of a chunk of rows, where there are that many."""


@dataclass(frozen=True)
class Order:
    """The nodes of every chunk of rows in the order of their clusters.

    Attributes:
        labels: Cluster of every node, ``[nodes]``, int64.
        version: How often torch had written to the labels.
        clusters: Number of clusters that were told apart.
        rows: Rows of a chunk.
        nodes: The nodes, ``[nodes]``, int64.
        starts: Where each cluster of each chunk begins in them, ``[chunks, clusters + 1]``, int64.
    """

    labels: Tensor
    version: int
    clusters: int
    rows: int
    nodes: Array
    starts: Array


class OrderMemory:
    """Remembers the last order: clusters are held for many steps. A copy of it remembers nothing."""

    def __init__(self) -> None:
        self.last: Order | None = None

    def __reduce__(self) -> tuple[type["OrderMemory"], tuple[()]]:
        return OrderMemory, ()


def sort_nodes(labels: Tensor, channels: int, clusters: int, memory: OrderMemory) -> Order:
    """Return the order of the nodes; makes it anew only where it is not the one that is remembered.

    Args:
        labels: Cluster of every node, ``[nodes]``. With one cluster they are not looked at.
        channels: Number of channels of the features.
        clusters: Number of clusters.
        memory: Remembers the order as long as the labels are the same tensor and nobody writes to it.

    Raises:
        UsageError: When a label is not in ``0 .. clusters - 1``.
    """
    rows, last = rows_of_chunk(len(labels), channels, clusters), memory.last
    # Tensors made in inference mode don't count how often they were written to.
    version = -1 if labels.is_inference() else labels._version
    if (
        last is not None
        and last.labels is labels
        and version >= 0
        and (last.version, last.clusters, last.rows) == (version, clusters, rows)
    ):
        return last
    numbers = np.zeros(len(labels), np.int64) if clusters == 1 else labels.numpy()
    _refuse_outside(numbers, clusters)
    with Threads():
        memory.last = Order(labels, version, clusters, rows, *load_kernels().sort(numbers, clusters, rows))
    return memory.last


def rows_of_chunk(nodes: int, channels: int, clusters: int) -> int:
    """Return how many rows a chunk has: worth a thread, fit for its cache, and much more than the sums it makes.

    The number of chunks is a multiple of four, so that two or four threads get equal shares. Nothing depends on the
    number of threads, so neither do the sums.
    """
    chunks = nodes // max(-(-CHUNK // channels), 64 * clusters)
    return -(-nodes // (4 * -(-chunks // 4))) if chunks > 1 else max(nodes, 1)


def _refuse_outside(labels: Array, count: int) -> None:
    # The kernels don't look where they write. As unsigned numbers, negative labels are enormous.
    if labels.view(np.uint64).max() >= count:
        raise UsageError(
            f"labels from {labels.min()} to {labels.max()} are out of range: they must be at least 0 and at most "
            f"{count - 1}, as there are {count} clusters"
        )
