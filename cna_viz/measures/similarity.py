"""Similarity of directions, whatever the length of the features."""

import torch
from torch import Tensor

from cna_viz.measures.edges import EdgeList, EdgeMeasures
from cna_viz.measures.rows import Rows, as_rows, blocks, reciprocal, rescaled


def mad(x: Tensor, edges: EdgeList) -> Tensor:
    r"""Mean average distance: cosine distance to the neighbours, averaged per node, then over nodes.

    .. math:: \frac{1}{|\{i : d_i > 0\}|} \sum_{i : d_i > 0} \frac{1}{d_i} \sum_{j \in N_i} (1 - \cos(x_i, x_j))

    Source: Chen et al., AAAI 2020, restricted to neighbours; their mean leaves out distances that are exactly 0, ours
    includes them. In [0, 2]; 0 if all neighbours point in the same direction; blind to the length of rows. Cosine
    distances come from differences of unit rows, 1 - cos = ½‖u - v‖², and so stay exact when they are tiny.

    Args:
        x: Features, ``[nodes, channels]``.
        edges: The graph. Isolated nodes are left out of the mean.

    Returns:
        A scalar. Two zero rows have distance 0, a zero and a non-zero row distance 1; NaN without edges or where x is
        not finite. Cost: O(edges · channels).
    """
    return EdgeMeasures(("mad",), edges)(as_rows(x))["mad"]


def mean_cosine(x: Tensor | Rows) -> Tensor:
    r"""Mean cosine similarity of all pairs of nodes, neighbours or not.

    .. math:: \frac{1}{v (v - 1)} \sum_{i \ne j} \cos(x_i, x_j) = \frac{\lVert \sum_i u_i \rVert^2 - v}{v (v - 1)},
        \qquad u_i = x_i / \lVert x_i \rVert

    Source: the global companion of MAD (Chen et al., AAAI 2020), without its mask. In [-1/(v-1), 1]; 1 if all nodes
    point in the same direction; blind to the length of rows.

    Args:
        x: Features, ``[nodes, channels]``.

    Returns:
        A scalar. Two zero rows have cosine 1, a zero and a non-zero row cosine 0, as in :func:`mad`; NaN for fewer than
        two nodes or where x is not finite. Cost: O(nodes · channels), exact without forming pairs.
    """
    rows, _ = rescaled(as_rows(x))
    (nodes, channels), shrink = rows.x.shape, reciprocal(rows.norms)
    total = torch.zeros(channels, dtype=torch.float64, device=rows.x.device)
    for block in blocks(nodes, channels):
        total += shrink[block] @ rows.x[block].double()
    directed = (rows.norms > 0).sum()
    blank = nodes - directed
    pairs = total.square().sum() - directed + blank * (blank - 1) + rows.square * 0
    return pairs / (nodes * (nodes - 1)) if nodes > 1 else pairs * torch.nan
