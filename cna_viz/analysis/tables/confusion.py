"""Which class is taken for which: answers of the selected models, counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cna_viz.analysis.tables.cluster_table import count_pairs
from cna_viz.analysis.tables.comparison import PROTOCOL, arm_names, once
from cna_viz.config.vocabulary import SPLITS
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Confusion:
    """True classes against answers, of all runs of an arm.

    Attributes:
        arm: What the runs have in common.
        counts: Nodes (or graphs) by true class and answer, ``[classes, classes]``; each once per run.
        accuracies: Share of right answers of every run; NaN where a part has no nodes.
    """

    arm: str
    counts: Array
    accuracies: tuple[float, ...]

    @property
    def runs(self) -> int:
        """How many runs were added up."""
        return len(self.accuracies)


def confusions(records: Sequence[Record], part: str = "test") -> list[Confusion]:
    """Count the answers of the selected model of every run, and add up the runs of an arm.

    In datasets of graphs every graph counts once. A run that is given twice, or was recorded in two ways, counts once.

    Args:
        records: Runs on classes, of one dataset and one split protocol, each with the snapshot of its selected epoch.
        part: train, val or test.

    Returns:
        An entry per arm, in the order of the records.

    Raises:
        UsageError: When there are no records, the part is unknown, targets are numbers, datasets or split protocols
            differ, or a record lacks the predictions of its selected model.
    """
    if part not in SPLITS:
        raise unknown_name("part", part, SPLITS)
    if not records:
        raise UsageError("no records whose answers could be counted: make some with `cna-viz run`")
    _check_protocol(records)
    runs = once(records, _has_answers)
    pairs = [_answers(record, part) for record in runs]
    classes = 1 + max(int(record.graph["target"].values.max()) for record in runs)
    classes = max(classes, *(1 + int(answer.max(initial=0)) for _, answer in pairs))
    names = arm_names([record.config for record in runs])
    found: dict[str, list[tuple[Array, float]]] = {}
    for record, (truth, answer) in zip(runs, pairs, strict=True):
        right = float((truth == answer).mean()) if len(truth) else np.nan
        entry = (count_pairs(truth, answer, classes, classes), right)
        found.setdefault(names[record.config.run_id], []).append(entry)
    return [
        Confusion(arm, np.sum([counts for counts, _ in entries], axis=0), tuple(right for _, right in entries))
        for arm, entries in found.items()
    ]


def _check_protocol(records: Sequence[Record]) -> None:
    for record in records:
        target = record.graph["target"].values
        if target.dtype.kind == "f":
            raise UsageError(
                f"the targets of {record.config.facts['dataset']!r} (run {record.id}) are numbers, which are not taken "
                "for each other: see its error with plot_training_curves or plot_accuracy_by_depth"
            )
    for name in PROTOCOL:
        found = sorted({str(record.config.facts[name]) for record in records})
        if len(found) > 1:
            raise UsageError(
                f"answers on different {name}s can't be added up or compared: {found[0]} and {found[1]}; draw each "
                "apart"
            )


def _has_answers(record: Record) -> bool:
    return record.best_epoch in record.snapshots


def _answers(record: Record, part: str) -> tuple[Array, Array]:
    """Return classes and answers of the nodes of a part, or of its graphs."""
    if not _has_answers(record):
        raise UsageError(
            f"run {record.id} keeps no answers of its selected model (epoch {record.best_epoch}): train with snapshots "
            "'log' or 'ends'"
        )
    answer = record.prediction().values.astype(np.int64)
    target = record.graph["target"].values
    chosen = np.flatnonzero(record.graph["split_of_node"].values == 1 + SPLITS.index(part))
    member = record.graph.get("graph_of_node")
    if member is not None:
        chosen = chosen[np.unique(member.values[chosen], return_index=True)[1]]
    return target[chosen], answer[chosen]
