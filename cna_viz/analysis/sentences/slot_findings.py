"""Findings on the slots of one run: clusters, their flow from slot to slot, normalization, and rationals."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from sklearn.metrics import normalized_mutual_info_score

from cna_viz.analysis.positions.projection import COLLAPSED, relative_spread
from cna_viz.analysis.tables.cluster_flow import ClusterFlow, Over, cluster_flow
from cna_viz.analysis.tables.node_groups import is_labelled, node_groups
from cna_viz.analysis.tables.rational import rational_curves, rational_movement
from cna_viz.analysis.tables.slot_steps import SlotSteps, cluster_means, slot_steps
from cna_viz.analysis.words import counted, listed
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

PLURALS: Final = {"class": "classes", "target": "fifths of the target"}
STILL: Final = 0.05
"""Change relative to the functions' own size below which they barely moved."""
MOSTLY: Final = 0.5
"""Share of what is possible beyond chance from which on nodes mostly stay together."""
HARDLY: Final = 0.1
"""Share of what is possible beyond chance below which clusters are drawn anew."""
NO_VALUE: Final = "no finite value enters the rational functions"


class Together(NamedTuple):
    """Pairs of nodes in one cluster: the share that is in one cluster of the next column, and that by chance."""

    share: float
    chance: float

    @property
    def beyond(self) -> float:
        """Share of what is possible beyond chance; 1 where chance alone keeps all together."""
        return 1.0 if self.chance == 1 else (self.share - self.chance) / (1 - self.chance)


def explained(features: Array, label: Array) -> float:
    """Return the share of the variance of the features that lies between the groups, 0 to 1; NaN without variance."""
    if not relative_spread(features) >= COLLAPSED:  # nor where they are not finite
        return np.nan
    centered = features - features.mean(axis=0)
    return float(np.square(cluster_means(centered, label)[label]).sum() / np.square(centered).sum())


def cluster_findings(record: Record, layer: int, epoch: int | None = None) -> list[str]:
    """Report the sizes of the clusters and what they know of the classes; errors as in ``slot_steps``."""
    steps, groups = slot_steps(record, layer, epoch), node_groups(record)
    size = np.bincount(steps.label)
    size, known, kinds = size[size > 0], is_labelled(record), PLURALS[groups.kind]
    least, most = int(size.min()), int(size.max())
    if len(size) == 1:
        return [f"all {most} nodes are in one cluster" if most > 1 else "the only node is in one cluster"]
    each = f"{counted(most, 'node')} each" if least == most else f"{least} to {most} nodes"
    sizes = f"{len(size)} clusters of {each}"
    if len(np.unique(groups.label[known])) < 2:
        return [sizes, f"the nodes have fewer than two {kinds}: there is nothing for clusters to share with them"]
    shared = normalized_mutual_info_score(groups.label[known], steps.label[known])
    return [
        sizes,
        f"normalized mutual information of clusters and {kinds}: {shared:.2f} (0: independent, 1: identical)",
    ]


def normalization_findings(record: Record, layer: int, epoch: int | None = None) -> list[str]:
    """Report how much of the variance lies between clusters, and between classes, before N, after N and after A."""
    steps, groups = slot_steps(record, layer, epoch), node_groups(record)
    known = is_labelled(record)
    classes = f"{PLURALS[groups.kind]}{'' if known.all() else ' of labelled nodes'}"
    between = _between(classes, steps, groups.label, known) if known.any() else "no node is labelled"
    return [_between("clusters", steps, steps.label), between]


def rational_findings(record: Record, layer: int, epoch: int | None = None) -> list[str]:
    """Report how far the rationals of the clusters are from each other and from ReLU, over the values they receive."""
    curves = rational_curves(record, layer, epoch)
    used = (curves.size > 0) & np.isfinite(curves.y).all(axis=1)
    if not used.any():
        return [NO_VALUE]
    weight = curves.density * curves.lives
    apart = np.square(curves.y - np.maximum(curves.z, 0))
    from_relu = np.sqrt((weight * apart).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-12))[used]
    from_mean = np.square(curves.y[used] - curves.y[used].mean(axis=0))
    spread = np.sqrt((weight[used] * from_mean).sum() / max(weight[used].sum(), 1e-12))
    ends = " to ".join(dict.fromkeys(f"{end:.2f}" for end in (from_relu.min(), from_relu.max())))
    apart_from_each_other = (
        f"distance of the clusters' functions from their mean: {spread:.2f}"
        if len(from_relu) > 1
        else "only one function has values: it has no other to differ from"
    )
    return [f"distance from ReLU (root mean square over the values): {ends}", apart_from_each_other]


def rational_movement_findings(record: Record, layer: int) -> list[str]:
    """Report how far the functions moved between the first snapshot and the selected model, over their values.

    Functions *moved* where the change is at least 5 % of their own size (root mean square over the same values).
    Errors are those of :func:`~cna_viz.analysis.tables.rational.rational_movement`.
    """
    found = rational_movement(record, layer)
    if found.selected == found.epochs[0]:
        return [f"the selected model is the first snapshot (epoch {found.selected}): no function had moved yet"]
    known = np.flatnonzero(np.isfinite(found.change) & np.isfinite(found.extent))
    if not len(known):
        return [f"{NO_VALUE}, so their movement is undefined"]
    change, extent = found.change[known], found.extent[known]
    mean, whole = float(change.mean()), float(extent.mean())
    size = f" ({100 * mean / whole:.0f} % of their own size there)" if whole > 0 else ""
    moved = "did not move" if mean == 0 else "moved" if mean >= STILL * whole else "barely moved"
    verdict = f"the function{'s' if len(found.change) > 1 else ''} {moved}"
    sentences = [
        f"{verdict} between epoch {found.epochs[0]} and epoch {found.selected}: by {mean:.2g}"
        f"{' on average' if len(known) > 1 else ''}, root mean square over the values{size}"
    ]
    if f"{change.max():.2g}" != f"{change.min():.2g}":
        most, least = known[change.argmax()], known[change.argmin()]
        sentences.append(
            f"that of cluster {most} moved most ({change.max():.2g}), that of cluster {least} least "
            f"({change.min():.2g})"
        )
    unused = len(found.change) - len(known)
    return [*sentences, f"{counted(unused, 'function')} without a finite value"] if unused else sentences


def cluster_flow_findings(
    record: Record,
    over: Over = "layer",
    *,
    layer: int | None = None,
    layers: Sequence[int] | None = None,
    epoch: int | None = None,
    epochs: Sequence[int] | None = None,
) -> list[str]:
    """Report whether nodes stay together from column to column, and how many clusters are empty.

    Arguments and errors are those of :func:`~cna_viz.analysis.tables.cluster_flow.cluster_flow`.
    """
    flow = cluster_flow(record, over, layer=layer, layers=layers, epoch=epoch, epochs=epochs)
    shared = [normalized_mutual_info_score(one.label, other.label) for one, other in pairwise(flow.columns)]
    values = " to ".join(dict.fromkeys(f"{end:.2f}" for end in (min(shared), max(shared))))
    return [
        *_stay(flow),
        f"normalized mutual information of successive columns: {values} (0: independent, 1: identical)",
        _empty(flow),
    ]


def stay_together(table: Array) -> Together:
    r"""Return how many pairs of nodes that share a cluster share one in the next column, too.

    .. math:: \frac{\sum_{ab} \binom{n_{ab}}{2}}{\sum_a \binom{n_a}{2}}, \qquad
        \text{by chance} \quad \frac{\sum_b \binom{n_b}{2}}{\binom{v}{2}}

    Chance is what remains where sizes are kept and nodes are shuffled. This is the recall of pairs (Wallace 1983),
    which has a direction, as a flow has.

    Args:
        table: Nodes by cluster before and after, ``[from, to]``.

    Returns:
        Both shares, 0 to 1; NaN where no two nodes share a cluster, or there are fewer than two.
    """
    before, after = _pairs(table.sum(axis=1)), _pairs(table.sum(axis=0))
    everybody = _pairs(np.array([table.sum()]))
    if before == 0 or everybody == 0:
        return Together(np.nan, np.nan)
    return Together(_pairs(table) / before, after / everybody)


def _between(groups: str, steps: SlotSteps, label: Array, nodes: Array | slice = slice(None)) -> str:
    stages = (steps.before, steps.normalized, steps.after)
    before, normalized, after = (
        "undefined" if np.isnan(share) else f"{100 * share:.1f} %"
        for share in (explained(features[nodes], label[nodes]) for features in stages)
    )
    return f"variance between {groups}: {before} before, {normalized} after N, {after} after A"


def _stay(flow: ClusterFlow) -> list[str]:
    steps = [stay_together(flow.table(column)) for column in range(len(flow.places) - 1)]
    known = [(step, number) for number, step in enumerate(steps) if not np.isnan(step.share)]
    if not known:
        return ["no two nodes share a cluster, so none can stay together"]
    name = f"from {flow.over} to {flow.over}"
    # A step into one cluster keeps all together whatever they did before, so it carries no information.
    told = [(step, number) for step, number in known if step.chance < 1]
    if not told:
        return [f"one cluster has all nodes {name}: that they stay together means nothing"]
    beyond = float(np.mean([step.beyond for step, _ in told]))
    share, chance = (float(np.mean(values)) for values in zip(*(step for step, _ in told), strict=True))
    verdict = f"nodes stay together {name} only in part"
    if beyond >= MOSTLY:
        verdict = f"nodes mostly stay together {name}"
    elif beyond < HARDLY:
        verdict = f"clusters are drawn anew {name}"
    alone = len(known) - len(told)
    average = "on average " if len(told) > 1 else ""
    sentences = [
        f"{verdict}: {average}{100 * share:.0f} % of the pairs of nodes in one cluster are also in one in the next "
        f"{flow.over} (by chance {100 * chance:.0f} %)"
        + (f"; left out: {counted(alone, 'step')} into a single cluster" if alone else "")
    ]
    ends = [(f"{100 * step.share:.0f} %", number) for step, number in (min(told), max(told))]
    if ends[0][0] != ends[1][0]:
        least, most = (
            f"{percent} from {flow.over} {flow.places[number]} to {flow.places[number + 1]}" for percent, number in ends
        )
        sentences.append(f"the fewest stay together with {least}, the most with {most}")
    return sentences


def _empty(flow: ClusterFlow) -> str:
    empty = {place: column.empty for place, column in zip(flow.places, flow.columns, strict=True) if column.empty}
    if not empty:
        return "no cluster is empty"
    shown = listed(f"{number} in {flow.over} {place}" for place, number in empty.items())
    total = counted(sum(column.count for column in flow.columns), "cluster")
    return f"empty clusters: {shown}, {sum(empty.values())} of the {total} shown"


def _pairs(count: Array) -> float:
    return float((count * (count - 1) / 2).sum())
