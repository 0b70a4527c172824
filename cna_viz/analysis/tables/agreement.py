"""Two runs on the same nodes: whether their clusters are the same, and which of them answers right where."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from cna_viz.config.vocabulary import SPLITS
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

_ADVICE: Final = "only the same nodes can be compared one by one; take two runs on one graph"


@dataclass(frozen=True)
class Clusters:
    """How far two partitions of the nodes agree.

    Attributes:
        ari: Adjusted Rand index: 1 where they are the same, 0 by chance.
        nmi: Normalized mutual information: 1 where they are the same, 0 where they have nothing in common.
    """

    ari: float
    nmi: float


@dataclass(frozen=True)
class Answers:
    """Which of two runs answers right, in shares of the nodes (graphs, where these are classified).

    Attributes:
        both: Share that both answer right.
        first: Share that only the first answers right.
        second: Share that only the second answers right.
        neither: Share that neither answers right.
        count: How many nodes or graphs there are; the shares are NaN where there are none.
    """

    both: float
    first: float
    second: float
    neither: float
    count: int


def check_same_nodes(first: Record, second: Record) -> None:
    """Refuse runs whose nodes are not the same, of which nothing can be compared node by node.

    Raises:
        UsageError: When datasets, the parameters of a csbm graph, numbers of nodes or targets differ.
    """
    names = [str(record.config.facts["dataset"]) for record in (first, second)]
    if names[0] != names[1]:
        raise UsageError(
            f"runs {_called(first, second)} are on different datasets, {names[0]} and {names[1]}: {_ADVICE}"
        )
    one, other = (record.graph["target"].values for record in (first, second))
    if len(one) != len(other):
        counts = f"{len(one):,} and {len(other):,}"
        raise UsageError(f"runs {_called(first, second)} have different numbers of nodes, {counts}: {_ADVICE}")
    if first.config.data.csbm != second.config.data.csbm or not np.array_equal(one, other):
        raise UsageError(f"runs {_called(first, second)} are on different graphs of the dataset {names[0]}: {_ADVICE}")


def cluster_agreement(first: Record, second: Record, layer: int, epoch: int | None = None) -> Clusters | None:
    """Return how far the clusters of two runs agree in the slot after a layer; None where one has none there.

    Args:
        first: A run.
        second: Another on the same nodes.
        layer: The layer.
        epoch: A snapshot's epoch of both; the selected models' when left out.

    Raises:
        UsageError: When the nodes are not the same, or a run has no snapshot of this epoch.
    """
    check_same_nodes(first, second)
    labels = [record.layer_variable("cluster_label", layer, epoch) for record in (first, second)]
    one, other = (None if label is None else label.values for label in labels)
    if one is None or other is None:
        return None
    return Clusters(float(adjusted_rand_score(one, other)), float(normalized_mutual_info_score(one, other)))


def answer_agreement(first: Record, second: Record, epoch: int | None = None, part: str = "test") -> Answers:
    """Count which of two runs answers right, of the nodes that are in a part of the split in both.

    Args:
        first: A run on classes.
        second: Another on the same nodes.
        epoch: A snapshot's epoch of both; the selected models' when left out.
        part: train, val or test.

    Raises:
        UsageError: When the nodes are not the same, targets are numbers, or a run keeps no answers of this epoch.
    """
    check_same_nodes(first, second)
    target = first.graph["target"].values
    if target.dtype.kind == "f":
        raise UsageError("targets are numbers, of which an answer is not right or wrong")
    parts = [record.graph["split_of_node"].values == 1 + SPLITS.index(part) for record in (first, second)]
    chosen = np.flatnonzero(np.logical_and(*parts))
    member = first.graph.get("graph_of_node")
    if member is not None:
        chosen = chosen[np.unique(member.values[chosen], return_index=True)[1]]
    one, other = (_right(record, epoch)[chosen] for record in (first, second))
    return Answers(
        both=_share(one & other),
        first=_share(one & ~other),
        second=_share(~one & other),
        neither=_share(~one & ~other),
        count=len(chosen),
    )


def _right(record: Record, epoch: int | None) -> Array:
    right: Array = record.prediction(epoch).values == record.graph["target"].values
    return right


def _share(of: Array) -> float:
    return float(of.mean()) if len(of) else float("nan")


def _called(first: Record, second: Record) -> str:
    return f"{first.id[:8]} and {second.id[:8]}"
