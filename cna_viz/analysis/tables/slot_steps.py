"""The steps inside a slot of the CNA family, recomputed from a record."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cna_viz.config.vocabulary import Stage
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

EPS = 1e-5
"""Added to the variance, as in :mod:`cna_viz.nn.normalize`."""


@dataclass(frozen=True)
class SlotSteps:
    """The features of all nodes on their way through one slot.

    Attributes:
        before: Input, ``[nodes, channels]``, float64.
        label: Cluster of every node, ``[nodes]``; zeros where all nodes are in one.
        normalized: Output of N.
        after: Output of A, and of the slot.
        centroid: Mean input of every cluster, ``[clusters, channels]``; NaN for empty ones.
    """

    before: Array
    label: Array
    normalized: Array
    after: Array
    centroid: Array


def slot_steps(record: Record, layer: int, epoch: int | None = None) -> SlotSteps:
    """Return the steps of the slot after a layer.

    N is recomputed from the stored features and labels, in float64; the output of A is the recorded one without the
    skip connections of the layer. Features stored in float16 are rounded; the steps are those of the rounded features.

    Raises:
        UsageError: When the slot is of another kind, there is no such layer or snapshot, or embeddings were projected.
    """
    config = record.config
    factors = {} if config.watched is not None else config.model.factors
    if not factors:
        raise UsageError(f"run {record.id} has the slot {config.slot!r}: only those of the CNA family have steps")
    if config.recording.project is not None and config.recording.project < config.model.hidden:
        raise UsageError(
            f"run {record.id} keeps its embeddings projected from {config.model.hidden} to {config.recording.project} "
            "channels: steps are computed channel by channel; record without `project`"
        )
    before, after = _stored(record, layer, "conv", epoch), _stored(record, layer, "slot", epoch)
    after = _without_skips(record, layer, epoch, after)
    stored = record.layer_variable("cluster_label", layer, epoch)
    label = np.zeros(len(before), np.int64) if stored is None else stored.values.astype(np.int64)
    return SlotSteps(
        before, label, normalize(before, label, factors["normalization"]), after, cluster_means(before, label)
    )


def _stored(record: Record, layer: int, stage: Stage, epoch: int | None) -> Array:
    return record.embedding(layer, stage, epoch).values.astype(np.float64)


def _without_skips(record: Record, layer: int, epoch: int | None, after: Array) -> Array:
    """Subtract what was added behind the slot: the input of the layer, and a share of the first slot's output."""
    model = record.config.model
    if layer == 1:
        return after
    if model.initial_residual:
        share = model.initial_residual
        after = (after - share * _stored(record, 1, "slot", epoch)) / (1 - share)
    return after - _stored(record, layer - 1, "slot", epoch) if model.residual else after


@np.errstate(invalid="ignore")  # NaN and infinity spoil their cluster, as in the slot
def normalize(features: Array, label: Array, normalization: str) -> Array:
    """Return the features after N, by its name: ``cluster``, ``batch``, ``node`` or ``none``."""
    if normalization == "none":
        return features
    if normalization == "node":
        centered = features - features.mean(axis=1, keepdims=True)
        variance = np.square(centered).sum(axis=1, keepdims=True) / max(features.shape[1] - 1, 1)
        return np.asarray(centered / np.sqrt(variance + EPS))
    groups = label if normalization == "cluster" else np.zeros_like(label)
    centered = features - cluster_means(features, groups)[groups]
    return np.asarray(centered / np.sqrt(cluster_means(np.square(centered), groups)[groups] + EPS))


@np.errstate(invalid="ignore")
def cluster_means(features: Array, label: Array) -> Array:
    """Return the mean of every cluster, ``[clusters, channels]``; NaN where a cluster is empty."""
    count = np.bincount(label)
    sums = np.zeros((len(count), features.shape[1]))
    np.add.at(sums, label, features)
    return np.asarray(sums / count[:, None])
