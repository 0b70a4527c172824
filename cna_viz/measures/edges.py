r"""The graph as the measures see it, and all sums over its edges in one pass.

All energies and the mean average distance have the form

.. math:: \sum_{\{i,j\} \in E} w_{ij} \lVert a_i x_i - a_j x_j \rVert^2

with factors a of rows and weights w of edges. Fetching the rows dominates the cost, so one pass takes several sums.
Summing differences keeps energies far below the rounding error of products, and memory holds one block of them.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Self

import torch
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.measures.rows import Rows, blocks, reciprocal, rescaled, runs_compiled

CHUNK: Final = 2**22
"""Features per thread and turn. Smaller graphs are not worth a second thread."""

SUM_OF: Final = {
    "dirichlet_survey": "plain",
    "dirichlet_trace": "plain",
    "dirichlet_sym": "sym",
    "dirichlet_sym_loops": "loops",
    "rayleigh": "loops",
    "mad": "unit",
}
"""The sum that each measure needs: rows as they are, divided by √d, by √(d+1), by their length."""


@dataclass(frozen=True)
class EdgeList:
    """Every undirected edge once, with the degrees.

    Attributes:
        first: One end of every edge, int64, ``[edges]``.
        second: The other end, ``[edges]``.
        degree: Number of neighbours of every node (self-loops not counted), float32, ``[nodes]``.
    """

    first: Tensor
    second: Tensor
    degree: Tensor

    @classmethod
    def from_edge_index(cls, edge_index: Tensor, num_nodes: int) -> Self:
        """Make the list from an edge index with both directions of every edge; self-loops are left out."""
        first, second = edge_index[:, edge_index[0] < edge_index[1]]
        ends = torch.cat([first, second])
        return cls(first, second, torch.bincount(ends, minlength=num_nodes).float())

    @property
    def num_nodes(self) -> int:
        """Number of nodes, isolated ones too."""
        return len(self.degree)


def check_nodes(x: Tensor, nodes: int) -> None:
    """Raise ``UsageError`` unless ``x`` has a row per node; compiled loops would read beyond the last one."""
    if x.dim() != 2 or len(x) != nodes:
        raise UsageError(f"features have the shape {tuple(x.shape)}, but the graph has {nodes} nodes")


class EdgeMeasures:
    """Takes some measures of :data:`SUM_OF` in one pass over the edges.

    Args:
        names: Names of the measures.
        edges: The graph; its share of the work is done once, here.
    """

    def __init__(self, names: Sequence[str], edges: EdgeList) -> None:
        self.names, self.edges = tuple(names), edges
        self.sums = tuple(dict.fromkeys(SUM_OF[name] for name in names))
        degree = edges.degree.double()
        factors = {
            "plain": torch.ones_like(degree),
            "sym": reciprocal(degree.sqrt()),
            "loops": (degree + 1).rsqrt(),
            "unit": torch.ones_like(degree),  # filled when there are features
        }
        ones = torch.ones(len(edges.first), dtype=torch.float64, device=degree.device)
        weights = [self._mean_weights(degree) if name == "unit" else ones for name in self.sums]
        self.factors = torch.stack([factors[name] for name in self.sums], dim=1)
        self.weights = torch.stack(weights, dim=1)

    def _mean_weights(self, degree: Tensor) -> Tensor:
        """Make the sum over edges a mean over nodes of means over neighbours; ½, as 1 - cos(u, v) = ½‖u - v‖²."""
        share = reciprocal(degree) / (2 * (degree > 0).sum())
        return share.index_select(0, self.edges.first) + share.index_select(0, self.edges.second)

    def __call__(self, rows: Rows) -> dict[str, Tensor]:
        """Return the measures of these features, scalars, float64; NaN where a feature is not finite."""
        check_nodes(rows.x, self.edges.num_nodes)
        rows, scale = rescaled(rows)
        factors = self.factors
        if "unit" in self.sums:
            factors = factors.clone()
            factors[:, self.sums.index("unit")] = reciprocal(rows.norms)
        sums = edge_sums(rows, self.edges.first, self.edges.second, factors, self.weights)
        sums = sums + rows.square * 0  # an isolated node has no edge that would show its NaN
        by_name = dict(zip(self.sums, sums.unbind(), strict=True))
        return {name: self._finish(name, by_name[SUM_OF[name]], rows, scale) for name in self.names}

    def _finish(self, name: str, total: Tensor, rows: Rows, scale: Tensor) -> Tensor:
        if name == "mad":
            return total if len(self.edges.first) else total * torch.nan
        if name == "rayleigh":
            return total / rows.square
        if name == "dirichlet_survey":
            total = total * 2 / self.edges.num_nodes if self.edges.num_nodes else total * torch.nan
        return total * scale * scale


def edge_sums(rows: Rows, first: Tensor, second: Tensor, factors: Tensor, weights: Tensor) -> Tensor:
    """Return the sums of the module's formula, float64, ``[sums]``. Cost: O(edges · channels) for each.

    Args:
        rows: Features and the type to work in.
        first: One end of every edge, ``[edges]``.
        second: The other end, ``[edges]``.
        factors: a, float64, ``[nodes, sums]``. A row with factor 0 has no direction: it is orthogonal to rows with one.
        weights: w, float64, ``[edges, sums]``.
    """
    if not runs_compiled(rows.x):
        return blockwise(rows.x, first, second, factors, weights)
    from cna_viz.measures.kernels import add_edges

    count = max(1, len(first) * rows.x.shape[1] // CHUNK)
    step, sums = -(-len(first) // count), torch.zeros(count, factors.shape[1], dtype=torch.float64)
    x, a, w, out = rows.x.numpy(), factors.to(rows.type).contiguous().numpy(), weights.numpy(), sums.numpy()
    i, j = first.numpy(), second.numpy()

    def work(chunk: int) -> None:
        add_edges(x, i, j, a, w, chunk * step, min(len(first), (chunk + 1) * step), out[chunk])

    if count == 1:
        work(0)
        return sums[0]
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        list(pool.map(work, range(count)))
    return sums.sum(dim=0)  # in the order of the chunks, so threads make no difference


def blockwise(x: Tensor, first: Tensor, second: Tensor, factors: Tensor, weights: Tensor) -> Tensor:
    """Return the same sums in float64 with the operations of torch, for every device and type."""
    sums = torch.zeros(factors.shape[1], dtype=torch.float64, device=x.device)
    for block in blocks(len(first), x.shape[1]):
        i, j = first[block], second[block]
        one, other = x.index_select(0, i).double(), x.index_select(0, j).double()
        for k in range(factors.shape[1]):
            a, b = factors[:, k].index_select(0, i)[:, None], factors[:, k].index_select(0, j)[:, None]
            squares = (one * a - other * b).square_().sum(dim=1) + ((a == 0) != (b == 0))[:, 0]
            sums[k] += squares @ weights[block, k]
    return sums
