"""The contextual stochastic block model (Deshpande et al., arXiv 1807.09596), drawn in O(nodes + edges)."""

import torch
from torch import Tensor

from cna_viz.config import CSBMConfig
from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.graph import Graph
from cna_viz.errors import UsageError


def csbm(config: CSBMConfig) -> Graph:
    r"""Draw the graph that ``config`` describes; the same config gives the same graph.

    With n nodes, expected degree d and homophily h, every pair of nodes of one class is an edge with the same
    probability, chosen so that h n d / 2 such edges are expected, and every pair of different classes so that
    (1 - h) n d / 2 are. Classes are equally large up to one node and stand in random order. Node i has the features

    .. math:: x_i = \mu_{y_i} + \sigma z_i,
        \qquad \mu_c \sim \mathcal{N}(0, I / \text{features}), \quad z_i \sim \mathcal{N}(0, I)

    where sigma is ``config.noise``: the standard deviation of *each* feature around the class mean. The squared norm
    of a class mean is 1 in expectation, that of the noise sigma^2 times the number of features. torch's global random
    state is neither used nor changed.

    Raises:
        UsageError: Degree and homophily need more edges within or between classes than there are pairs of nodes, or the
            noise makes features overflow.
    """
    generator = torch.Generator().manual_seed(config.seed)
    nodes, classes = config.nodes, config.classes
    sorted_classes = torch.arange(nodes) * classes // nodes
    ends = torch.searchsorted(sorted_classes, sorted_classes, right=True)  # first place after the own class
    # Features are drawn before edges, so that another degree or homophily keeps classes and features. Means are drawn
    # before the order of the nodes: drawn first, it would be the order of a random split of the same seed, and whole
    # classes would be missing from its training part.
    means = torch.randn(classes, config.features, generator=generator) / config.features**0.5
    order = torch.randperm(nodes, generator=generator)  # node at each place of a list sorted by class
    y = torch.empty(nodes, dtype=torch.int64)
    y[order] = sorted_classes
    x = means[y] + config.noise * torch.randn(nodes, config.features, generator=generator)
    if not bool(torch.isfinite(x).all()):
        raise UsageError(f"csbm noise = {config.noise:g} is out of range: float32 can't hold such features")
    # A place's partners are consecutive places behind it: first the rest of its class, then all later classes.
    place = torch.arange(nodes)
    within = _draw_pairs(place + 1, ends - place - 1, config.homophily, "within", config, generator)
    between = _draw_pairs(ends, nodes - ends, 1 - config.homophily, "between", config, generator)
    return clean("csbm", RawGraph(x, y, order[torch.cat([within, between], dim=1)]))


def _draw_pairs(
    first: Tensor, partners: Tensor, share: float, kind: str, config: CSBMConfig, generator: torch.Generator
) -> Tensor:
    """Draw distinct pairs (i, j), j one of ``partners[i]`` places from ``first[i]`` on, each equally likely.

    Their number is binomial, as if drawn independently.
    """
    behind = partners.cumsum(0)
    pairs = int(behind[-1])
    expected = share * config.nodes * config.degree / 2
    if expected > pairs * (1 + 1e-9):  # rounding alone must not refuse a complete graph
        raise UsageError(
            f"csbm degree = {config.degree:g} is out of range: with {config.nodes} nodes, {config.classes} classes "
            f"and homophily = {config.homophily:g} it asks for {expected:g} edges {kind} classes, and there are only "
            f"{pairs} such pairs of nodes"
        )
    chance = torch.tensor(min(1.0, expected / max(pairs, 1)), dtype=torch.float64)
    count = int(torch.binomial(torch.tensor(pairs, dtype=torch.float64), chance, generator=generator))
    rank = _draw_distinct(pairs, count, generator)
    source = torch.searchsorted(behind, rank, right=True)
    target = first[source] + rank - (behind[source] - partners[source])
    return torch.stack([source, target])


def _draw_distinct(limit: int, count: int, generator: torch.Generator) -> Tensor:
    """Draw ``count`` different integers below ``limit``, every set equally likely, in O(count log count)."""
    if count > limit // 4:
        return torch.randperm(limit, generator=generator)[:count]
    drawn = torch.empty(0, dtype=torch.int64)
    while len(drawn) < count:  # a draw is new with chance 3/4 at least, so a few rounds do
        more = torch.randint(limit, (count - len(drawn),), generator=generator)
        drawn = torch.unique(torch.cat([drawn, more]))
    return drawn
