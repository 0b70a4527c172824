"""Sentences about one slot: what its clusters tell, and what normalization leaves of it."""

from typing import Any, Final

import numpy as np
from sklearn.metrics import normalized_mutual_info_score

from cna_viz.analysis.positions.projection import COLLAPSED, relative_spread
from cna_viz.analysis.tables.node_groups import node_groups
from cna_viz.analysis.tables.rational import rational_curves
from cna_viz.analysis.tables.slot_steps import SlotSteps, cluster_means, slot_steps
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]
PLURALS: Final = {"class": "classes", "target": "fifths of the target"}


def explained(features: Array, label: Array) -> float:
    """Return the share of the variance of the features that lies between the groups, 0 to 1; NaN without variance."""
    if not relative_spread(features) >= COLLAPSED:  # nor where they are not finite
        return np.nan
    centered = features - features.mean(axis=0)
    return float(np.square(cluster_means(centered, label)[label]).sum() / np.square(centered).sum())


def cluster_findings(record: Record, layer: int, epoch: int | None = None) -> list[str]:
    """Say how large the clusters are and how much they know of the classes; errors as in ``slot_steps``."""
    steps, groups = slot_steps(record, layer, epoch), node_groups(record)
    size = np.bincount(steps.label)
    shared = normalized_mutual_info_score(groups.label, steps.label)
    if np.count_nonzero(size) == 1:
        return [f"all {size.max()} nodes are in one cluster"]
    return [
        f"{np.count_nonzero(size)} clusters of {size[size > 0].min()} to {size.max()} nodes",
        f"normalized mutual information of clusters and {PLURALS[groups.kind]}: {shared:.2f} (0: nothing in common, "
        "1: the same)",
    ]


def normalization_findings(record: Record, layer: int, epoch: int | None = None) -> list[str]:
    """Say how much of the variance lies between clusters, and between classes, before and after N and after A."""
    steps, groups = slot_steps(record, layer, epoch), node_groups(record)
    return [_between("clusters", steps, steps.label), _between(PLURALS[groups.kind], steps, groups.label)]


def rational_findings(record: Record, layer: int, epoch: int | None = None) -> list[str]:
    """Say how far the rationals of the clusters are from each other and from ReLU, where their values lie."""
    curves = rational_curves(record, layer, epoch)
    relu = np.maximum(curves.z, 0)
    weight = curves.density * curves.lives
    apart = np.sqrt((weight * np.square(curves.y - relu)).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-12))
    used = curves.size > 0
    if not used.any():
        return ["no value that is a number enters the rational functions"]
    mean = curves.y[used].mean(axis=0)
    spread = np.sqrt((weight[used] * np.square(curves.y[used] - mean)).sum() / max(weight[used].sum(), 1e-12))
    return [
        f"distance from ReLU (root mean square over the values): {apart[used].min():.2f} to {apart[used].max():.2f}",
        f"distance of the clusters' functions from their mean: {spread:.2f}",
    ]


def _between(groups: str, steps: SlotSteps, label: Array) -> str:
    before, normalized, after = (
        "undefined" if np.isnan(share) else f"{100 * share:.1f} %"
        for share in (explained(features, label) for features in (steps.before, steps.normalized, steps.after))
    )
    return f"variance between {groups}: {before} before, {normalized} after N, {after} after A"
