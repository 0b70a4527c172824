"""Group distance ratio: whether classes are further apart than they are wide."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple, Self

import torch
from torch import Tensor

from cna_viz.measures.rows import Rows, as_rows, blocks, runs_compiled, unit_scale

MOST_NODES: Final = 4096
"""Graphs up to this size are not sampled."""

FEWEST_OF_CLASS: Final = 8

ROWS: Final = 32
"""Rows per thread and turn."""


class ClassSample(NamedTuple):
    """Nodes with their classes. Neither unlabelled nodes nor classes without a node count.

    Attributes:
        nodes: Nodes, ascending, int64, ``[sample]``.
        label: Number of their class, 0 ... classes - 1, int64, ``[sample]``.
        sizes: Nodes of each class in the sample, float64, ``[classes]``.
        population: Labelled nodes of each class in the graph, float64, ``[classes]``.
    """

    nodes: Tensor
    label: Tensor
    sizes: Tensor
    population: Tensor

    @classmethod
    def of(cls, target: Tensor, *, seed: int = 0, most: int = MOST_NODES) -> Self:
        """Take all labelled nodes, or a stratified sample of about ``most`` with at least 8 nodes per class.

        Args:
            target: Class of every node, -1 where it is unlabelled, ``[nodes]``.
            seed: Seed of the sample.
            most: Size of the sample.
        """
        device, target = target.device, target.cpu()
        known = (target >= 0).nonzero().flatten()
        classes, label = torch.unique(target[known], return_inverse=True)
        population = torch.bincount(label, minlength=len(classes))
        nodes, sizes = torch.arange(len(label)), population
        if len(label) > most:
            sizes = (population * most / len(label)).round().long().clamp(min=FEWEST_OF_CLASS).minimum(population)
            order = torch.randperm(len(label), generator=torch.Generator().manual_seed(seed))
            members = [order[label[order] == number][:size] for number, size in enumerate(sizes.tolist())]
            nodes = torch.cat(members).sort().values
        arrays = known[nodes], label[nodes], sizes.double(), population.double()
        return cls(*(array.to(device) for array in arrays))

    @property
    def exact(self) -> bool:
        """Whether all labelled nodes are in it."""
        return len(self.nodes) == int(self.population.sum())


def group_distance_ratio(x: Tensor | Rows, sample: ClassSample) -> Tensor:
    r"""Group distance ratio: mean distance between classes divided by mean distance within them.

    .. math::
        \frac{\frac{1}{(C-1)^2} \sum_c \operatorname{mean}_{i \in c,\, j \notin c} \lVert x_i - x_j \rVert}
        {\frac{1}{C} \sum_c \operatorname{mean}_{i, j \in c} \lVert x_i - x_j \rVert}

    Source: Zhou et al., arXiv 2006.06972, as PyG's ``DiffGroupNorm.group_distance_ratio`` computes it, without the 1e-5
    in PyG's denominator (which makes it depend on the scale). As there, a node is at distance 0 from itself and the
    factor is 1/(C-1)², so unstructured features give about C/(C-1)² and not 1. The authors' own code averages squared
    distances of unit rows, which gives other numbers. At least 0; scaling X changes nothing.

    Args:
        x: Features, ``[nodes, channels]``.
        sample: ``ClassSample.of(target)``: all labelled nodes up to 4096, else about 4096, for which
            :func:`group_distance_ratio_error` gives the standard error.

    Returns:
        A scalar, float64; infinite where classes are points, NaN where all is one point, for a single class, and where
        x is not finite. Cost: O(sample² · channels), at most about 4096² pairs.
    """
    rows, classes = as_rows(x), len(sample.sizes)
    if classes < 2:
        return rows.square * torch.nan
    distances = _distances(rows, sample)
    zeros = torch.zeros(classes, classes, dtype=torch.float64, device=distances.device)
    sums = zeros.index_add_(0, sample.label, distances)
    return _ratio(sums, sample.sizes, sample.population) + rows.square * 0


def group_distance_ratio_error(x: Tensor, sample: ClassSample) -> Tensor:
    """Standard error of :func:`group_distance_ratio` by the stratified jackknife; 0 if no labelled node is left out."""
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


def _ratio(sums: Tensor, sizes: Tensor, population: Tensor) -> Tensor:
    """Return the ratio from the sums of distances between classes, ``[..., classes, classes]``.

    Means between distinct nodes of the sample estimate those of the graph, where each class adds its zeros.
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
    from cna_viz.measures.kernels import add_distances

    arrays, out = (x.numpy(), sample.label.numpy()), sums.numpy()
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        starts = range(0, len(x), ROWS)
        list(pool.map(lambda start: add_distances(*arrays, start, min(len(x), start + ROWS), out), starts))
    return sums
