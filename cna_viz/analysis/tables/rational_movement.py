"""How the rational functions of a slot changed from snapshot to snapshot."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cna_viz.analysis.tables.cluster_labels import check_slot
from cna_viz.analysis.tables.rational import RationalCurves, rational_curves
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class RationalMovement:
    """The rationals of one slot at all its snapshots.

    Attributes:
        epochs: The snapshots, ascending.
        selected: The one among them whose model was selected.
        y: The functions at every snapshot, ``[epochs, clusters, bins]``.
        curves: Those of the selected model, with the values that enter them.
        change: How far each has moved from the first snapshot to the selected: root mean square over the middle 99 % of
            the values that enter it at the selected one, ``[clusters]``; NaN where none does.
        extent: Root mean square of the first functions over the same values, ``[clusters]``.
    """

    epochs: tuple[int, ...]
    selected: int
    y: Array
    curves: RationalCurves
    change: Array
    extent: Array


def rational_movement(record: Record, layer: int) -> RationalMovement:
    """Return the rationals of the slot after a layer at every snapshot.

    Args:
        record: A run with rationals and snapshots.
        layer: 1 … number of layers - 1.

    Raises:
        UsageError: When the slot has no rationals, there is no such layer, or the selected model has no snapshot.
    """
    check_slot(record, layer)
    if not record.snapshots:
        raise UsageError(
            f"run {record.id} keeps no snapshots, so nobody knows its functions: train with snapshots 'log'"
        )
    curves = rational_curves(record, layer)
    y = np.stack([rational_curves(record, layer, epoch).y for epoch in record.snapshots])
    selected = record.best_epoch
    now = y[record.snapshots.index(selected)]
    weight = curves.density * curves.lives
    change, extent = (_root_mean_square(values, weight) for values in (now - y[0], y[0]))
    return RationalMovement(record.snapshots, selected, y, curves, change, extent)


def _root_mean_square(values: Array, weight: Array) -> Array:
    """Return the weighted root mean square of every row; NaN where there is no weight."""
    total = weight.sum(axis=1)
    # What is not finite where nothing lives must not spoil the sum.
    squares = (np.where(weight > 0, np.square(values), 0) * weight).sum(axis=1)
    return np.asarray(np.sqrt(np.divide(squares, total, out=np.full(len(total), np.nan), where=total > 0)))
