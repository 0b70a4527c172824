"""Many measures of the same features at once, with the work that they share done once."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module

import torch
from torch import Tensor

from cna_viz.config.vocabulary import FEATURE_MEASURES
from cna_viz.errors import unknown_name
from cna_viz.measures.class_sample import ClassSample
from cna_viz.measures.edge_measures import SUM_OF, EdgeMeasures
from cna_viz.measures.edges import EdgeList, check_nodes
from cna_viz.measures.eigenspace import Eigenspace, eigenspace_distances
from cna_viz.measures.group_distance import group_distance_ratio_of
from cna_viz.measures.hops import HopPairs
from cna_viz.measures.information import InputSample, information_gain_of
from cna_viz.measures.mad_gap import mad_gap_of
from cna_viz.measures.rank import effective_rank_of, numerical_rank_of
from cna_viz.measures.rows import Rows, as_rows
from cna_viz.measures.similarity import mean_cosine_of
from cna_viz.measures.spectrum import nuclear_distance, singular_values

Part = Callable[[Rows], dict[str, Tensor]]
"""Takes the measures that share some work."""

RANKS = ("numerical_rank", "effective_rank", "rank_one_distance")
DISTANCES = ("eigenspace_distance", "eigenspace_distance_normalized")
SAMPLED = ("group_distance_ratio", "information_gain")


class FeatureMeasurer:
    """Takes measures of features: one pass over the edges for all energies, one set of singular values for all ranks.

    What depends on the graph, the classes and the inputs only is prepared here, once. Nothing is read back from a GPU.

    Args:
        names: Measures out of ``vocabulary.FEATURE_MEASURES``.
        edges: The graph.
        target: Class of every node, ``[nodes]``; without it measures of classes are NaN.
        inputs: Input features, ``[nodes, channels]``; without them ``information_gain`` is NaN.
        seed: Of the samples that are drawn on large graphs, so that all layers are measured on the same nodes.

    Raises:
        UsageError: For a name that is no measure of features, and when called, for features of other nodes.
    """

    def __init__(
        self,
        names: Sequence[str],
        edges: EdgeList,
        target: Tensor | None = None,
        inputs: Tensor | None = None,
        seed: int = 0,
    ) -> None:
        for name in names:
            if name not in FEATURE_MEASURES:
                raise unknown_name("measure of features", name, FEATURE_MEASURES)
        self.names, self.nodes = tuple(names), edges.num_nodes
        self._parts = [
            *_edge_parts(self.names, edges, seed),
            *_row_parts(self.names),
            *_sample_parts(self.names, target, inputs, seed),
            *_own_parts(self.names, edges),
        ]

    def __call__(self, x: Tensor) -> dict[str, Tensor]:
        """Return the measures of ``x``, ``[nodes, channels]``: scalars, float64, on the device of ``x``, by name."""
        check_nodes(x, self.nodes)
        rows, found = as_rows(x), dict[str, Tensor]()
        for part in self._parts:
            found |= part(rows)
        return {name: found[name] for name in self.names}


def _edge_parts(names: Sequence[str], edges: EdgeList, seed: int) -> list[Part]:
    parts: list[Part] = []
    sums = [name for name in names if name in SUM_OF]
    if sums:
        parts.append(EdgeMeasures(sums, edges))
    if "mad_gap" in names:
        hops = HopPairs.of(edges, seed=seed)
        parts.append(lambda rows: {"mad_gap": mad_gap_of(rows, hops)})
    if set(names) & set(DISTANCES):
        space = Eigenspace.of(edges)
        parts.append(lambda rows: dict(zip(DISTANCES, eigenspace_distances(rows, space), strict=True)))
    return parts


def _row_parts(names: Sequence[str]) -> list[Part]:
    parts: list[Part] = []
    if "feature_norm" in names:
        parts.append(lambda rows: {"feature_norm": rows.square.sqrt()})
    if "mean_cosine" in names:
        parts.append(lambda rows: {"mean_cosine": mean_cosine_of(rows)})
    ranks = [name for name in RANKS if name in names]
    if ranks:
        parts.append(lambda rows: _ranks(rows.x, ranks))
    return parts


def _ranks(x: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
    values = singular_values(x)
    of: dict[str, Callable[[], Tensor]] = {
        "numerical_rank": lambda: numerical_rank_of(values),
        "effective_rank": lambda: effective_rank_of(values),
        "rank_one_distance": lambda: nuclear_distance(x, values),
    }
    return {name: of[name]() for name in names}


def _own_parts(names: Sequence[str], edges: EdgeList) -> list[Part]:
    """Return the measures that share no work: each a function of its name, in a module of its name."""
    shared = {*SUM_OF, *DISTANCES, *RANKS, *SAMPLED, "feature_norm", "mean_cosine", "mad_gap"}
    return [partial(_own, name=name, edges=edges) for name in names if name not in shared]


def _own(rows: Rows, name: str, edges: EdgeList) -> dict[str, Tensor]:
    return {name: getattr(import_module(f"cna_viz.measures.{name}"), name)(rows.x, edges)}


def _sample_parts(names: Sequence[str], target: Tensor | None, inputs: Tensor | None, seed: int) -> list[Part]:
    parts: list[Part] = []
    if "group_distance_ratio" in names:
        classes = None if target is None else ClassSample.of(target, seed)
        parts.append(
            lambda rows: {
                "group_distance_ratio": rows.square * torch.nan
                if classes is None
                else group_distance_ratio_of(rows, classes)
            }
        )
    if "information_gain" in names:
        sample = None if inputs is None else InputSample.of(inputs, seed)
        parts.append(
            lambda rows: {
                "information_gain": rows.square * torch.nan if sample is None else information_gain_of(rows, sample)
            }
        )
    return parts
