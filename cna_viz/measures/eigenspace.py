"""Distance to the dominant eigenspace, the limit of repeated propagation."""

from dataclasses import dataclass
from typing import Self

import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from cna_viz.measures.edges import EdgeList, check_nodes
from cna_viz.measures.rows import ENTRIES, Rows, as_rows, rescaled


@dataclass(frozen=True)
class Eigenspace:
    """The dominant eigenspace of the operator of GCN; depends on the graph only, so make it once.

    Attributes:
        basis: √(d+1), of length one on every connected component, float64, ``[nodes]``.
        component: Connected component of every node, int64, ``[nodes]``.
        count: Number of components, the dimension of the space.
    """

    basis: Tensor
    component: Tensor
    count: int

    @classmethod
    def of(cls, edges: EdgeList) -> Self:
        """Find the components. Cost: O(nodes + edges)."""
        first, second, nodes = edges.first.cpu().numpy(), edges.second.cpu().numpy(), edges.num_nodes
        graph = coo_array(([True] * len(first), (first, second)), shape=(nodes, nodes))
        count, labels = connected_components(graph, directed=False) if nodes else (0, [])
        component = torch.as_tensor(labels, dtype=torch.int64, device=edges.degree.device)
        weight = edges.degree.double() + 1
        total = torch.zeros(count, dtype=torch.float64, device=weight.device).index_add_(0, component, weight)
        return cls((weight / total.index_select(0, component)).sqrt(), component, count)


def eigenspace_distance(x: Tensor, space: Eigenspace) -> Tensor:
    r"""Distance of the features from the dominant eigenspace of GCN's operator.

    .. math:: d_M(X) = \lVert X - U U^\top X \rVert_F

    Each column of U is √(d+1) on one connected component, scaled to length one. Source: Oono and Suzuki, arXiv
    1905.10947, who bound it for GCN by a factor to the power of the depth. In [0, ‖X‖_F], in proportion to the scale of
    X: small features are close to every space.

    Args:
        x: Features, ``[nodes, channels]``.
        space: ``Eigenspace.of(edges)``.

    Returns:
        A scalar, float64; 0 for a zero matrix and for a graph without edges (whose space holds every matrix); NaN where
        x is not finite. Cost: O(nodes · channels).
    """
    return eigenspace_distances(as_rows(x), space)[0]


def eigenspace_distance_normalized(x: Tensor, space: Eigenspace) -> Tensor:
    r"""Distance from the dominant eigenspace divided by the length of the features, ‖X - UUᵀX‖_F / ‖X‖_F.

    Source: Oono and Suzuki, arXiv 1905.10947, normalized as Roth, arXiv 2407.11876, asks for. In [0, 1]: the sine of
    the angle to the space. Scaling X changes nothing.

    Args:
        x: Features, ``[nodes, channels]``.
        space: ``Eigenspace.of(edges)``.

    Returns:
        A scalar, float64; NaN for a zero matrix and where x is not finite. Cost: O(nodes · channels).
    """
    return eigenspace_distances(as_rows(x), space)[1]


def eigenspace_distances(rows: Rows, space: Eigenspace) -> tuple[Tensor, Tensor]:
    """Return both distances, a few channels at a time, from residuals: a difference of squares would cancel."""
    check_nodes(rows.x, len(space.basis))
    rows, scale = rescaled(rows)
    (nodes, channels), basis = rows.x.shape, space.basis[:, None]
    total = rows.square * 0
    step = max(1, ENTRIES // max(1, nodes))
    for start in range(0, channels, step):
        x = rows.x[:, start : start + step].to(torch.float64, copy=True)
        share = torch.zeros(space.count, x.shape[1], dtype=torch.float64, device=x.device)
        share.index_add_(0, space.component, x * basis)
        total = total + x.sub_(share.index_select(0, space.component).mul_(basis)).square_().sum()
    return total.sqrt() * scale, (total / rows.square).sqrt()
