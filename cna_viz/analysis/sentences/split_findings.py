"""Sentences on what a split is worth, and what is left for C, N and A."""

from collections.abc import Mapping

import pandas as pd

from cna_viz.analysis.sentences.ablation_findings import STEPS, effect_sentence, few_pairs
from cna_viz.analysis.statistics.factorial import COMPONENTS, effects
from cna_viz.analysis.statistics.paired import MARGIN
from cna_viz.analysis.tables.split_effect import headline, split_effect
from cna_viz.analysis.words import Interval, Judged, amount, extent, judged, metric_of, points, with_verdict
from cna_viz.config.vocabulary import LOWER_IS_BETTER


def headline_findings(
    tables: Mapping[str, pd.DataFrame], arm: str = "cna", baseline: str = "relu", *, margin: float = MARGIN
) -> list[str]:
    """Take apart the difference between an arm on the last split and a baseline on the first.

    Args:
        tables: The paired table of every split, as :func:`.split_effect.split_tables` returns them.
        arm: An arm.
        baseline: The arm it is held against.
        margin: Difference of the score that counts as none.

    Raises:
        UsageError: When there is one split only, an arm is missing, or there are fewer than two seeds.
    """
    found = headline(tables, arm, baseline)
    first, last = next(iter(tables)), list(tables)[-1]
    metric = metric_of(tables[first])
    parts = found.split.difference, found.arm.difference
    share = ""
    if abs(found.total) > margin and parts[0] * found.total > 0:
        share = (
            f", {100 * parts[0] / found.total:.0f} % of it" if parts[1] * found.total >= 0 else ", more than all of it"
        )
    return [
        f"**{arm}** on {last} against **{baseline}** on {first}: {'+' if found.total >= 0 else '−'}"
        f"{extent(found.total, metric)}",
        f"of these, the split alone is worth {points(_measured(found.split, metric))} to {baseline}{share}",
        f"the rest, {points(_measured(found.arm, metric))}, is {arm} in the place of {baseline} where both have the "
        f"split {last}",
    ]


def split_findings(tables: Mapping[str, pd.DataFrame], baseline: str = "relu", *, margin: float = MARGIN) -> list[str]:
    """Say what the change of split brings to every arm, and what C, N and A do on each split.

    Args:
        tables: The paired table of every split by its name.
        baseline: The arm whose gain from the split is told first.
        margin: Difference of the score that counts as none.

    Raises:
        UsageError: When there are fewer than two seeds on a split.
    """
    first, *others = tables
    metric = metric_of(tables[first])
    sentences = [
        f"from {first} to {other}, the split alone is worth "
        f"{points(_measured(split_effect(tables[first][baseline], tables[other][baseline]), metric))} to {baseline}"
        for other in others
        if baseline in tables[first] and baseline in tables[other]
    ]
    whole = {split: table for split, table in tables.items() if set(COMPONENTS) <= set(table.columns)}
    return sentences + [_components(split, table, margin) for split, table in whole.items()]


def _measured(found: Interval, metric: str) -> Judged:
    return Judged(found.difference, found.low, found.high, "", metric)


def _components(split: str, table: pd.DataFrame, margin: float) -> str:
    every = judged(effects(table, margin=margin))
    rows = {step: every[step] for step in STEPS}
    decided = [effect_sentence(step, row, margin) for step, row in rows.items() if row.verdict in ("better", "worse")]
    if len(with_verdict(rows, "equal")) == len(rows):
        decided = [f"C, N and A are each equal to nothing within {amount(margin, metric_of(table))}"]
    elif not with_verdict(rows, "better"):
        best = min if metric_of(table) in LOWER_IS_BETTER else max
        largest = best(rows, key=lambda step: rows[step].difference)
        decided.append(f"no component is shown to gain anything; the largest is {largest}, {points(rows[largest])}")
    return f"on {split}: {'; '.join([*decided, *few_pairs(len(table), len(every), 'effects')])}"
