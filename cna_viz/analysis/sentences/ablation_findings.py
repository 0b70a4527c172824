"""Arms compared pair by pair: verdicts, the effects of C, N and A, controls for k-means, and the effect of a split."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from cna_viz.analysis.statistics.factorial import COMPONENTS, effects, simple_effects
from cna_viz.analysis.statistics.paired import ASSURANCE, MARGIN, PairedDifference, compare, seeds_needed
from cna_viz.analysis.tables.groups import SplitEffect, headline, split_effect
from cna_viz.analysis.words import (
    JudgedDifference,
    amount,
    by_verdict,
    counted,
    extent,
    judged_rows,
    listed,
    metric_of,
    points,
    size,
    with_verdict,
)
from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.errors import unknown_name

CONTROLS: Final = {
    "cna-random": "random clusters",
    "cna-communities": "communities of the graph as clusters",
    "cna-labels": "the classes as clusters, an oracle",
    "na": "no clusters",
}
"""Slots that are CNA with clusters from elsewhere."""
STEPS: Final = {"C": "clusters", "N": "normalization", "A": "rationals"}


def ablation_findings(table: pd.DataFrame, baseline: str, *, margin: float = MARGIN) -> list[str]:
    """Report which arms are better, worse, equal or inconclusive, and how many pairs would settle the latter.

    Args:
        table: Row per pair, column per arm, as ``without_diverged(paired_table(records))`` returns it.
        baseline: The arm that the others are compared with.
        margin: Difference of the score below which arms count as equal.
    """
    found, metric = compare(table, baseline, margin=margin), metric_of(table)
    if found.empty:
        return [f"no arm to compare with **{baseline}**"]
    rows = judged_rows(found.sort_values("difference", ascending=metric in LOWER_IS_BETTER, kind="stable"))
    sentences = by_verdict(rows, margin, f"**{baseline}**")
    if inconclusive := with_verdict(rows, "inconclusive"):
        differences = {arm: (table[arm] - table[baseline]).to_numpy() for arm in inconclusive}
        needed = {arm: seeds_needed(values, margin, family=len(found)) for arm, values in differences.items()}
        ordered = sorted(needed, key=needed.__getitem__)
        ends = dict.fromkeys(f"{needed[arm]:,} ({arm})" for arm in (ordered[0], ordered[-1]))
        sentences.append(
            f"measuring an inconclusive difference to ±{amount(margin, metric)} takes {' to '.join(ends)} pairs, going "
            f"by the spread of these {len(table)}: so many are enough with a probability of {100 * ASSURANCE:.0f} %"
        )
    return sentences + diverged(table)


def effect_findings(table: pd.DataFrame, *, margin: float = MARGIN) -> list[str]:
    """Report the effects of C, N and A on the score, and their interactions.

    Args:
        table: Row per pair, a column for each of the eight slots of the factorial.
        margin: Difference of the score below which an effect counts as none.
    """
    rows = judged_rows(effects(table, margin=margin))
    interactions = {effect: row for effect, row in rows.items() if effect not in STEPS}
    sentences = [step_sentence(step, rows, table, margin) for step in STEPS]
    decided = with_verdict(interactions, "better", "worse")
    sentences += [interaction_sentence(effect, row) for effect, row in decided.items()]
    if none := with_verdict(interactions, "equal", "identical"):
        sentences.append(f"no interaction larger than {amount(margin, metric_of(table))}: {listed(none)}")
    if unknown := with_verdict(interactions, "inconclusive"):
        sentences.append(f"inconclusive, so that an effect may depend on the other steps: {listed(unknown)}")
    return sentences


def control_findings(table: pd.DataFrame, arm: str = "cna", *, margin: float = MARGIN) -> list[str]:
    """Report whether other clusters, or none, do as well as those of k-means, and what follows.

    Args:
        table: Row per pair, column per arm, among them some of :data:`CONTROLS`.
        arm: The slot whose clusters are in question.
        margin: Difference of the score below which arms count as equal.
    """
    if arm not in table:
        raise unknown_name("arm", arm, map(str, table.columns))
    present = [name for name in CONTROLS if name in table]
    if not present:
        return [f"no control to compare **{arm}** with: none of {', '.join(CONTROLS)} was run"]
    rows = judged_rows(compare(table[[arm, *present]], arm, margin=margin))
    words = {
        "better": f"is better than **{arm}** by",
        "worse": f"is worse than **{arm}** by",
        "equal": f"equals **{arm}** within {amount(margin, metric_of(table))}:",
        "identical": f"is identical to **{arm}** in every pair:",
        "inconclusive": f"minus **{arm}** is inconclusive:",
    }
    sentences = [
        f"**{name}** ({CONTROLS[name]}) {words[row.verdict]} "
        f"{size(row) if row.verdict in ('better', 'worse') else points(row)}{f', {row.reason}' if row.reason else ''}"
        for name, row in rows.items()
    ]
    return [*sentences, _conclusion(rows, arm)]


def headline_findings(
    tables: Mapping[str, pd.DataFrame], arm: str = "cna", baseline: str = "relu", *, margin: float = MARGIN
) -> list[str]:
    """Split the difference between an arm on the last split and a baseline on the first into its two parts.

    Args:
        tables: The paired table of every split, at least two, as :func:`.groups.split_tables` returns them.
        arm: An arm.
        baseline: The arm it is compared with.
        margin: Difference of the score that counts as none.
    """
    found = headline(tables, arm, baseline)
    first, last = next(iter(tables)), list(tables)[-1]
    metric = metric_of(tables[first])
    share = ""
    if abs(found.total) > margin and found.split.difference * found.total > 0:
        split = f"{100 * found.split.difference / found.total:.0f} %"
        share = f", {split} of the total" if found.arm.difference * found.total >= 0 else ", more than the total"
    return [
        f"**{arm}** on {last} compared with **{baseline}** on {first}: {'+' if found.total >= 0 else '−'}"
        f"{extent(found.total, metric)}",
        f"the split alone contributes {difference_points(found.split, metric)} to {baseline}{share}",
        f"the rest, {difference_points(found.arm, metric)}, comes from {arm} in place of {baseline}, both on {last}",
    ]


def split_findings(tables: Mapping[str, pd.DataFrame], baseline: str = "relu", *, margin: float = MARGIN) -> list[str]:
    """Report what the change of split does to the baseline, and the effects of C, N and A on each split.

    Arguments as in :func:`headline_findings`; each split needs two seeds.
    """
    first, *others = tables
    start = tables[first]
    sentences = [
        f"from {first} to {other}, the split alone changes {baseline} by "
        f"{difference_points(split_effect(start[baseline], tables[other][baseline]), metric_of(start))}"
        for other in others
        if baseline in start and baseline in tables[other]
    ]
    whole = {split: table for split, table in tables.items() if set(COMPONENTS) <= set(table.columns)}
    return sentences + [_components(split, table, margin) for split, table in whole.items()]


def diverged(table: pd.DataFrame) -> list[str]:
    """Return which arms were left out because runs diverged."""
    left = table.attrs.get("left_out", {})
    return [f"left out: {arm} ({counted(count, 'run')} diverged)" for arm, count in left.items()]


def step_sentence(step: str, rows: Mapping[str, JudgedDifference], table: pd.DataFrame, margin: float) -> str:
    """Return what one of C, N and A does: its effect, or where an interaction is decided what it does beside which."""
    if not _depends(step, rows):
        return effect_sentence(step, rows[step], margin)
    every = simple_effects(table, margin=margin)
    simple = judged_rows(every[every.index.get_level_values("step") == step].droplevel("step"))
    parts = [f"{points(row)} {'with ' + listed(beside) if beside else 'alone'}" for beside, row in simple.items()]
    return f"what **{step}** ({STEPS[step]}) changes depends on the other steps: {listed(parts)}"


def effect_sentence(step: str, row: JudgedDifference, margin: float) -> str:
    """Return what one of C, N and A does to the score on average."""
    name, over = f"**{step}** ({STEPS[step]})", "on average over the other steps"
    if row.verdict in ("equal", "identical"):
        return f"{name} has no effect larger than {amount(margin, row.metric)} {over}: {points(row)}"
    if row.verdict == "inconclusive":
        return f"the effect of {name} {over} is inconclusive{f', {row.reason}' if row.reason else ''}: {points(row)}"
    verbs = ("takes off", "adds") if row.metric in LOWER_IS_BETTER else ("gains", "costs")
    return f"{name} {verbs[row.verdict == 'worse']} {size(row)} {over}"


def interaction_sentence(effect: str, row: JudgedDifference) -> str:
    """Return what two or three of C, N and A do together, beyond what each does alone."""
    change, (first, second, *third) = extent(row.difference, row.metric), list(effect)
    if not third:
        more = "more" if row.difference > 0 else "less"
        return f"**{first}** adds {change} {more} with {second} than without ({effect})"
    larger = "larger" if row.difference > 0 else "smaller"
    return f"the interaction of {first} and {second} is {change} {larger} with {third[0]} than without"


def difference_points(found: SplitEffect | PairedDifference, metric: str) -> str:
    """Return a difference without a verdict, with its interval."""
    return points(JudgedDifference(found.difference, found.low, found.high, metric=metric))


def _conclusion(rows: Mapping[str, JudgedDifference], arm: str) -> str:
    """Return what the uninformed controls, random clusters and none, imply about the clusters of the arm."""
    blind = {name: row.verdict for name, row in rows.items() if name in ("cna-random", "na")}
    if not blind:
        return f"without cna-random or na as controls, it stays open whether the clusters of **{arm}** matter"
    if same := [name for name, verdict in blind.items() if verdict == "identical"]:
        return (
            f"so it stays open whether the clusters of **{arm}** matter: {listed(same)} scored the same in every pair"
        )
    if set(blind.values()) <= {"better", "equal"}:
        return f"so nothing here needs the clusters of **{arm}**: {listed(blind)} do at least as well"
    if set(blind.values()) == {"worse"}:
        return f"so the clusters of **{arm}** matter here: {listed(blind)} do worse"
    return f"so it is inconclusive whether the clusters of **{arm}** matter"


def _components(split: str, table: pd.DataFrame, margin: float) -> str:
    rows, metric = judged_rows(effects(table, margin=margin)), metric_of(table)
    changing = [step for step in STEPS if _depends(step, rows) or rows[step].verdict in ("better", "worse")]
    sentences = [step_sentence(step, rows, table, margin) for step in changing]
    if len(with_verdict(rows, "equal", "identical")) == len(rows):
        sentences = [f"none of C, N and A has an effect larger than {amount(margin, metric)}"]
    elif not sentences:
        largest = max(STEPS, key=lambda step: abs(rows[step].difference))
        sentences = [f"no effect of C, N or A is decided; the largest is that of {largest}, {points(rows[largest])}"]
    return f"on {split}: {'; '.join(sentences)}"


def _depends(step: str, rows: Mapping[str, JudgedDifference]) -> bool:
    """Whether the effect of a step is decidedly another one beside another step."""
    return any(step in effect and len(effect) > 1 for effect in with_verdict(rows, "better", "worse"))
