"""How alike the directions of features are, whatever their length."""

import torch
from torch import Tensor

from cna_viz.measures.blocks import blocks, reciprocal
from cna_viz.measures.edge_measures import EdgeMeasures
from cna_viz.measures.edges import EdgeList
from cna_viz.measures.rows import Rows, as_rows, rescaled


def mad(x: Tensor, edges: EdgeList) -> Tensor:
    r"""Mean average distance: cosine distance to the neighbours, averaged per node, then over nodes.

    .. math:: \frac{1}{|\{i : d_i > 0\}|} \sum_{i : d_i > 0} \frac{1}{d_i} \sum_{j \in N_i} (1 - \cos(x_i, x_j))

    Source: Chen et al., AAAI 2020, restricted to neighbours; their mean leaves out distances that are exactly 0, ours
    does not. It lies in [0, 2]; 0 means that neighbours point in the same direction. It is blind to the length of rows.
    Cosine distances come from differences of unit rows, 1 - cos = ½‖u - v‖², and so stay exact when they are tiny.

    Args:
        x: Features, ``[nodes, channels]``.
        edges: The graph. Isolated nodes are left out of the mean.

    Returns:
        A scalar; two zero rows count as alike (distance 0), a zero and a non-zero row as distance 1; NaN without edges
        or where x is not finite. Cost: O(edges · channels).
    """
    return EdgeMeasures(("mad",), edges)(as_rows(x))["mad"]


def mean_cosine(x: Tensor) -> Tensor:
    r"""Mean cosine similarity of all pairs of nodes, neighbours or not.

    .. math:: \frac{1}{v (v - 1)} \sum_{i \ne j} \cos(x_i, x_j) = \frac{\lVert \sum_i u_i \rVert^2 - v}{v (v - 1)},
        \qquad u_i = x_i / \lVert x_i \rVert

    Source: the global companion of MAD (Chen et al., AAAI 2020), without its mask. It lies in [-1/(v-1), 1]; 1 means
    that all nodes point in the same direction. It is blind to the length of rows.

    Args:
        x: Features, ``[nodes, channels]``.

    Returns:
        A scalar; as in :func:`mad` two zero rows count as alike (1), a zero and a non-zero row as orthogonal (0); NaN
        for fewer than two nodes or where x is not finite. Cost: O(nodes · channels), exact without any pair.
    """
    return mean_cosine_of(as_rows(x))


def mean_cosine_of(rows: Rows) -> Tensor:
    """Return :func:`mean_cosine` of features whose rows are measured."""
    rows, _ = rescaled(rows)
    x, (nodes, channels), shrink = rows.x, rows.x.shape, reciprocal(rows.norms)
    total = torch.zeros(channels, dtype=torch.float64, device=x.device)
    for block in blocks(nodes, channels):
        total += shrink[block] @ x[block].double()
    directed = (rows.norms > 0).sum()
    blank = nodes - directed
    pairs = total.square().sum() - directed + blank * (blank - 1) + rows.square * 0
    return pairs / (nodes * (nodes - 1)) if nodes > 1 else pairs * torch.nan
