"""Nodes in groups that a figure can colour and a sentence can name: by class, or by fifths of a number."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cna_viz.records.record import Record

FIFTHS: Final = 5


@dataclass(frozen=True)
class NodeGroups:
    """A partition of the nodes.

    Attributes:
        label: Number of the group of every node, ``[nodes]``.
        names: What each group is called.
        kind: ``class``, or ``target`` where nodes with similar targets are a group.
    """

    label: "np.ndarray[Any, Any]"
    names: tuple[str, ...]
    kind: str


def node_groups(record: Record) -> NodeGroups:
    """Return the nodes by class; where targets are numbers, in up to five groups of ascending targets.

    The groups of numbers are equally large but for ties: equal targets are in one group.
    """
    target = record.graph["target"].values
    if target.dtype.kind != "f":
        return NodeGroups(target, tuple(map(str, range(int(target.max()) + 1))), "class")
    edges = np.unique(np.quantile(target, np.arange(1, FIFTHS) / FIFTHS))
    label = np.searchsorted(edges, target, side="left")
    used, label = np.unique(label, return_inverse=True)
    spans = [target[label == number] for number in range(len(used))]
    return NodeGroups(label, tuple(f"{span.min():.3g} to {span.max():.3g}" for span in spans), "target")
