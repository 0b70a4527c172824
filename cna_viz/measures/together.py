"""Many measures of the same features at once, sharing their common work."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module

import torch
from torch import Tensor

from cna_viz.config.vocabulary import FEATURE_MEASURES
from cna_viz.errors import unknown_name
from cna_viz.measures.edges import SUM_OF, EdgeList, EdgeMeasures, check_nodes
from cna_viz.measures.eigenspace import Eigenspace, eigenspace_distances
from cna_viz.measures.group_distance import ClassSample, group_distance_ratio
from cna_viz.measures.information import InputSample, information_gain
from cna_viz.measures.mad_gap import HopPairs, mad_gap
from cna_viz.measures.rank import effective_rank_of, nuclear_distance, numerical_rank_of, singular_values
from cna_viz.measures.rows import Rows, as_rows
from cna_viz.measures.similarity import mean_cosine

RANKS = ("numerical_rank", "effective_rank", "rank_one_distance")
DISTANCES = ("eigenspace_distance", "eigenspace_distance_normalized")


class FeatureMeasurer:
    """Takes measures of features: one pass over the edges for all energies, one set of singular values for all ranks.

    Work that depends on the graph, the classes and the inputs only is done once, here. Nothing makes a GPU wait.

    Args:
        names: Measures out of ``vocabulary.FEATURE_MEASURES``.
        edges: The graph.
        target: Class of every node, ``[nodes]``; those with -1 don't count. Without it measures of classes are NaN.
        inputs: Input features, ``[nodes, channels]``; without them ``information_gain`` is NaN.
        seed: Seed of the samples of large graphs; all layers are measured on the same nodes.

    Raises:
        UsageError: For an unknown name, and when called with features of another number of nodes.
    """

    def __init__(
        self,
        names: Sequence[str],
        edges: EdgeList,
        target: Tensor | None = None,
        inputs: Tensor | None = None,
        *,
        seed: int = 0,
    ) -> None:
        for name in names:
            if name not in FEATURE_MEASURES:
                raise unknown_name("measure of features", name, FEATURE_MEASURES)
        self.names, self.nodes = tuple(names), edges.num_nodes
        self._shared = list(_shared(self.names, edges))
        alone = [name for name in self.names if name not in {*SUM_OF, *DISTANCES, *RANKS}]
        self._alone = {name: _alone(name, edges, target, inputs, seed) for name in alone}

    def __call__(self, x: Tensor) -> dict[str, Tensor]:
        """Return the measures of ``x``, ``[nodes, channels]``: scalars, float64, on the device of ``x``, by name."""
        check_nodes(x, self.nodes)
        rows = as_rows(x)
        found = {name: measure(rows) for name, measure in self._alone.items()}
        for measures in self._shared:
            found |= measures(rows)
        return {name: found[name] for name in self.names}


def _shared(names: Sequence[str], edges: EdgeList) -> Iterator[Callable[[Rows], dict[str, Tensor]]]:
    """Yield a function for each group of measures that share work."""
    sums, ranks = ([name for name in names if name in group] for group in (SUM_OF, RANKS))
    if sums:
        yield EdgeMeasures(sums, edges)
    if ranks:
        yield lambda rows: _ranks(rows.x, ranks)
    if set(names) & set(DISTANCES):
        space = Eigenspace.of(edges)
        yield lambda rows: dict(zip(DISTANCES, eigenspace_distances(rows, space), strict=True))


def _ranks(x: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
    values = singular_values(x)
    of: dict[str, Callable[[], Tensor]] = {
        "numerical_rank": lambda: numerical_rank_of(values),
        "effective_rank": lambda: effective_rank_of(values),
        "rank_one_distance": lambda: nuclear_distance(x, values),
    }
    return {name: of[name]() for name in names}


def _alone(
    name: str, edges: EdgeList, target: Tensor | None, inputs: Tensor | None, seed: int
) -> Callable[[Rows], Tensor]:
    """Return a measure that shares no work; by default the function of its name in the module of its name."""
    match name:
        case "feature_norm":
            return lambda rows: rows.square.sqrt()
        case "mean_cosine":
            return mean_cosine
        case "mad_gap":
            return partial(mad_gap, hops=HopPairs.of(edges, seed=seed))
        case "group_distance_ratio" if target is not None:
            return partial(group_distance_ratio, sample=ClassSample.of(target, seed=seed))
        case "information_gain" if inputs is not None:
            return partial(information_gain, sample=InputSample.of(inputs, seed=seed))
        case "group_distance_ratio" | "information_gain":
            return lambda rows: rows.square * torch.nan
    measure = getattr(import_module(f"cna_viz.measures.{name}"), name)
    return lambda rows: measure(rows.x, edges)
