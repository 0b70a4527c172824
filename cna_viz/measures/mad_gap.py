"""Whether remote nodes remain further apart than near ones."""

import torch
from torch import Tensor

from cna_viz.measures.blocks import blocks, reciprocal
from cna_viz.measures.edge_pass import edge_sums
from cna_viz.measures.edges import check_nodes
from cna_viz.measures.hops import HopPairs, Pairs
from cna_viz.measures.rows import Rows, as_rows, rescaled


def mad_gap(x: Tensor, hops: HopPairs) -> Tensor:
    r"""MADGap: mean average cosine distance to remote nodes minus that to near nodes.

    .. math:: \operatorname{MAD}(\text{remote}) - \operatorname{MAD}(\text{near}), \qquad
        \operatorname{MAD}(M) = \operatorname{mean}_i \operatorname{mean}_{j \in M_i} (1 - \cos(x_i, x_j))

    Source: Chen et al., AAAI 2020: near nodes are within 3 hops, remote ones at least 8 hops away. Here nodes that
    can't be reached count as remote, a node is not near itself, and nodes without near (remote) nodes are left out of
    that mean. It lies in [-2, 2]; 0 once all is smooth, above 0 where the graph still tells its regions apart. It is
    blind to the length of rows.

    Args:
        x: Features, ``[nodes, channels]``.
        hops: ``HopPairs.of(edges)``: all pairs up to 3000 nodes; on larger graphs 256 near and 256 remote nodes of each
            of 512 nodes, for which :func:`mad_gap_error` gives the standard error.

    Returns:
        A scalar, float64; NaN where no node is near or none is remote (dense graphs have no remote nodes), or x is not
        finite. Zero rows as in :func:`~cna_viz.measures.mad`. Cost: O(pairs · channels).
    """
    return mad_gap_of(_checked(x, hops), hops)


def mad_gap_error(x: Tensor, hops: HopPairs) -> Tensor:
    """Standard error of :func:`mad_gap`, from the spread between the sampled nodes; 0 where all pairs were taken."""
    rows, _ = rescaled(_checked(x, hops))
    if hops.exact:
        return rows.square * 0
    if not len(hops.near.source) or not len(hops.remote.source):
        return rows.square * torch.nan
    influence = _influence(rows, hops.remote, hops.sources) - _influence(rows, hops.near, hops.sources)
    error: Tensor = influence.std() / len(influence) ** 0.5
    return error


def mad_gap_of(rows: Rows, hops: HopPairs) -> Tensor:
    """Return :func:`mad_gap` of features whose rows are measured."""
    rows, _ = rescaled(rows)
    return _mean_distance(rows, hops.remote) - _mean_distance(rows, hops.near)


def _checked(x: Tensor, hops: HopPairs) -> Rows:
    check_nodes(x, hops.nodes)
    return as_rows(x)


def _mean_distance(rows: Rows, pairs: Pairs) -> Tensor:
    unit = reciprocal(rows.norms)[:, None]
    total = edge_sums(rows, pairs.source, pairs.target, unit, pairs.weight[:, None])[0] / 2  # 1 - cos = ½‖u - v‖²
    return total + rows.square * 0 if len(pairs.source) else total * torch.nan


def _influence(rows: Rows, pairs: Pairs, sources: Tensor) -> Tensor:
    """Return by how much each source moves the mean over those sources that have a partner, times their number."""
    distances = torch.cat([_distances(rows, pairs, block) for block in blocks(len(pairs.source), rows.x.shape[1])])
    place = torch.searchsorted(sources, pairs.source)
    zeros = torch.zeros(len(sources), dtype=torch.float64, device=distances.device)
    count = zeros.index_add(0, place, torch.ones_like(distances))
    means, taken = zeros.index_add(0, place, distances) / count.clamp(min=1), count > 0
    share = taken.double().mean()
    return torch.where(taken, means - means.sum() / taken.sum(), 0.0) / share


def _distances(rows: Rows, pairs: Pairs, block: slice) -> Tensor:
    """Return the cosine distance of every pair."""
    i, j = pairs.source[block], pairs.target[block]
    a, b = (reciprocal(rows.norms).index_select(0, ends)[:, None] for ends in (i, j))
    difference = rows.x.index_select(0, i).double() * a - rows.x.index_select(0, j).double() * b
    return (difference.square_().sum(dim=1) + ((a == 0) != (b == 0))[:, 0]) / 2
