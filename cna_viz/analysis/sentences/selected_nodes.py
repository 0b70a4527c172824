"""What can be said of some nodes of a run, in a sentence."""

from collections.abc import Sequence

import numpy as np

from cna_viz.analysis.tables.node_colors import color_groups
from cna_viz.analysis.tables.node_groups import NodeGroups, node_groups
from cna_viz.records.record import Record

LISTED = 8
"""Nodes, or groups, that are named one by one."""


def selected_sentence(record: Record, nodes: Sequence[int], layer: int, epoch: int | None = None) -> str:
    """Return how many nodes there are, their classes, clusters in a slot, and whether they are predicted right.

    Args:
        record: A run.
        nodes: Numbers of the nodes; those that the run does not have are passed over.
        layer: The layer after whose slot clusters are looked up.
        epoch: A snapshot's epoch; the selected model's when left out.

    Returns:
        A sentence in Markdown; empty without nodes.
    """
    groups = node_groups(record)
    chosen = np.array([node for node in nodes if 0 <= node < len(groups.label)], dtype=int)
    if not len(chosen):
        return ""
    parts = [_counts(groups, chosen)]
    if record.snapshots:
        clusters = color_groups(record, "cluster", layer, epoch)
        parts += [] if clusters is None else [f"{_counts(clusters, chosen)} after layer {layer}"]
        predicted = color_groups(record, "prediction", layer, epoch)
        if predicted is not None and predicted.wrong is not None:
            parts.append(f"{len(chosen) - int(predicted.wrong[chosen].sum())} of {len(chosen)} predicted right")
    which = ", ".join(map(str, chosen[:LISTED])) + (" …" if len(chosen) > LISTED else "")
    return f"**{len(chosen)} selected** ({which}): {'; '.join(parts)}"


def _counts(groups: NodeGroups, chosen: "np.ndarray[tuple[int], np.dtype[np.int_]]") -> str:
    numbers, counts = np.unique(groups.label[chosen], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    words = [f"{counts[place]} in {groups.kind} {groups.names[numbers[place]]}" for place in order[:LISTED]]
    return ", ".join(words) + (" …" if len(order) > LISTED else "")
