"""The compiled loops: how they are loaded, their threads, and the order in which they take the nodes."""

import logging
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cna_viz.errors import UsageError

Array = NDArray[Any]

CHUNK: Final = 2**15
"""Minimum number of entries of a chunk of rows, in arrays that have as many."""

_LOCK: Final = threading.Lock()


@dataclass(frozen=True)
class Order:
    """The nodes of every chunk of rows in the order of their clusters.

    Attributes:
        labels: Cluster of every node, ``[nodes]``, int64.
        version: Torch's count of writes to the labels.
        clusters: Number of clusters.
        rows: Rows of a chunk.
        nodes: The nodes, ``[nodes]``, int64.
        starts: Start of each cluster of each chunk in ``nodes``, ``[chunks, clusters + 1]``, int64.
    """

    labels: Tensor
    version: int
    clusters: int
    rows: int
    nodes: Array
    starts: Array


class OrderMemory:
    """Remembers the last order, as clusters stay the same for many steps. A copy of it remembers nothing."""

    def __init__(self) -> None:
        self.last: Order | None = None

    def __reduce__(self) -> tuple[type["OrderMemory"], tuple[()]]:
        return OrderMemory, ()


def sort_nodes(labels: Tensor, channels: int, clusters: int, memory: OrderMemory) -> Order:
    """Return the order of the nodes, from ``memory`` if the labels are the same tensor and nobody wrote to it.

    Labels are not read for one cluster; otherwise a label outside ``0 .. clusters - 1`` raises ``UsageError``.
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
    # The kernels check no bounds. As unsigned numbers, negative labels are enormous.
    if numbers.view(np.uint64).max() >= clusters:
        raise UsageError(
            f"labels from {numbers.min()} to {numbers.max()} are out of range: they must be at least 0 and at most "
            f"{clusters - 1}, as there are {clusters} clusters"
        )
    with Threads():
        memory.last = Order(labels, version, clusters, rows, *load_kernels().sort(numbers, clusters, rows))
    return memory.last


def rows_of_chunk(nodes: int, channels: int, clusters: int) -> int:
    """Return the rows of a chunk: worth a thread, fit for its cache, and many more than the sums over it.

    The number of chunks is a multiple of four, so that two or four threads get equal shares. It does not depend on the
    number of threads, so the sums don't either.
    """
    chunks = nodes // max(-(-CHUNK // channels), 64 * clusters)
    return -(-nodes // (4 * -(-chunks // 4))) if chunks > 1 else max(nodes, 1)


@lru_cache(maxsize=1)
def load_kernels() -> Any:
    """Return the module of the loops, which loads Numba (a third of a second)."""
    from cna_viz.nn import kernels

    stats = getattr(kernels.backward, "stats", None)  # None if Numba is told not to compile
    if stats and not any(Path(stats.cache_path).glob("kernels.backward-*.nbi")):
        logging.getLogger(__name__).warning("compiling the loops of CNA for this processor (once, about 15 seconds)")
    return kernels


class Threads:
    """Gives Numba as many threads as torch; one caller at a time, as some of Numba's thread pools need."""

    def __enter__(self) -> None:
        import numba

        _LOCK.acquire()
        self.numba, self.wanted, self.before = numba, torch.get_num_threads(), numba.get_num_threads()
        self.number = min(self.wanted, numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
        if self.number != self.before:
            numba.set_num_threads(self.number)

    def __exit__(self, *exception: object) -> None:
        if self.number != self.before:
            self.numba.set_num_threads(self.before)
        if torch.get_num_threads() != self.wanted:
            # The two can share one OpenMP, and Numba sets its number of threads when it starts.
            torch.set_num_threads(self.wanted)
        _LOCK.release()
