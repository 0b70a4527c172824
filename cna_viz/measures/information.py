"""Information gain: how much the features still tell about the inputs."""

import math
from typing import Final, NamedTuple, Self

import torch
from torch import Tensor

from cna_viz.measures.rows import ENTRIES, Rows, as_rows, reciprocal, row_norms

MOST_NODES: Final = 1000
VARIANCE: Final = 0.1


class InputSample(NamedTuple):
    """Some nodes and the similarity of their inputs; depends on the inputs only, so make it once.

    Attributes:
        nodes: Nodes, ascending, int64, ``[sample]``; at most 1000.
        kernel: exp(-‖u_i - u_j‖²/(8 · 0.1)) of unit input rows, float64, ``[sample, sample]``.
    """

    nodes: Tensor
    kernel: Tensor

    @classmethod
    def of(cls, inputs: Tensor, *, seed: int = 0, most: int = MOST_NODES) -> Self:
        """Take all nodes, or ``most`` of them.

        Args:
            inputs: Input features, ``[nodes, channels]``.
            seed: Seed of the sample.
            most: Size of the sample.

        Cost: O(sample² · channels).
        """
        order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(seed))
        nodes = order[:most].sort().values.to(inputs.device)
        some = inputs.detach().index_select(0, nodes).double()
        unit = some * reciprocal(row_norms(some))[:, None]
        distance = torch.cdist(unit, unit, compute_mode="donot_use_mm_for_euclid_dist")
        return cls(nodes, distance.square_().div_(-8 * VARIANCE).exp_())


def information_gain(x: Tensor | Rows, sample: InputSample) -> Tensor:
    r"""Instance information gain: mutual information of the inputs and the features, estimated with kernels, in bits.

    .. math::
        \frac{1}{n} \sum_i \log_2 \frac{\frac{1}{n_{k(i)}} \sum_{j : k(j) = k(i)} K_{ij}}{\frac{1}{n} \sum_j K_{ij}},
        \qquad K_{ij} = e^{-\lVert u_i - u_j \rVert^2 / (8 \cdot 0.1)}

    with unit rows u of the inputs; k(i) is the channel of node i's largest feature, shared by n_k of the n nodes.
    Source: Zhou et al., arXiv 2006.06972, and their released code, which replaces the features by that channel and
    estimates both entropies by the lower bound of Kolchinsky and Tracey. So only the winning channel counts: rotating
    the channels changes the result. At most log₂ of the number of channels; 0 if one channel wins everywhere. Scaling X
    by a positive number changes nothing.

    Args:
        x: Features, ``[nodes, channels]``.
        sample: ``InputSample.of(inputs)``, at most 1000 nodes, the same for all layers.

    Returns:
        A scalar, float64; NaN without nodes or where x is not finite. Ties go to the first channel. Cost: O(sample² +
        nodes · channels).
    """
    rows = as_rows(x)
    if not rows.x.numel():
        return rows.square * torch.nan
    winner, kernel = rows.x.index_select(0, sample.nodes).argmax(dim=1), sample.kernel
    total, step = torch.zeros((), dtype=torch.float64, device=kernel.device), max(1, ENTRIES // 4 // len(kernel))
    for start in range(0, len(kernel), step):
        block = kernel[start : start + step]
        alike = winner[start : start + step, None] == winner
        total = total + ((block * alike).sum(dim=1) / alike.sum(dim=1) / block.mean(dim=1)).log().sum()
    return total / (len(kernel) * math.log(2)) + rows.square * 0
