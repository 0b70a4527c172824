"""Dirichlet energy: how much features differ along edges, in five conventions to match published numbers.

Each is a float64 scalar of at least 0: 0 without edges, NaN where x is not finite. Isolated nodes and self-loops add
nothing. Summing differences along edges in float64 keeps energies visible that are far below the rounding error of
products. Cost: O(edges · channels).
"""

from torch import Tensor

from cna_viz.measures.edges import EdgeList, EdgeMeasures
from cna_viz.measures.rows import as_rows


def dirichlet_survey(x: Tensor, edges: EdgeList) -> Tensor:
    r"""Dirichlet energy of the survey: squared differences to all neighbours, averaged over nodes.

    .. math:: \frac{1}{v} \sum_i \sum_{j \in N_i} \lVert x_i - x_j \rVert^2

    Source: Rusch, Bronstein and Mishra, arXiv 2303.10993 (who also use its root). 0 if x is constant on every
    connected component. Scaling X by c multiplies it by c².

    Args:
        x: Features, ``[nodes, channels]``.
        edges: The graph.

    Returns:
        A scalar; isolated nodes count among the v. NaN without nodes.
    """
    return _one("dirichlet_survey", x, edges)


def dirichlet_trace(x: Tensor, edges: EdgeList) -> Tensor:
    r"""Dirichlet energy of the plain Laplacian.

    .. math:: \operatorname{tr}(X^\top L X) = \sum_{\{i,j\} \in E} \lVert x_i - x_j \rVert^2, \qquad L = D - A

    Source: the ``metrics.py`` of CNA's released code; Bison and Sperduti, arXiv 2512.09890, divide it by v. It is v/2
    times :func:`dirichlet_survey` and behaves alike.

    Args:
        x: Features, ``[nodes, channels]``.
        edges: The graph.
    """
    return _one("dirichlet_trace", x, edges)


def dirichlet_sym(x: Tensor, edges: EdgeList) -> Tensor:
    r"""Dirichlet energy of the normalized Laplacian of the graph without self-loops.

    .. math:: \sum_{\{i,j\} \in E} \left\lVert \frac{x_i}{\sqrt{d_i}} - \frac{x_j}{\sqrt{d_j}} \right\rVert^2

    Source: the form of Cai and Wang, arXiv 2006.13318, with d in place of d + 1. 0 if x is proportional to √d on every
    connected component. Constant features have energy on an irregular graph, for which Bison and Sperduti, arXiv
    2512.09890, reject it. Scaling X by c multiplies it by c².

    Args:
        x: Features, ``[nodes, channels]``.
        edges: The graph.

    Returns:
        A scalar; isolated nodes add nothing (I - D^(-½) A D^(-½) taken literally would add ‖x_i‖²).
    """
    return _one("dirichlet_sym", x, edges)


def dirichlet_sym_loops(x: Tensor, edges: EdgeList) -> Tensor:
    r"""Dirichlet energy of the normalized Laplacian with self-loops, the operator of GCN.

    .. math::
        \operatorname{tr}(X^\top \Delta X)
        = \sum_{\{i,j\} \in E} \left\lVert \frac{x_i}{\sqrt{d_i + 1}} - \frac{x_j}{\sqrt{d_j + 1}} \right\rVert^2,
        \qquad \Delta = I - \hat D^{-1/2} (A + I) \hat D^{-1/2}

    Source: Cai and Wang, arXiv 2006.13318. 0 if x is proportional to √(d+1) on every component. Scaling X by c
    multiplies it by c².

    Args:
        x: Features, ``[nodes, channels]``.
        edges: The graph.
    """
    return _one("dirichlet_sym_loops", x, edges)


def rayleigh(x: Tensor, edges: EdgeList) -> Tensor:
    r"""Rayleigh quotient of the normalized Laplacian, the scale-free Dirichlet energy.

    .. math::
        \frac{\operatorname{tr}(X^\top \Delta X)}{\lVert X \rVert_F^2}
        = \frac{1}{\lVert X \rVert_F^2} \sum_{\{i,j\} \in E}
          \left\lVert \frac{x_i}{\sqrt{d_i + 1}} - \frac{x_j}{\sqrt{d_j + 1}} \right\rVert^2,
        \qquad \Delta = I - \hat D^{-1/2} (A + I) \hat D^{-1/2}

    Source: Roth, arXiv 2407.11876 (normalize before judging rank collapse), with GCN's operator, as Bison and Sperduti,
    arXiv 2512.09890, advise. In [0, 2); 0 if x is proportional to √(d+1) on every connected component, the limit of
    repeated GCN propagation. Scaling X changes nothing.

    Args:
        x: Features, ``[nodes, channels]``.
        edges: The graph.

    Returns:
        A scalar; NaN for a zero matrix, which has no direction.
    """
    return _one("rayleigh", x, edges)


def _one(name: str, x: Tensor, edges: EdgeList) -> Tensor:
    return EdgeMeasures((name,), edges)(as_rows(x))[name]
