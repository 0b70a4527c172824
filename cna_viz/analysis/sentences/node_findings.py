"""Findings on nodes: how they are misclassified, where two runs agree on them, and a selection of them."""

from collections.abc import Sequence

import numpy as np

from cna_viz.analysis.tables.comparison import arms_of
from cna_viz.analysis.tables.node_groups import NodeGroups, color_groups, is_labelled, node_groups
from cna_viz.analysis.tables.predictions import Confusion, cluster_agreement, confusions, prediction_agreement
from cna_viz.analysis.tables.watched_arms import told_apart
from cna_viz.analysis.words import counted, listed, signed
from cna_viz.config.vocabulary import SplitName
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

LISTED = 8
"""Nodes, or groups, that are named one by one."""


def confusion_findings(records: Sequence[Record], split: SplitName = "test") -> list[str]:
    """Report for each arm the most frequent confusion of two classes, and the class with the lowest recall.

    Errors are those of :func:`~cna_viz.analysis.tables.predictions.confusions`.
    """
    found = confusions(records, split)
    what = "graph" if "graph_of_node" in records[0].graph else "node"
    return [f"**{arm.arm}**: {sentence}" for arm in found for sentence in _confusion(arm, split, what)]


def pair_names(first: Record, second: Record) -> tuple[str, str]:
    """Return the names of two runs shown side by side: the slot, and what else tells them apart."""
    configs, arms = [record.config for record in told_apart([first, second])], arms_of([first, second])
    if configs[0].slot == configs[1].slot and arms[0] != arms[1]:
        arms = [f"{configs[0].slot}, {arm}" for arm in arms]
    further: dict[str, list[object]] = {
        "seed": [config.stated_seed for config in configs],
        "split seed": [config.split_seed for config in configs],
        "run": [first.id[:8], second.id[:8]],
    }
    for name, (one, other) in further.items():
        if arms[0] == arms[1] and one != other:
            arms = [f"{arms[0]}, {name} {one}", f"{arms[1]}, {name} {other}"]
    return (arms[0], arms[1]) if arms[0] != arms[1] else (f"{arms[0]}, left", f"{arms[1]}, right")


def agreement_findings(first: Record, second: Record, layer: int, epoch: int | None = None) -> list[str]:
    """Report how far the clusters of two runs on the same nodes agree after a layer, and which predicts correctly."""
    names = pair_names(first, second)
    return [_clusters(first, second, names, layer, epoch), _predictions(first, second, names, epoch)]


def selected_sentence(record: Record, nodes: Sequence[int], layer: int, epoch: int | None = None) -> str:
    """Return number, classes and clusters of selected nodes, and how many are predicted correctly, as Markdown.

    A node given twice counts once; nodes that the run does not have are ignored. Empty without nodes.
    """
    groups = node_groups(record)
    chosen = np.array([node for node in dict.fromkeys(nodes) if 0 <= node < len(groups.label)], dtype=int)
    if not len(chosen):
        return ""
    parts = [_counts(groups, chosen)]
    if record.snapshots:
        clusters = color_groups(record, "cluster", layer, epoch)
        parts += [] if clusters is None else [f"{_counts(clusters, chosen)} after layer {layer}"]
        predicted = color_groups(record, "prediction", layer, epoch)
        if predicted is not None and predicted.wrong is not None:
            judged = chosen[is_labelled(record)[chosen]]
            not_right = predicted.wrong | (predicted.label == predicted.missing)
            right = len(judged) - int(not_right[judged].sum())
            parts += [f"{right} of {len(judged)} predicted correctly"] if len(judged) else []
    which = ", ".join(map(str, chosen[:LISTED])) + (" …" if len(chosen) > LISTED else "")
    return f"**{len(chosen)} selected** ({which}): {'; '.join(parts)}"


def _confusion(found: Confusion, split: str, what: str) -> list[str]:
    total, right = int(found.counts.sum()), int(np.trace(found.counts))
    runs = f" over {counted(found.runs, 'run')}" if found.runs > 1 else ""
    lost = [f"{counted(found.missing, f'{split} {what}')} without a finite output{runs}"] if found.missing else []
    if total == 0:
        return lost or [f"no {split} {what}s{runs}"]
    if right == total:
        all_right = f"all {total} {split} {what}s{runs} are" if total > 1 else f"the only {split} {what}{runs} is"
        return [*lost, f"{all_right} classified correctly"]
    wrong = found.counts - np.diag(np.diag(found.counts))
    one, other = np.unravel_index(wrong.argmax(), wrong.shape)
    most, ties = int(wrong.max()), int(np.count_nonzero(wrong == wrong.max())) - 1
    tied = f"; {counted(ties, 'other pair')} as often" if ties else ""
    often = "no confusion occurs twice"
    if most > 1:
        often = (
            f"most often class {found.names[one]} is predicted as class {found.names[other]} ({most} times, "
            f"{100 * most / (total - right):.0f} % of the errors{tied})"
        )
    size = found.counts.sum(axis=1)
    recall = np.divide(np.diag(found.counts), size, out=np.full(len(size), np.nan), where=size > 0)
    share = np.nanmin(recall)
    worst = np.flatnonzero(recall == share)
    names = listed(found.names[number] for number in worst[:LISTED])
    lowest = f"class {names} has the lowest recall, {100 * share:.0f} % of its {counted(int(size[worst[0]]), what)}"
    if len(worst) > 1:
        more = f" and {len(worst) - LISTED} more" if len(worst) > LISTED else ""
        lowest = f"classes {names}{more} have the lowest recall, {100 * share:.0f} %"
    if len(worst) == np.count_nonzero(size):
        lowest = f"recall is {100 * share:.0f} % in every class" if len(worst) > 1 else ""
    return [
        *lost,
        f"{total - right} of {counted(total, f'{split} {what}')} misclassified{runs}; {often}",
        *([lowest] if lowest else []),
    ]


def _clusters(first: Record, second: Record, names: tuple[str, str], layer: int, epoch: int | None) -> str:
    found = cluster_agreement(first, second, layer, epoch)
    where = f"clusters after layer {layer}"
    if found is not None:
        ari, nmi = (signed(value, 2).removeprefix("+") for value in found)
        return (
            f"{where}: adjusted Rand index {ari} (0: chance, 1: identical), normalized mutual information {nmi} "
            "(0: independent, 1: identical)"
        )
    runs = dict(zip(names, (first, second), strict=True))
    without = [name for name, run in runs.items() if run.layer_variable("cluster_label", layer, epoch) is None]
    return f"{where}: none in {listed(f'**{name}**' for name in without)}"


def _predictions(first: Record, second: Record, names: tuple[str, str], epoch: int | None) -> str:
    if first.graph["target"].dtype.kind == "f":
        return "predictions are numbers, neither right nor wrong: compare the errors of the runs"
    try:
        found = prediction_agreement(first, second, epoch)
    except UsageError as error:
        return f"predictions: {error}"
    if not found.count:
        return "predictions: no node is in the test split of both runs"
    shares = {
        "both right": found.both,
        f"only **{names[0]}**": found.first,
        f"only **{names[1]}**": found.second,
        "neither": found.neither,
    }
    percent = ", ".join(f"{words} {100 * share:.1f} %" for words, share in shares.items())
    noun = "graph" if "graph_of_node" in first.graph else "node"
    return f"predictions on the {counted(found.count, noun)} in the test split of both: {percent}"


def _counts(groups: NodeGroups, chosen: "np.ndarray[tuple[int], np.dtype[np.int_]]") -> str:
    numbers, counts = np.unique(groups.label[chosen], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    words = [
        f"{counts[place]} "
        + (groups.names[number] if number == groups.rest else f"in {groups.kind} {groups.names[number]}")
        for place, number in zip(order[:LISTED], numbers[order], strict=False)
    ]
    return ", ".join(words) + (" …" if len(order) > LISTED else "")
