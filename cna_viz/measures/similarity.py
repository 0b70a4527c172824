"""How alike the features of neighbours are."""

from torch import Tensor

from cna_viz.measures.edges import EdgeList


def mad(x: Tensor, edges: EdgeList) -> Tensor:
    r"""Mean average distance: cosine distance to the neighbours, averaged per node, then over nodes.

    .. math:: \frac{1}{|\{i : d_i > 0\}|} \sum_{i : d_i > 0} \frac{1}{d_i} \sum_{j \in N_i} (1 - \cos(x_i, x_j))

    Source: Chen et al., AAAI 2020, restricted to neighbours. It lies in [0, 2]; 0 means that neighbours point in the
    same direction. It is blind to the length of rows. Cosine distances come from differences of unit rows,
    1 - cos = ½‖u - v‖², and so stay exact when they are tiny.

    Args:
        x: Features, ``[nodes, channels]``.
        edges: The graph. Isolated nodes are left out of the mean.

    Returns:
        A scalar; two zero rows count as alike (distance 0), a zero and a non-zero row as distance 1; NaN without edges.
        Cost: O(edges · channels).
    """
    largest = x.abs().amax(dim=1, keepdim=True)
    zero = largest == 0
    rows = x / largest.masked_fill(zero, 1)
    unit = rows / rows.norm(dim=1, keepdim=True).masked_fill(zero, 1)
    one_is_zero = edges.differences(zero.to(x.dtype))[:, 0].abs()
    distance = (edges.differences(unit).square_().sum(dim=1) + one_is_zero) / 2
    share = 1 / edges.degree
    weight = share.index_select(0, edges.first) + share.index_select(0, edges.second)
    return (distance * weight.to(x.dtype)).sum() / (edges.degree > 0).sum()
