"""How much the features still say about the inputs."""

import math
from typing import Final, NamedTuple, Self

import torch
from torch import Tensor

from cna_viz.measures.blocks import ENTRIES, reciprocal, row_norms
from cna_viz.measures.rows import Rows, as_rows

MOST_NODES: Final = 1000
VARIANCE: Final = 0.1


class InputSample(NamedTuple):
    """Some nodes and how alike their inputs are; depends on the inputs only, so make it once.

    Attributes:
        nodes: Nodes, ascending, int64, ``[sample]``; at most 1000.
        kernel: exp(-‖u_i - u_j‖²/(8 · 0.1)) of unit input rows, float64, ``[sample, sample]``.
    """

    nodes: Tensor
    kernel: Tensor

    @classmethod
    def of(cls, inputs: Tensor, seed: int = 0, most: int = MOST_NODES) -> Self:
        """Take all nodes, or ``most`` of them.

        Args:
            inputs: Input features, ``[nodes, channels]``.
            seed: Of the sample.
            most: How many nodes.

        Cost: O(sample² · channels).
        """
        order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(seed))
        nodes = order[:most].sort().values.to(inputs.device)
        some = inputs.detach().index_select(0, nodes).double()
        unit = some * reciprocal(row_norms(some))[:, None]
        distance = torch.cdist(unit, unit, compute_mode="donot_use_mm_for_euclid_dist")
        return cls(nodes, distance.square_().div_(-8 * VARIANCE).exp_())


def information_gain(x: Tensor, sample: InputSample) -> Tensor:
    r"""Instance information gain: mutual information of the inputs and the features, estimated with kernels, in bits.

    .. math::
        \frac{1}{n} \sum_i \log_2 \frac{\frac{1}{n_{k(i)}} \sum_{j : k(j) = k(i)} K_{ij}}{\frac{1}{n} \sum_j K_{ij}},
        \qquad K_{ij} = e^{-\lVert u_i - u_j \rVert^2 / (8 \cdot 0.1)}

    with unit rows u of the inputs; k(i) is the channel of node i's largest feature, and n_k of the n nodes have it.
    Source: Zhou et al., arXiv 2006.06972, and their released code, which replaces the features by that channel and
    takes for both entropies the lower bound of Kolchinsky and Tracey. So it sees only which channel wins: a rotation of
    the channels changes it. At most log₂ of the number of channels; 0 where one channel wins everywhere. Scaling X by a
    positive number changes nothing.

    Args:
        x: Features, ``[nodes, channels]``.
        sample: ``InputSample.of(inputs)``, at most 1000 nodes, the same for all layers.

    Returns:
        A scalar, float64; NaN without nodes or where x is not finite. Of equal features the first wins. Cost:
        O(sample² + nodes · channels).
    """
    return information_gain_of(as_rows(x), sample)


def information_gain_of(rows: Rows, sample: InputSample) -> Tensor:
    """Return :func:`information_gain` of features whose rows are measured."""
    if not rows.x.numel():
        return rows.square * torch.nan
    winner, kernel = rows.x.index_select(0, sample.nodes).argmax(dim=1), sample.kernel
    total, step = torch.zeros((), dtype=torch.float64, device=kernel.device), max(1, ENTRIES // 4 // len(kernel))
    for start in range(0, len(kernel), step):
        block = kernel[start : start + step]
        alike = winner[start : start + step, None] == winner
        total = total + ((block * alike).sum(dim=1) / alike.sum(dim=1) / block.mean(dim=1)).log().sum()
    return total / (len(kernel) * math.log(2)) + rows.square * 0
