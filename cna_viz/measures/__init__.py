"""How smooth, how collapsed and how alive a graph network is: tensors in, scalar tensors out, one idea per file.

``describe("mad")`` prints what a measure is and when to trust it; docs/measures.md has the overview. To take many
measures of many layers, make a :class:`FeatureMeasurer` once per graph: it shares the work.
"""

from cna_viz.config.measures import MEASURES
from cna_viz.errors import unknown_name
from cna_viz.measures.clusters import ari, cluster_churn, cluster_entropy, cluster_sizes, nmi
from cna_viz.measures.edges import EdgeList
from cna_viz.measures.eigenspace import Eigenspace, eigenspace_distance, eigenspace_distance_normalized
from cna_viz.measures.energy import dirichlet_survey, dirichlet_sym, dirichlet_sym_loops, dirichlet_trace, rayleigh
from cna_viz.measures.group_distance import ClassSample, group_distance_ratio, group_distance_ratio_error
from cna_viz.measures.information import InputSample, information_gain
from cna_viz.measures.mad_gap import HopPairs, mad_gap, mad_gap_error
from cna_viz.measures.norm import feature_norm, weight_norm
from cna_viz.measures.rank import effective_rank, numerical_rank, rank_one_distance
from cna_viz.measures.similarity import mad, mean_cosine
from cna_viz.measures.together import FeatureMeasurer

__all__ = [
    "ClassSample",
    "EdgeList",
    "Eigenspace",
    "FeatureMeasurer",
    "HopPairs",
    "InputSample",
    "ari",
    "cluster_churn",
    "cluster_entropy",
    "cluster_sizes",
    "describe",
    "dirichlet_survey",
    "dirichlet_sym",
    "dirichlet_sym_loops",
    "dirichlet_trace",
    "effective_rank",
    "eigenspace_distance",
    "eigenspace_distance_normalized",
    "feature_norm",
    "group_distance_ratio",
    "group_distance_ratio_error",
    "information_gain",
    "mad",
    "mad_gap",
    "mad_gap_error",
    "mean_cosine",
    "nmi",
    "numerical_rank",
    "rank_one_distance",
    "rayleigh",
    "weight_norm",
]


def describe(name: str) -> None:
    """Print the question, definition, range and criticism of a measure, and when to trust it.

    Args:
        name: Its name, such as ``mad``.

    Raises:
        UsageError: For an unknown name; lists the measures.
    """
    if name not in MEASURES:
        raise unknown_name("measure", name, MEASURES)
    print(MEASURES[name].text())
