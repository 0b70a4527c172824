"""The measures that are sums over edges, by name; what a graph contributes is prepared once."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from cna_viz.measures.blocks import reciprocal
from cna_viz.measures.edge_pass import edge_sums
from cna_viz.measures.edges import EdgeList, check_nodes
from cna_viz.measures.rows import Rows, rescaled

SUM_OF: Final = {
    "dirichlet_survey": "plain",
    "dirichlet_trace": "plain",
    "dirichlet_sym": "sym",
    "dirichlet_sym_loops": "loops",
    "rayleigh": "loops",
    "mad": "unit",
}
"""Which sum each measure needs: rows as they are, divided by √d, by √(d+1), by their length."""


class EdgeMeasures:
    """Takes some measures of :data:`SUM_OF` in one pass over the edges.

    Args:
        names: Which.
        edges: The graph.
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
