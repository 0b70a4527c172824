"""Nodes in groups for colours and sentences: by class, cluster, prediction or degree; numbers in up to five groups."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal, get_args

import numpy as np

from cna_viz.errors import UsageError
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

Color = Literal["class", "cluster", "prediction", "degree"]
COLORS: Final[tuple[Color, ...]] = get_args(Color)

FIFTHS: Final = 5
"""Largest number of groups that numbers are cut into."""
UNLABELLED: Final = "unlabelled"
"""Name of the group of nodes without a class or a number."""
LONGEST: Final = 24
"""Letters of the name of a class that are shown."""
NOT_FINITE: Final = "not finite"
"""Name of the group of nodes for which NaN or infinity is predicted."""
NO_CLASS: Final = "none"
"""Name of the group of nodes without a predicted class, because their output is not finite."""


@dataclass(frozen=True)
class NodeGroups:
    """A partition of the nodes.

    Attributes:
        label: Number of the group of every node, ``[nodes]``.
        names: Name of each group; those of classes are text from the data.
        kind: ``class``, ``cluster`` or ``prediction``, whose groups have no order, or ``target``, ``degree`` or
            ``predicted number``, whose groups ascend.
        wrong: Whether the prediction of the node is wrong, ``[nodes]``; only of the kind ``prediction``.
        unlabelled: Whether the node has no class or target, ``[nodes]``; None where all have one, and of kinds that
            don't depend on it. Such nodes are the last group of the kinds ``class`` and ``target``.
        missing: Number of the group of nodes without a predicted class; None without one.
    """

    label: Array
    names: tuple[str, ...]
    kind: str
    wrong: Array | None = None
    unlabelled: Array | None = None
    missing: int | None = None

    @property
    def rest(self) -> int | None:
        """Number of the group of unlabelled nodes; None without one."""
        return None if self.unlabelled is None or self.wrong is not None else len(self.names) - 1


def is_labelled(record: Record) -> Array:
    """Return whether a node has a class or a target, ``[nodes]``."""
    target = record.graph["target"].values
    return np.asarray(~np.isnan(target) if target.dtype.kind == "f" else target >= 0)


def class_names(record: Record, count: int) -> tuple[str, ...]:
    """Return the names of the first ``count`` classes in one line each, shortened; numbers where they have none."""
    names = [" ".join(name.split()) for name in record.class_names[:count]]
    short = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in names]
    return (*short, *map(str, range(len(short), count)))


def node_groups(record: Record) -> NodeGroups:
    """Return the nodes by class, or by fifths of numeric targets, and last the unlabelled ones.

    Equal targets are in one group.
    """
    known = is_labelled(record)
    groups = _groups_of(record, record.graph["target"].values[known])
    if known.all():
        return groups
    label = np.full(len(known), len(groups.names))
    label[known] = groups.label
    return NodeGroups(label, (*groups.names, UNLABELLED), groups.kind, unlabelled=~known)


def _groups_of(record: Record, target: Array) -> NodeGroups:
    if target.dtype.kind != "f":
        return NodeGroups(target, class_names(record, int(target.max(initial=-1)) + 1), "class")
    fifth = np.searchsorted(_fifths(target), target, side="left")
    return _ascending(target, fifth, "target", "{:.3g} to {:.3g}".format)


def numbered_groups(label: Array, kind: str) -> NodeGroups:
    """Return groups named by their numbers."""
    return NodeGroups(label, tuple(map(str, range(int(label.max(initial=0)) + 1))), kind)


def predicted_groups(predicted: Array, target: Array) -> NodeGroups:
    """Return the nodes by predicted number, in the fifths of the targets, whatever the predictions.

    Predictions that are not finite, as of a run that diverges, are the last group, :data:`NOT_FINITE`.
    """
    edges = _fifths(target if len(target) else predicted[np.isfinite(predicted)])
    if not len(edges):
        return NodeGroups(np.zeros(len(predicted), int), (NOT_FINITE,), "predicted number")
    between = [f"{low:.3g} to {high:.3g}" for low, high in pairwise(edges)]
    names = (f"up to {edges[0]:.3g}", *between, f"above {edges[-1]:.3g}")
    finite = np.isfinite(predicted)
    label = np.where(finite, np.searchsorted(edges, predicted, side="left"), FIFTHS)
    # Beyond all fifths even where ties make them fewer, so that it never has the colour of one; those have no nodes.
    unused = ("",) * (FIFTHS - len(names))
    return NodeGroups(label, names if finite.all() else (*names, *unused, NOT_FINITE), "predicted number")


def degree_groups(degree: Array) -> NodeGroups:
    """Return the nodes by degree, in up to five groups whose bounds are powers of the least base that gives so few.

    With base 2 these are 0, 1, 2 to 3, 4 to 7 and so on: degrees of most graphs range over orders of magnitude.
    """
    for base in range(2, int(degree.max(initial=0)) + 3):
        bounds = base ** np.arange(int(np.log(degree.max(initial=0) + 1) / np.log(base)) + 2)
        label = np.searchsorted(bounds, degree, side="right")
        if len(np.unique(label)) <= FIFTHS:
            break
    return _ascending(degree, label, "degree", lambda low, high: f"{low}" if low == high else f"{low} to {high}")


def color_groups(record: Record, color: Color, layer: int, epoch: int | None = None) -> NodeGroups | None:
    """Return the groups of nodes that share a colour; None where nodes have no clusters to be coloured by.

    ``color`` is ``class`` (fifths of a numeric target), ``cluster`` (of the slot after the layer), ``prediction`` (the
    predicted class, or fifth of the predicted number) or ``degree``.
    """
    if color == "class":
        return node_groups(record)
    if color == "degree":
        return degree_groups(record.graph["degree"].values)
    if color == "prediction":
        return _prediction_groups(record, record.prediction(epoch).values)
    label = record.layer_variable("cluster_label", layer, epoch)
    return None if label is None else numbered_groups(label.values, "cluster")


def _prediction_groups(record: Record, predicted: Array) -> NodeGroups:
    target, known = record.graph["target"].values, is_labelled(record)
    if predicted.dtype.kind == "f":
        return predicted_groups(predicted, target[known])
    names, given = class_names(record, int(predicted.max(initial=-1)) + 1), predicted >= 0
    wrong, unlabelled = known & given & (predicted != target), None if known.all() else ~known
    if given.all():
        return NodeGroups(predicted, names, "prediction", wrong, unlabelled)
    label = np.where(given, predicted, len(names))
    return NodeGroups(label, (*names, NO_CLASS), "prediction", wrong, unlabelled, missing=len(names))


def no_clusters(record: Record) -> UsageError:
    """Return the error for a figure coloured by clusters where no layer has any."""
    return UsageError(
        f"run {record.id} has no clusters in these layers (slot {record.config.slot!r}, and the last layer has no "
        "slot): colour by class, prediction or degree, or take a run with slot 'cna'"
    )


def _fifths(values: Array) -> Array:
    return np.unique(np.quantile(values, np.arange(1, FIFTHS) / FIFTHS)) if len(values) else values


def _ascending(values: Array, label: Array, kind: str, name: Callable[[float, float], str]) -> NodeGroups:
    """Number the groups that have nodes, and name each by its least and its greatest value."""
    used, label = np.unique(label, return_inverse=True)
    members = [values[label == number] for number in range(len(used))]
    return NodeGroups(label, tuple(name(span.min(), span.max()) for span in members), kind)
