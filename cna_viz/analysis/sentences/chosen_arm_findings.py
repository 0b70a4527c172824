"""Sentences about one arm: how far it is from another, and what it changes to set one of C, N and A otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from cna_viz.analysis.statistics.paired import MARGIN, difference, pairs_needed, smallest_p, with_verdicts
from cna_viz.analysis.tables.chosen_arm import finite_pairs, pairs_of
from cna_viz.analysis.tables.slot_parts import STEPS, part_words, parts_of
from cna_viz.analysis.words import Judged, amount, counted, judged, metric_of, points
from cna_viz.config import RunConfig
from cna_viz.config.arms import inactive
from cna_viz.errors import unknown_name
from cna_viz.records.record import Record

LEVEL: Final = 0.05
"""Of the verdicts."""

Arms = Mapping[str, Sequence[Record]]


@dataclass(frozen=True)
class Question:
    """How far is one arm from another?

    Attributes:
        words: What is asked, the beginning of the sentence that answers it.
        arm: The arm.
        other: The arm whose scores are taken from its own, pair by pair.
    """

    words: str
    arm: str
    other: str


def difference_words(arms: Arms, arm: str, baseline: str, part: str = "test") -> str:
    """Return how far an arm is from another over the pairs that both have, or why that can't be said.

    Args:
        arms: Runs of one dataset, split protocol and depth by the name of their arm.
        arm: The arm.
        baseline: The arm that it is held against.
        part: train, val or test.

    Returns:
        Such as ``+3.1 points [+1.0, +5.2], 3 pairs``; no verdict, as this depends on what else is asked.

    Raises:
        UsageError: When there is no such arm or part, or runs are of several datasets or split protocols.
    """
    table = pairs_of(arms, [arm, baseline], part)
    if gone := _missing(table):
        return gone
    found = difference((table[arm] - table[baseline]).to_numpy(dtype=float))
    words = points(Judged(found.difference, found.low, found.high, "", metric_of(table)))
    return f"{words}, {counted(len(table), 'pair')}"


def arm_findings(arms: Arms, arm: str, baseline: str, part: str = "test", margin: float = MARGIN) -> list[str]:
    """Say how far an arm is from the baseline, what each arm that is one switch away changes, and what that is worth.

    Verdicts have Holm's correction for all differences that are named. Each is over the pairs of split and seed that
    both arms have; one of fewer than two, or of a run that diverged, is said to be unknown.

    Args:
        arms: Runs of one dataset, split protocol and depth by the name of their arm.
        arm: The arm.
        baseline: The arm that it is held against; passed over where there is none.
        part: train, val or test.
        margin: Difference of the score below which arms count as equal.

    Raises:
        UsageError: When there is no such arm or part, or runs are of several datasets or split protocols.
    """
    if arm not in arms:
        raise unknown_name("arm", arm, arms)
    asked = _questions(arms, arm, baseline)
    tables = [pairs_of(arms, [one.arm, one.other], part) for one in asked]
    why = [_missing(table) for table in tables]
    known = [(one, table) for one, table, gone in zip(asked, tables, why, strict=True) if not gone]
    unknown = [f"{one.words}: {gone}" for one, gone in zip(asked, why, strict=True) if gone]
    if not known:
        return unknown
    answers = _answers([one for one, _ in known], [table for _, table in known], margin)
    said = [f"{words}: {points(row)}, {_verdict(row, margin)}" for words, row in judged(answers).items()]
    return [*said, *unknown, *_limits(answers), str(known[0][1].attrs["protocol"])]


def one_switch_away(arms: Arms, arm: str) -> dict[str, str]:
    """Return the arms that set one of C, N and A otherwise than a given one, and nothing else, with what they do.

    Of two numbers of clusters both must be the same, where both have an effect.

    Args:
        arms: Runs by the name of their arm.
        arm: The given one.

    Returns:
        Words such as ``no clusters instead of clusters found by k-means`` by arm; none where the arm has no switches.
    """
    config = arms[arm][0].config
    own, configs = parts_of(config), {name: runs[0].config for name, runs in arms.items()}
    others = {name: parts_of(other) for name, other in configs.items() if _same_number(config, other)}
    return {
        name: f"**{step}**: {part_words(parts, switch)} instead of {part_words(own, switch)}"
        for switch, step in STEPS.items()
        for name, parts in others.items()
        if own and parts and own.differing(parts) == (switch,)
    }


def _same_number(one: RunConfig, other: RunConfig) -> bool:
    """Whether two configs have one number of clusters, or the number has no effect in at least one of them."""
    free = "clusters" in inactive(one) | inactive(other)
    return free or one.model.clusters == other.model.clusters


def _questions(arms: Arms, arm: str, baseline: str) -> list[Question]:
    first = (
        [Question(f"**{arm}** against **{baseline}**", arm, baseline)] if baseline in arms and arm != baseline else []
    )
    held = {one.other for one in first}
    steps = {name: words for name, words in one_switch_away(arms, arm).items() if name not in held}
    return first + [Question(f"{words} ({name})", name, arm) for name, words in steps.items()]


def _missing(table: pd.DataFrame) -> str:
    """Return why a difference of two arms is unknown; empty where it is known."""
    if not finite_pairs(table):
        return "unknown, because a run diverged"
    return (
        f"unknown: an interval needs two pairs of the same split and seed, there is {len(table)}"
        if len(table) < 2
        else ""
    )


def _answers(asked: Sequence[Question], tables: Sequence[pd.DataFrame], margin: float) -> pd.DataFrame:
    found = [
        difference((table[one.arm] - table[one.other]).to_numpy(dtype=float), margin=margin)
        for one, table in zip(asked, tables, strict=True)
    ]
    rows = pd.DataFrame([vars(one) for one in found], index=pd.Index([one.words for one in asked]))
    return with_verdicts(rows, margin=margin, metric=metric_of(tables[0]))


def _verdict(row: Judged, margin: float) -> str:
    return f"equal within {amount(margin, row.metric)}" if row.verdict == "equal" else row.verdict


def _limits(answers: pd.DataFrame) -> list[str]:
    """Say so where so few pairs can't make a difference significant."""
    pairs, needed = int(answers["pairs"].min()), pairs_needed(len(answers), LEVEL)
    if pairs >= needed:
        return []
    return [
        f"with {counted(pairs, 'pair')} no p value is below {smallest_p(pairs):.2g}; for "
        f"{counted(len(answers), 'difference')} it takes {needed} pairs until one can be significant"
    ]
