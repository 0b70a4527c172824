"""The score of a prediction that knows nothing of the nodes."""

from typing import Any, Final

import numpy as np

from cna_viz.config.vocabulary import SPLITS
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

CHANCE: Final = {
    **dict.fromkeys(("accuracy", "macro_f1"), "always answering the most frequent class"),
    "roc_auc": "guessing",
    **dict.fromkeys(("nmse", "r2"), "always answering the mean"),
}
"""Answers that know nothing of the nodes, by metric."""


def chance_score(record: Record, part: str = "test") -> float:
    """Return the score of an answer that knows nothing of the nodes; NaN where the part has none.

    Always the class that is most frequent among the nodes of the part (accuracy, macro F1), any order (ROC AUC: a
    half), or always their mean (NMSE, R²). In a dataset of graphs every graph counts once.
    """
    target, member = record.graph["target"].values, record.graph.get("graph_of_node")
    chosen = record.graph["split_of_node"].values == 1 + SPLITS.index(part)
    if not chosen.any():
        return np.nan
    if record.metric == "roc_auc":
        return 0.5
    if record.metric == "nmse":
        return float(target[chosen].var() / target.mean())
    answers = target[chosen] if member is None else target[_first_nodes(member.values, chosen)]
    return float(np.bincount(answers).max() / len(answers))


def _first_nodes(graph_of_node: Array, chosen: Array) -> Array:
    nodes = np.flatnonzero(chosen)
    return nodes[np.unique(graph_of_node[nodes], return_index=True)[1]]
