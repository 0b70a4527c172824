"""Whether classes are further apart than they are wide."""

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from cna_viz.measures.blocks import blocks
from cna_viz.measures.class_sample import ClassSample
from cna_viz.measures.edges import unit_scale
from cna_viz.measures.rows import Rows, as_rows, runs_compiled

ROWS = 32
"""Rows that a thread takes at a time."""


def group_distance_ratio(x: Tensor, sample: ClassSample) -> Tensor:
    r"""Group distance ratio: mean distance between classes by mean distance within them.

    .. math::
        \frac{\frac{1}{(C-1)^2} \sum_c \operatorname{mean}_{i \in c,\, j \notin c} \lVert x_i - x_j \rVert}
        {\frac{1}{C} \sum_c \operatorname{mean}_{i, j \in c} \lVert x_i - x_j \rVert}

    Source: Zhou et al., arXiv 2006.06972, as PyG's ``DiffGroupNorm.group_distance_ratio`` computes it, without the 1e-5
    that PyG adds below (which makes it depend on the scale). As there, a node is at distance 0 from itself and the
    factor is 1/(C-1)², so that without any structure the value is about C/(C-1)² and not 1. The authors' own code
    averages squared distances of unit rows: other numbers. It is at least 0; scaling X changes nothing.

    Args:
        x: Features, ``[nodes, channels]``.
        sample: ``ClassSample.of(target)``: all nodes up to 4096, else about 4096, for which
            :func:`group_distance_ratio_error` gives the standard error.

    Returns:
        A scalar, float64; infinite where classes are points, NaN where all is one point, for a single class, and where
        x is not finite. Cost: O(sample² · channels), at most about 4096² pairs.
    """
    return group_distance_ratio_of(as_rows(x), sample)


def group_distance_ratio_error(x: Tensor, sample: ClassSample) -> Tensor:
    """Standard error of :func:`group_distance_ratio` by the stratified jackknife; 0 where all nodes were taken."""
    rows = as_rows(x)
    if sample.exact:
        return rows.square * 0
    distances = _distances(rows, sample)
    inside = torch.nn.functional.one_hot(sample.label, len(sample.sizes)).double()
    whole, ratios = inside.T @ distances, []
    for block in blocks(len(inside), inside.shape[1] ** 2):
        lost = inside[block, :, None] * distances[block, None, :]
        ratios.append(_ratio(whole - lost - lost.transpose(1, 2), sample.sizes - inside[block], sample.population))
    ratio = torch.cat(ratios)
    deviation = ratio - ((inside.T @ ratio) / sample.sizes).index_select(0, sample.label)
    spread = inside.T @ deviation.square()
    unseen, often = 1 - sample.sizes / sample.population, (sample.sizes - 1) / sample.sizes
    return torch.where(unseen > 0, unseen * often * spread, 0.0).sum().sqrt() + rows.square * 0


def group_distance_ratio_of(rows: Rows, sample: ClassSample) -> Tensor:
    """Return :func:`group_distance_ratio` of features whose rows are measured."""
    classes = len(sample.sizes)
    if classes < 2:
        return rows.square * torch.nan
    distances = _distances(rows, sample)
    zeros = torch.zeros(classes, classes, dtype=torch.float64, device=distances.device)
    sums = zeros.index_add_(0, sample.label, distances)
    return _ratio(sums, sample.sizes, sample.population) + rows.square * 0


def _ratio(sums: Tensor, sizes: Tensor, population: Tensor) -> Tensor:
    """Return the ratio from the sums of distances between classes, ``[..., classes, classes]``.

    Means between distinct nodes of the sample stand for those of the graph, where each class adds its zeros.
    """
    classes = len(population)
    within = sums.diagonal(dim1=-2, dim2=-1) / (sizes * (sizes - 1)).clamp(min=1) * (1 - 1 / population)
    between = sums / (sizes[..., :, None] * sizes[..., None, :]) * population
    others = between.sum(dim=-1) - between.diagonal(dim1=-2, dim2=-1)
    across = others / (population.sum() - population)
    return across.sum(dim=-1) / (classes - 1) ** 2 / within.mean(dim=-1)


def _distances(rows: Rows, sample: ClassSample) -> Tensor:
    """Return the sum of the distances of every node of the sample to those of every class, ``[sample, classes]``."""
    x = unit_scale(rows.x.index_select(0, sample.nodes).double())
    sums = torch.zeros(len(x), len(sample.sizes), dtype=torch.float64, device=x.device)
    if not runs_compiled(x):
        for block in blocks(len(x), len(x)):
            distances = torch.cdist(x[block], x, compute_mode="donot_use_mm_for_euclid_dist")
            sums[block] = sums[block].index_add(1, sample.label, distances)
        return sums
    from cna_viz.measures.distance_kernel import add_distances

    arrays, out = (x.numpy(), sample.label.numpy()), sums.numpy()
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        starts = range(0, len(x), ROWS)
        list(pool.map(lambda start: add_distances(*arrays, start, min(len(x), start + ROWS), out), starts))
    return sums
