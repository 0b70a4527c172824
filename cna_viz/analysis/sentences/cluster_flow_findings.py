"""Sentences about the flow of nodes between clusters: who stays together, and what is empty."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from sklearn.metrics import normalized_mutual_info_score

from cna_viz.analysis.tables.cluster_flow import ClusterFlow, Over, cluster_flow
from cna_viz.analysis.words import counted, listed
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

MOSTLY: Final = 0.5
"""Share of what is possible beyond chance from which on nodes are said to stay together."""
HARDLY: Final = 0.1
"""Share of what is possible beyond chance below which clusters are said to be drawn anew."""


class Together(NamedTuple):
    """Pairs of nodes in one cluster: the share that is in one cluster of the next column, and that by chance."""

    share: float
    chance: float

    @property
    def beyond(self) -> float:
        """What is reached of what is possible beyond chance; 1 where chance alone keeps all together."""
        return 1.0 if self.chance == 1 else (self.share - self.chance) / (1 - self.chance)


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


def cluster_flow_findings(
    record: Record,
    over: Over = "layer",
    *,
    layer: int | None = None,
    layers: Sequence[int] | None = None,
    epoch: int | None = None,
    epochs: Sequence[int] | None = None,
) -> list[str]:
    """Say whether nodes stay together from column to column, and how many clusters are empty.

    Arguments and errors are those of :func:`~cna_viz.analysis.tables.cluster_flow.cluster_flow`.
    """
    flow = cluster_flow(record, over, layer=layer, layers=layers, epoch=epoch, epochs=epochs)
    return [*_stay(flow), _agreement(flow), _empty(flow)]


def _stay(flow: ClusterFlow) -> list[str]:
    steps = [stay_together(flow.table(column)) for column in range(len(flow.places) - 1)]
    known = [(step, number) for number, step in enumerate(steps) if not np.isnan(step.share)]
    if not known:
        return ["no two nodes share a cluster, so none can stay together"]
    name = f"from {flow.over} to {flow.over}"
    # A step into one cluster keeps all together whatever they did before: it says nothing of the others.
    told = [(step, number) for step, number in known if step.chance < 1]
    if not told:
        return [f"one cluster has all nodes {name}: all stay together, and that means nothing"]
    beyond = float(np.mean([step.beyond for step, _ in told]))
    share, chance = (float(np.mean(values)) for values in zip(*(step for step, _ in told), strict=True))
    verdict = f"nodes stay together {name} only in part"
    if beyond >= MOSTLY:
        verdict = f"nodes mostly stay together {name}"
    elif beyond < HARDLY:
        verdict = f"clusters are drawn anew {name}"
    numbers = f"{100 * share:.0f} % of the pairs of nodes in one cluster are in one in the next {flow.over}, too"
    alone = len(known) - len(told)
    left_out = f"; {counted(alone, 'step')} into one cluster {'is' if alone == 1 else 'are'} left out" if alone else ""
    sentences = [f"{verdict}: on average {numbers} (by chance {100 * chance:.0f} %){left_out}"]
    if len(told) > 1:
        ends = [min(told), max(told)]
        shown = [f"{100 * step.share:.0f} % from {_step(flow, number)}" for step, number in ends]
        sentences.append(f"fewest stay together with {shown[0]}, most with {shown[1]}")
    return sentences


def _agreement(flow: ClusterFlow) -> str:
    labels = [column.label for column in flow.columns]
    shared = [normalized_mutual_info_score(*pair) for pair in pairwise(labels)]
    values = f"{min(shared):.2f}" if len(shared) == 1 else f"{min(shared):.2f} to {max(shared):.2f}"
    return f"normalized mutual information of successive columns: {values} (0: nothing in common, 1: the same)"


def _empty(flow: ClusterFlow) -> str:
    empty = {place: column.empty for place, column in zip(flow.places, flow.columns, strict=True) if column.empty}
    if not empty:
        return "no cluster is empty"
    shown = listed(f"{number} of {flow.over} {place}" for place, number in empty.items())
    total = counted(sum(column.count for column in flow.columns), "cluster")
    return f"empty clusters: {shown}; {sum(empty.values())} of the {total} that are shown"


def _step(flow: ClusterFlow, number: int) -> str:
    return f"{flow.over} {flow.places[number]} to {flow.places[number + 1]}"


def _pairs(count: Array) -> float:
    return float((count * (count - 1) / 2).sum())
