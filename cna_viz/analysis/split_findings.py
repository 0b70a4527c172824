"""Sentences on what a split is worth, and what is left for C, N and A."""

from collections.abc import Mapping

import pandas as pd

from cna_viz.analysis.ablation_findings import STEPS, effect_sentence, few_pairs
from cna_viz.analysis.factorial import COMPONENTS, effects
from cna_viz.analysis.split_effect import headline, split_effect
from cna_viz.analysis.statistics import MARGIN
from cna_viz.analysis.wording import amount, judged, metric_of, points, signed, with_verdict


def headline_findings(
    tables: Mapping[str, pd.DataFrame], arm: str = "cna", baseline: str = "relu", *, margin: float = MARGIN
) -> list[str]:
    """Take apart the difference between an arm on the last split and a baseline on the first.

    Args:
        tables: The paired table of every split, as :func:`~cna_viz.analysis.split_effect.split_tables` returns them.
        arm: An arm.
        baseline: The arm it is held against.
        margin: Difference of the score that counts as none.

    Raises:
        UsageError: When there is one split only, an arm is missing, or there are fewer than two seeds.
    """
    found = headline(tables, arm, baseline)
    first, last = next(iter(tables)), list(tables)[-1]
    parts = found.split.difference, found.arm.difference
    share = ""
    if abs(found.total) > margin and parts[0] * found.total > 0:
        share = (
            f", {100 * parts[0] / found.total:.0f} % of it" if parts[1] * found.total >= 0 else ", more than all of it"
        )
    return [
        f"**{arm}** on {last} against **{baseline}** on {first}: {signed(100 * found.total)} points",
        f"of these, the split alone is worth {points(found.split)} to {baseline}{share}",
        f"the rest, {points(found.arm)}, is {arm} in the place of {baseline} where both have the split {last}",
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
    sentences = [
        f"from {first} to {other}, the split alone is worth "
        f"{points(split_effect(tables[first][baseline], tables[other][baseline]))} to {baseline}"
        for other in others
        if baseline in tables[first] and baseline in tables[other]
    ]
    whole = {split: table for split, table in tables.items() if set(COMPONENTS) <= set(table.columns)}
    return sentences + [_components(split, table, margin) for split, table in whole.items()]


def _components(split: str, table: pd.DataFrame, margin: float) -> str:
    every = judged(effects(table, margin=margin))
    rows = {step: every[step] for step in STEPS}
    decided = [effect_sentence(step, row, margin) for step, row in rows.items() if row.verdict in ("better", "worse")]
    if len(with_verdict(rows, "equal")) == len(rows):
        decided = [f"C, N and A are each equal to nothing within {amount(margin, metric_of(table))}"]
    elif not with_verdict(rows, "better"):
        largest = max(rows, key=lambda step: rows[step].difference)
        decided.append(f"no component is shown to gain anything; the largest is {largest}, {points(rows[largest])}")
    return f"on {split}: {'; '.join([*decided, *few_pairs(len(table), len(every), 'effects')])}"
