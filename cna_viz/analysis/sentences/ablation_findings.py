"""Sentences about arms that are compared in pairs: which is better, what C, N and A do, whether C needs k-means."""

from typing import Final

import pandas as pd

from cna_viz.analysis.statistics.factorial import effects
from cna_viz.analysis.statistics.paired import MARGIN, compare, pairs_needed, seeds_needed, smallest_p
from cna_viz.analysis.words import (
    Judged,
    amount,
    counted,
    extent,
    judged,
    listed,
    metric_of,
    points,
    size,
    with_verdict,
)
from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.errors import unknown_name

LEVEL: Final = 0.05
"""Of the verdicts."""
CONTROLS: Final = {
    "cna-random": "clusters drawn at random",
    "cna-communities": "communities of the graph as clusters",
    "cna-labels": "the classes themselves as clusters (an oracle)",
    "na": "no clusters",
}
"""Slots that are CNA but for where the clusters come from."""
STEPS: Final = {"C": "clusters", "N": "normalization", "A": "rationals"}


def ablation_findings(table: pd.DataFrame, baseline: str, *, margin: float = MARGIN) -> list[str]:
    """Say which arms are better, worse, equal or undecided, and what it would take to decide.

    Args:
        table: Row per pair, column per arm, as ``without_diverged(paired_table(records))`` returns it.
        baseline: The arm that the others are held against.
        margin: Difference of the score below which arms count as equal.

    Raises:
        UsageError: When there is no such arm, or fewer than two pairs.
    """
    found, metric = compare(table, baseline, margin=margin), metric_of(table)
    if found.empty:
        return [f"there is no arm beside **{baseline}**"]
    found = found.sort_values("difference", ascending=metric in LOWER_IS_BETTER, kind="stable")
    rows = judged(found)
    words = {
        "better": f"better than **{baseline}**",
        "worse": f"worse than **{baseline}**",
        "equal": f"equal to **{baseline}** within {amount(margin, metric)}",
        "undecided": f"neither shown to differ from **{baseline}** nor to equal it",
    }
    sentences = [
        f"{words[verdict]}: {listed(f'{arm} ({points(row)})' for arm, row in members.items())}"
        for verdict in words
        if (members := with_verdict(rows, verdict))
    ]
    sentences += few_pairs(len(table), len(found), "arms")
    if undecided := with_verdict(rows, "undecided"):
        needed = {arm: seeds_needed((table[arm] - table[baseline]).to_numpy(), margin) for arm in undecided}
        ordered = sorted(needed, key=needed.__getitem__)
        ends = dict.fromkeys(f"{needed[arm]:,} ({arm})" for arm in (ordered[0], ordered[-1]))
        sentences.append(
            f"to know an undecided difference to ±{amount(margin, metric)} would take about {' to '.join(ends)} pairs, "
            f"at the spread seen here; there are {len(table)}"
        )
    return sentences + diverged(table)


def effect_findings(table: pd.DataFrame, *, margin: float = MARGIN) -> list[str]:
    """Say what C, N and A each do to the score, and which of them do something else where another is there.

    Args:
        table: Row per pair, a column for each of the eight slots of the factorial.
        margin: Difference of the score below which an effect counts as none.

    Raises:
        UsageError: When a slot is missing, or there are fewer than two pairs.
    """
    rows = judged(effects(table, margin=margin))
    sentences = [effect_sentence(step, rows[step], margin) for step in STEPS]
    interactions = {effect: row for effect, row in rows.items() if effect not in STEPS}
    sentences += [
        interaction_sentence(effect, row) for effect, row in interactions.items() if row.verdict in ("better", "worse")
    ]
    if none := with_verdict(interactions, "equal"):
        sentences.append(f"no interaction of more than {amount(margin, metric_of(table))}: {listed(none)}")
    if unknown := with_verdict(interactions, "undecided"):
        sentences.append(f"interactions that these pairs can't tell from none: {listed(unknown)}")
    return sentences + few_pairs(len(table), len(rows), "effects")


def control_findings(table: pd.DataFrame, arm: str = "cna", *, margin: float = MARGIN) -> list[str]:
    """Say whether clusters from elsewhere, or none, do as well as those of k-means, and what follows.

    Args:
        table: Row per pair, column per arm, among them some of :data:`CONTROLS`.
        arm: The slot whose clusters are in question.
        margin: Difference of the score below which arms count as equal.

    Raises:
        UsageError: When there is no such arm, or fewer than two pairs.
    """
    if arm not in table:
        raise unknown_name("arm", arm, map(str, table.columns))
    present = [name for name in CONTROLS if name in table]
    if not present:
        return [f"none of {', '.join(CONTROLS)} is there to hold **{arm}** against"]
    rows = judged(compare(table[[arm, *present]], arm, margin=margin))
    words = {
        "better": f"do better than **{arm}** by",
        "worse": f"do worse than **{arm}** by",
        "equal": f"do as well as **{arm}** within {amount(margin, metric_of(table))}:",
        "undecided": f"are neither shown to differ from **{arm}** nor to equal it:",
    }
    sentences = [
        f"{CONTROLS[name]} (**{name}**) {words[row.verdict]} "
        f"{size(row) if row.verdict in ('better', 'worse') else points(row)}"
        for name, row in rows.items()
    ]
    return [*sentences, _conclusion(rows, arm)]


def few_pairs(pairs: int, questions: int, what: str) -> list[str]:
    """Say so where so few pairs can't make any of so many differences significant."""
    needed = pairs_needed(questions, LEVEL)
    if pairs >= needed:
        return []
    return [
        f"with {counted(pairs, 'pair')} no p value is below {smallest_p(pairs):.2g}, so nothing can be significant "
        f"after Holm's correction for {questions} {what}: that takes {needed} pairs"
    ]


def diverged(table: pd.DataFrame) -> list[str]:
    """Say which arms were left out because runs diverged."""
    left = table.attrs.get("left_out", {})
    return [f"left out: {arm}, of which {counted(count, 'run')} diverged" for arm, count in left.items()]


def effect_sentence(step: str, row: Judged, margin: float) -> str:
    """Return what one of C, N and A does to the score."""
    name = f"**{step}** ({STEPS[step]})"
    if row.verdict == "equal":
        return f"{name} is equal to nothing within {amount(margin, row.metric)}: {points(row)}"
    if row.verdict == "undecided":
        return f"{name} is neither shown to matter nor to be equal to nothing: {points(row)}"
    return f"{name} {'gains' if row.verdict == 'better' else 'costs'} {size(row)}"


def interaction_sentence(effect: str, row: Judged) -> str:
    """Return what two or three of C, N and A do together, beside what each does alone."""
    twice, steps = extent(2 * row.difference, row.metric), list(effect)
    if len(steps) == 2:
        more = "more" if row.difference > 0 else "less"
        return f"**{steps[0]}** adds {twice} {more} where {steps[1]} is there ({effect})"
    larger = "larger" if row.difference > 0 else "smaller"
    return f"the interaction of {steps[0]} and {steps[1]} is {twice} {larger} where {steps[2]} is there"


def _conclusion(rows: dict[str, Judged], arm: str) -> str:
    """Return what the controls that know nothing, random clusters and none, say about the clusters of the arm."""
    blind = {name: row.verdict for name, row in rows.items() if name in ("cna-random", "na")}
    if not blind:
        return f"without random clusters or none to hold it against, this can't say whether those of **{arm}** matter"
    if set(blind.values()) <= {"better", "equal"}:
        return f"so nothing here needs the clusters of **{arm}**: {listed(blind)} do without them"
    if set(blind.values()) == {"worse"}:
        return f"so the clusters of **{arm}** are worth something here: without them, {listed(blind)} do worse"
    return f"so these runs don't settle whether the clusters of **{arm}** matter"
