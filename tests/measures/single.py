"""The measures of features as single functions, called alike."""

from collections.abc import Callable

from torch import Tensor

from cna_viz import measures as m
from cna_viz.measures import ClassSample, EdgeList, Eigenspace, HopPairs, InputSample

SINGLE: dict[str, Callable[[Tensor, EdgeList, Tensor, Tensor], Tensor]] = {
    "feature_norm": lambda x, edges, y, inputs: m.feature_norm(x),
    "dirichlet_survey": lambda x, edges, y, inputs: m.dirichlet_survey(x, edges),
    "dirichlet_trace": lambda x, edges, y, inputs: m.dirichlet_trace(x, edges),
    "dirichlet_sym": lambda x, edges, y, inputs: m.dirichlet_sym(x, edges),
    "dirichlet_sym_loops": lambda x, edges, y, inputs: m.dirichlet_sym_loops(x, edges),
    "rayleigh": lambda x, edges, y, inputs: m.rayleigh(x, edges),
    "mad": lambda x, edges, y, inputs: m.mad(x, edges),
    "mad_gap": lambda x, edges, y, inputs: m.mad_gap(x, HopPairs.of(edges)),
    "mean_cosine": lambda x, edges, y, inputs: m.mean_cosine(x),
    "eigenspace_distance": lambda x, edges, y, inputs: m.eigenspace_distance(x, Eigenspace.of(edges)),
    "eigenspace_distance_normalized": lambda x, edges, y, inputs: m.eigenspace_distance_normalized(
        x, Eigenspace.of(edges)
    ),
    "numerical_rank": lambda x, edges, y, inputs: m.numerical_rank(x),
    "effective_rank": lambda x, edges, y, inputs: m.effective_rank(x),
    "rank_one_distance": lambda x, edges, y, inputs: m.rank_one_distance(x),
    "group_distance_ratio": lambda x, edges, y, inputs: m.group_distance_ratio(x, ClassSample.of(y)),
    "information_gain": lambda x, edges, y, inputs: m.information_gain(x, InputSample.of(inputs)),
}
