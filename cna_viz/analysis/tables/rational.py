"""The learned rational functions of a slot, the values that enter them, and their movement over snapshots."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cna_viz.analysis.tables.cluster_labels import check_slot
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.schema import HISTOGRAM_BINS, HISTOGRAM_REACH

Array = np.ndarray[Any, Any]

CENTERS = (np.arange(HISTOGRAM_BINS) - 0.5) * (2 * HISTOGRAM_REACH / (HISTOGRAM_BINS - 2)) - HISTOGRAM_REACH
"""Middle of every bin; the first and the last include everything farther out."""

LIVES: float = 0.005
"""Share of the values beyond each end of the range in which a rational lives."""


@dataclass(frozen=True)
class RationalCurves:
    """The rationals of one slot.

    Attributes:
        z: Middles of the bins, where they are evaluated, ``[bins]``.
        y: Their values, ``[clusters, bins]``.
        density: Share of the values that enter each of them, by bin, ``[clusters, bins]``; zeros where none does.
        lives: Whether the middle 99 % of its values reach into the bin, ``[clusters, bins]``.
        size: Number of values that enter each of them, ``[clusters]``.
    """

    z: Array
    y: Array
    density: Array
    lives: Array
    size: Array


def rational_curves(record: Record, layer: int, epoch: int | None = None) -> RationalCurves:
    """Return the rationals of the slot after a layer; refuses a slot without them."""
    record.embedding(layer, "slot", epoch)  # refuses a layer or an epoch that isn't there
    names = ("rational_numerator", "rational_denominator", "slot_input_histogram")
    numerator, denominator, counts = (record.layer_variable(name, layer, epoch) for name in names)
    if numerator is None or denominator is None or counts is None:
        raise UsageError(f"slot {record.config.slot!r} of run {record.id} has no rational functions at layer {layer}")
    size = counts.values.sum(axis=1)
    density = counts.values / np.maximum(size, 1)[:, None]
    below = np.cumsum(density, axis=1)
    lives = (below >= LIVES) & (below - density <= 1 - LIVES) & (size > 0)[:, None]
    return RationalCurves(CENTERS, evaluate(numerator.values, denominator.values, CENTERS), density, lives, size)


def evaluate(numerator: Array, denominator: Array, z: Array) -> Array:
    """Return ``Σ aᵢ zⁱ / (1 + Σ |bⱼ zʲ|)`` of every cluster, ``[clusters, len(z)]``."""
    top = np.power(z[None], np.arange(numerator.shape[1])[:, None])
    bottom = np.abs(np.power(z[None], np.arange(1, denominator.shape[1] + 1)[:, None]))
    return np.asarray(numerator.astype(np.float64) @ top / (1 + np.abs(denominator.astype(np.float64)) @ bottom))


@dataclass(frozen=True)
class RationalMovement:
    """The rationals of one slot at all its snapshots.

    Attributes:
        epochs: The snapshots, ascending.
        selected: Epoch of the selected model.
        y: The functions at every snapshot, ``[epochs, clusters, bins]``.
        curves: Those of the selected model, with the values that enter them.
        change: Root mean square change from the first snapshot to the selected one, over the middle 99 % of the values
            that enter the latter, ``[clusters]``; NaN where none does.
        extent: Root mean square of the first functions over the same values, ``[clusters]``.
    """

    epochs: tuple[int, ...]
    selected: int
    y: Array
    curves: RationalCurves
    change: Array
    extent: Array


def rational_movement(record: Record, layer: int) -> RationalMovement:
    """Return the rationals of the slot after a layer at every snapshot."""
    check_slot(record, layer)
    if not record.snapshots:
        raise UsageError(
            f"run {record.id} keeps no snapshots, so its functions are unknown: train with snapshots 'log'"
        )
    curves = rational_curves(record, layer)
    y = np.stack([rational_curves(record, layer, epoch).y for epoch in record.snapshots])
    selected = record.shown_epoch
    now = y[record.snapshots.index(selected)]
    weight = curves.density * curves.lives
    change, extent = (_root_mean_square(values, weight) for values in (now - y[0], y[0]))
    return RationalMovement(record.snapshots, selected, y, curves, change, extent)


def _root_mean_square(values: Array, weight: Array) -> Array:
    """Return the weighted root mean square of every row; NaN where there is no weight."""
    total = weight.sum(axis=1)
    # Values that are not finite, where nothing lives, must not spoil the sum.
    squares = (np.where(weight > 0, np.square(values), 0) * weight).sum(axis=1)
    return np.asarray(np.sqrt(np.divide(squares, total, out=np.full(len(total), np.nan), where=total > 0)))
