"""The flow of nodes between clusters: from slot to slot, or from snapshot to snapshot of one slot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, get_args

import numpy as np

from cna_viz.analysis.tables.cluster_labels import ClusterLabels, check_slot, cluster_labels, count_pairs
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]
Over = Literal["layer", "epoch"]
T = TypeVar("T")

MOST: Final = 8
"""Columns by default."""
SWEEPS: Final = 6
"""Times the columns are ordered by their neighbours, back and forth; more changes little."""


@dataclass(frozen=True)
class ClusterFlow:
    """Clusters in successive columns.

    Attributes:
        over: ``layer`` or ``epoch``: the kind of columns.
        places: Layer or epoch of each column.
        columns: The clusters there.
        order: The non-empty clusters by column, in an order in which few flows cross.
        possible: Number of columns that the record has.
    """

    over: Over
    places: tuple[int, ...]
    columns: tuple[ClusterLabels, ...]
    order: tuple[Array, ...]
    possible: int

    def table(self, column: int) -> Array:
        """Return the nodes that go from every cluster of a column to every one of the next, ``[from, to]``."""
        one, other = self.columns[column], self.columns[column + 1]
        return count_pairs(one.label, other.label, one.count, other.count)


def cluster_flow(
    record: Record,
    over: Over = "layer",
    *,
    layer: int | None = None,
    layers: Sequence[int] | None = None,
    epoch: int | None = None,
    epochs: Sequence[int] | None = None,
) -> ClusterFlow:
    """Return the clusters of several slots of one epoch, or of one slot at several epochs.

    Args:
        record: A run whose slots have clusters, with snapshots.
        over: ``layer``: columns are slots; ``epoch``: columns are snapshots of one slot.
        layer: The slot to follow over epochs.
        layers: Slots to show; up to eight, evenly spread, when left out.
        epoch: Snapshot whose slots are shown; the selected model's when left out.
        epochs: Snapshots to show; up to eight when left out.

    Raises:
        UsageError: When fewer than two columns are left, an argument belongs to the other kind of columns, the slot has
            no clusters, or there is no such layer or snapshot.
    """
    if over not in get_args(Over):
        raise unknown_name("kind of columns", over, get_args(Over))
    for other, given in (("epoch", {"layer": layer, "epochs": epochs}), ("layer", {"layers": layers, "epoch": epoch})):
        for name, value in given.items():
            if over != other and value is not None:
                raise UsageError(f"{name} goes with over {other!r} only")
    if over == "layer":
        possible = list(range(1, record.layers))
        places = spread(possible, MOST) if layers is None else sorted(set(layers))
        columns = [cluster_labels(record, place, epoch) for place in places]
    else:
        if layer is None:
            raise UsageError("over 'epoch' follows the clusters of one slot: say which with layer")
        check_slot(record, layer)
        possible = list(record.snapshots)
        places = spread(possible, MOST) if epochs is None else sorted(set(epochs))
        columns = [cluster_labels(record, layer, place) for place in places]
    if len(places) < 2:
        raise _too_few(record, over, len(places))
    return ClusterFlow(over, tuple(places), tuple(columns), tuple(_ordered(columns)), len(possible))


def spread(values: Sequence[T], most: int) -> list[T]:
    """Return up to ``most`` of the values, evenly spread, with the first and the last."""
    chosen = np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).round().astype(int))
    return [values[number] for number in chosen]


def _too_few(record: Record, over: str, found: int) -> UsageError:
    if over == "layer":
        return UsageError(
            f"a flow from layer to layer needs two slots or more, not {found}: run {record.id} has "
            f"{record.layers - 1}; follow one over its snapshots with over 'epoch'"
        )
    kept = ", ".join(map(str, record.snapshots)) or "none"
    return UsageError(
        f"a flow over epochs needs two snapshots or more, not {found}: run {record.id} keeps {kept}; train with "
        "snapshots 'log' for more"
    )


def _ordered(columns: Sequence[ClusterLabels]) -> list[Array]:
    """Order the clusters of every column by where their nodes are in the columns beside it (barycentres)."""
    orders = [column.used for column in columns]
    height = [_heights(column, order) for column, order in zip(columns, orders, strict=True)]
    forth = list(range(1, len(columns)))
    back = [number - 1 for number in reversed(forth)]
    for sweep in range(SWEEPS):
        step = -1 if sweep % 2 == 0 else 1
        for number in forth if step < 0 else back:
            column = columns[number]
            total = np.bincount(column.label, height[number + step], minlength=column.count)
            mean = total[column.used] / column.size[column.used]
            orders[number] = column.used[np.argsort(mean, kind="stable")]
            height[number] = _heights(column, orders[number])
    return orders


def _heights(column: ClusterLabels, order: Array) -> Array:
    """Return how high the middle of its cluster is for every node, when clusters are stacked in this order."""
    size = column.size
    middle = np.zeros(column.count)
    middle[order] = np.cumsum(size[order]) - size[order] / 2
    return np.asarray(middle[column.label])
