"""Dirichlet energy: how much features differ along edges."""

from torch import Tensor

from cna_viz.measures.edges import EdgeList, unit_scale


def rayleigh(x: Tensor, edges: EdgeList) -> Tensor:
    r"""Rayleigh quotient of the normalized Laplacian, the scale-free Dirichlet energy.

    .. math::
        \frac{\operatorname{tr}(X^\top \Delta X)}{\lVert X \rVert_F^2}
        = \frac{1}{\lVert X \rVert_F^2} \sum_{\{i,j\} \in E}
          \left\lVert \frac{x_i}{\sqrt{d_i + 1}} - \frac{x_j}{\sqrt{d_j + 1}} \right\rVert^2,
        \qquad \Delta = I - \hat D^{-1/2} (A + I) \hat D^{-1/2}

    Source: Roth, arXiv 2407.11876 (normalize before judging rank collapse); the operator is the one that GCN applies,
    as Bison and Sperduti (arXiv 2512.09890) advise. It lies in [0, 2); it is 0 where x is proportional to √(d+1) in
    every connected component, which is what repeated GCN propagation tends to. Scaling X changes nothing. The sum
    runs over edge differences, so that energies far below the rounding error of float32 products remain visible.

    Args:
        x: Features, ``[nodes, channels]``.
        edges: The graph.

    Returns:
        A scalar; NaN for a zero matrix, which has no direction. Cost: O(edges · channels).
    """
    x = unit_scale(x)
    scaled = x * (edges.degree + 1).rsqrt().to(x.dtype)[:, None]
    return edges.differences(scaled).square_().sum() / x.square().sum()
