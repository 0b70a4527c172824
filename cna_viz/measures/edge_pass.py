r"""One pass over the edges for everything that is a sum over edges.

All energies and the mean average distance have the form

.. math:: \sum_{\{i,j\} \in E} w_{ij} \lVert a_i x_i - a_j x_j \rVert^2

with factors a that scale rows and weights w of edges. Several of them are taken in one pass: what costs is to fetch the
rows. The sum runs over differences, so energies far below the rounding error of products remain visible, and no more
than a block of differences is ever in memory.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import torch
from torch import Tensor

from cna_viz.measures.blocks import blocks
from cna_viz.measures.rows import Rows, load_kernel, runs_compiled

CHUNK: Final = 2**22
"""Features of the edges that a thread takes at a time. Smaller graphs are not worth a second thread."""


def edge_sums(rows: Rows, first: Tensor, second: Tensor, factors: Tensor, weights: Tensor) -> Tensor:
    """Return the sums of the module's formula.

    Args:
        rows: Features and the type to work in.
        first: One end of every edge, ``[edges]``.
        second: The other end, ``[edges]``.
        factors: a, float64, ``[nodes, sums]``. 0 marks a row without direction: its difference from a row that has one
            counts 1 more than the length of that row, as if the two were orthogonal unit rows.
        weights: w, float64, ``[edges, sums]``.

    Returns:
        Float64, ``[sums]``. Cost: O(edges · channels) for each.
    """
    if not runs_compiled(rows.x):
        return blockwise(rows.x, first, second, factors, weights)
    count = max(1, len(first) * rows.x.shape[1] // CHUNK)
    step, sums = -(-len(first) // count), torch.zeros(count, factors.shape[1], dtype=torch.float64)
    inputs = (rows.x, first, second, factors.to(rows.type).contiguous(), weights)
    arrays, out, add = [tensor.numpy() for tensor in inputs], sums.numpy(), load_kernel().add_edges

    def work(chunk: int) -> None:
        add(*arrays, chunk * step, min(len(first), (chunk + 1) * step), out[chunk])

    if count == 1:
        work(0)
        return sums[0]
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        list(pool.map(work, range(count)))
    return sums.sum(dim=0)  # in the order of the chunks, whoever worked on them


def blockwise(x: Tensor, first: Tensor, second: Tensor, factors: Tensor, weights: Tensor) -> Tensor:
    """The same in float64 with the operations of torch, for every device and type."""
    sums = torch.zeros(factors.shape[1], dtype=torch.float64, device=x.device)
    for block in blocks(len(first), x.shape[1]):
        i, j = first[block], second[block]
        one, other = x.index_select(0, i).double(), x.index_select(0, j).double()
        for k in range(factors.shape[1]):
            a, b = factors[:, k].index_select(0, i)[:, None], factors[:, k].index_select(0, j)[:, None]
            squares = (one * a - other * b).square_().sum(dim=1) + ((a == 0) != (b == 0))[:, 0]
            sums[k] += squares @ weights[block, k]
    return sums
