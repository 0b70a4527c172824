"""Predictions of the selected models: which classes are confused, where two runs agree, and the score of a constant."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cna_viz.analysis.tables.cluster_labels import count_pairs
from cna_viz.analysis.tables.comparison import arms_of, drop_duplicates, require_one_protocol
from cna_viz.analysis.tables.node_groups import class_names, is_labelled
from cna_viz.config.vocabulary import SPLITS, SplitName
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

CHANCE: Final = {
    **dict.fromkeys(("accuracy", "macro_f1"), "always predicting the most frequent class"),
    "roc_auc": "random guessing",
    **dict.fromkeys(("nmse", "r2"), "always predicting the mean"),
}
"""Predictions that know nothing of the nodes, by metric."""
_LEVELS: Final = {"roc_auc": 0.5, "r2": 0.0}
"""Scores of such predictions that are the same on all data."""
_ADVICE: Final = "only the same nodes can be compared one by one; take two runs on one graph"


@dataclass(frozen=True)
class PredictionAgreement:
    """Shares of the nodes (or graphs) that both, one or neither of two runs predict correctly.

    They are NaN where the number of nodes, ``count``, is 0.
    """

    both: float
    first: float
    second: float
    neither: float
    count: int


@dataclass(frozen=True)
class Confusion:
    """True against predicted classes, ``[classes, classes]``, summed over the runs of an arm.

    ``accuracies`` has one value per run, NaN for a split without nodes or a run without finite outputs; ``names`` are
    those of the classes. ``missing`` counts labelled nodes without a finite output, which ``counts`` leaves out.
    """

    arm: str
    counts: Array
    accuracies: tuple[float, ...]
    names: tuple[str, ...]
    missing: int = 0

    @property
    def runs(self) -> int:
        """Number of runs added up."""
        return len(self.accuracies)


def chance_score(record: Record, split: SplitName = "test") -> float:
    """Return the score of a prediction that knows nothing of the nodes; NaN for a split without nodes.

    Always the class that is most frequent among the nodes of the split (accuracy, macro F1), any order (ROC AUC: a
    half), or always their mean (NMSE; R²: 0). In a dataset of graphs every graph counts once.
    """
    nodes = _split_nodes(record, split)
    if not len(nodes):
        return np.nan
    if record.metric in _LEVELS:
        return _LEVELS[record.metric]
    target = record.graph["target"].values
    if record.metric == "nmse":
        return float(target[nodes].var() / target[is_labelled(record)].mean())
    sizes = np.unique(target[nodes], return_counts=True)[1]
    share = float(sizes.max() / len(nodes))
    return share if record.metric == "accuracy" else 2 * share / (1 + share) / len(sizes)


def check_same_nodes(first: Record, second: Record) -> None:
    """Refuse runs that differ in dataset, content, number of nodes or targets; raises ``UsageError``."""
    runs = f"runs {first.id[:8]} and {second.id[:8]}"
    names = [str(record.config.facts["dataset"]) for record in (first, second)]
    if names[0] != names[1]:
        raise UsageError(f"{runs} are on different datasets, {names[0]} and {names[1]}: {_ADVICE}")
    one, other = (record.graph["target"].values for record in (first, second))
    if len(one) != len(other):
        raise UsageError(f"{runs} have different numbers of nodes, {len(one):,} and {len(other):,}: {_ADVICE}")
    contents = {first.content, second.content} - {None}
    if (
        len(contents) > 1
        or first.config.data.csbm != second.config.data.csbm
        or not np.array_equal(one, other, equal_nan=True)
    ):
        raise UsageError(f"{runs} are on different graphs of the dataset {names[0]}: {_ADVICE}")


def cluster_agreement(
    first: Record, second: Record, layer: int, epoch: int | None = None
) -> tuple[float, float] | None:
    """Return adjusted Rand index and normalized mutual information of the clusters of two runs after a layer.

    The runs are on the same nodes; None where one has no clusters there.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score  # takes a second

    check_same_nodes(first, second)
    one, other = (record.layer_variable("cluster_label", layer, epoch) for record in (first, second))
    if one is None or other is None:
        return None
    ari, nmi = (score(one.values, other.values) for score in (adjusted_rand_score, normalized_mutual_info_score))
    return float(ari), float(nmi)


def prediction_agreement(
    first: Record, second: Record, epoch: int | None = None, split: SplitName = "test"
) -> PredictionAgreement:
    """Count which of two runs predicts correctly, over the nodes that are in the split in both."""
    check_same_nodes(first, second)
    target = first.graph["target"].values
    if "none" in (first.config.task, second.config.task):
        raise UsageError("a run was watched without labels, so that predictions are neither right nor wrong")
    if target.dtype.kind == "f":
        raise UsageError("targets are numbers, so that predictions are neither right nor wrong")
    nodes = np.intersect1d(_split_nodes(first, split), _split_nodes(second, split))
    one, other = (record.prediction(epoch).values[nodes] == target[nodes] for record in (first, second))
    both, left, right, neither = (
        float(cell.mean()) if len(nodes) else np.nan
        for cell in (one & other, one & ~other, ~one & other, ~one & ~other)
    )
    return PredictionAgreement(both, left, right, neither, len(nodes))


def confusions(records: Sequence[Record], split: SplitName = "test") -> list[Confusion]:
    """Count the predictions of the selected model of every run, added up over the runs of an arm.

    In datasets of graphs every graph counts once. A run given twice, or recorded in two ways, counts once.

    Args:
        records: Runs on classes, of one dataset and one split protocol, each with the snapshot of its selected epoch.
        split: train, val or test.

    Returns:
        An entry per arm, in the order of the records.
    """
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    if not records:
        raise UsageError("no records with predictions to count: make some with `cna-viz run`")
    for record in records:
        if record.config.task == "none":
            raise UsageError(
                f"run {record.id} was watched without labels, so that its predictions are neither right nor wrong"
            )
        if record.graph["target"].values.dtype.kind == "f":
            raise UsageError(
                f"the targets of {record.config.facts['dataset']!r} (run {record.id}) are numbers, which have no "
                "confusions: see the error with plot_training_curves or plot_accuracy_by_depth"
            )
    require_one_protocol(records, "predictions on different {name}s can't be compared")
    runs = drop_duplicates(records, _has_predictions)
    labels = []
    for record in runs:
        if not _has_predictions(record):
            raise UsageError(
                f"run {record.id} keeps no predictions of its selected model (epoch {record.best_epoch}): train with "
                "snapshots 'log' or 'ends'"
            )
        nodes = _split_nodes(record, split)
        labels.append((record.graph["target"].values[nodes], record.prediction().values.astype(np.int64)[nodes]))
    most = max(int(record.graph["target"].values.max()) for record in runs)
    classes = 1 + max(most, *(int(predicted.max(initial=0)) for _, predicted in labels))
    names, found = class_names(runs[0], classes), dict[str, list[tuple[Array, int]]]()
    for arm, (truth, predicted) in zip(arms_of(runs), labels, strict=True):
        given = predicted >= 0
        found.setdefault(arm, []).append((count_pairs(truth[given], predicted[given], classes, classes), len(truth)))
    return [_confusion(arm, each, names) for arm, each in found.items()]


def _confusion(arm: str, runs: Sequence[tuple[Array, int]], names: tuple[str, ...]) -> Confusion:
    """Return the sum over runs, each given by its counts and its number of labelled nodes."""
    accuracies = tuple(float(np.trace(counts) / nodes) if counts.any() else np.nan for counts, nodes in runs)
    counts = np.sum([counts for counts, _ in runs], axis=0)
    return Confusion(arm, counts, accuracies, names, sum(nodes for _, nodes in runs) - int(counts.sum()))


def _split_nodes(record: Record, split: str) -> Array:
    """Return the labelled nodes of a split; one per graph in graph classification."""
    inside = record.graph["split_of_node"].values == 1 + SPLITS.index(split)
    chosen = np.flatnonzero(inside & is_labelled(record))
    member = record.graph.get("graph_of_node")
    return chosen if member is None else chosen[np.unique(member.values[chosen], return_index=True)[1]]


def _has_predictions(record: Record) -> bool:
    return record.shown_epoch in record.snapshots
