"""Findings on one arm: its difference from another, and from the arms with one of C, N and A changed."""

from collections.abc import Mapping, Sequence

import pandas as pd

from cna_viz.analysis.sentences.ablation_findings import difference_points
from cna_viz.analysis.statistics.paired import MARGIN, difference, resolution, verdict_table
from cna_viz.analysis.tables.chosen_arm import finite_pairs, pairs_of
from cna_viz.analysis.tables.slot_parts import STEPS, part_words, parts_of
from cna_viz.analysis.words import counted, judged_rows, metric_of, points, verdict_words
from cna_viz.config.arms import inactive
from cna_viz.config.vocabulary import SplitName
from cna_viz.errors import unknown_name
from cna_viz.records.record import Record

Arms = Mapping[str, Sequence[Record]]


def difference_words(arms: Arms, arm: str, baseline: str, split: SplitName = "test") -> str:
    """Return the difference of two arms over the pairs that both have, or why it is unknown.

    Such as ``+3.1 points [+1.0, +5.2], 3 pairs``; no verdict, as this depends on what else is asked.
    """
    table = pairs_of(arms, [arm, baseline], split)
    if gone := _missing(table):
        return gone
    found = difference((table[arm] - table[baseline]).to_numpy(dtype=float), floor=resolution(table.attrs))
    return f"{difference_points(found, metric_of(table))}, {counted(len(table), 'pair')}"


def arm_findings(arms: Arms, arm: str, baseline: str, split: SplitName = "test", margin: float = MARGIN) -> list[str]:
    """Report how an arm differs from the baseline, and what each arm that is one switch away changes.

    The intervals hold for all differences reported together. Each is over the pairs of split and seed that both
    arms have; with fewer than two, or after a run diverged, it is reported as unknown. A baseline without runs is
    ignored.
    """
    if arm not in arms:
        raise unknown_name("arm", arm, arms)
    samples, unknown, table = {}, [], pd.DataFrame()
    for question, (one, other) in _questions(arms, arm, baseline).items():
        pairs = pairs_of(arms, [one, other], split)
        if gone := _missing(pairs):
            unknown.append(f"{question}: {gone}")
            continue
        samples[question] = (pairs[one] - pairs[other]).to_numpy(dtype=float)
        table = pairs if table.empty else table
    if not samples:
        return unknown
    found = verdict_table(samples, table.attrs, margin=margin)
    return [
        *(f"{name}: {points(row)}, {verdict_words(row, margin)}" for name, row in judged_rows(found).items()),
        *unknown,
        str(table.attrs["protocol"]),
    ]


def one_switch_away(arms: Arms, arm: str) -> dict[str, str]:
    """Return the arms that differ from a given one in exactly one of C, N and A, with the change in words.

    Such as ``no clusters instead of clusters found by k-means``. Where the number of clusters is active in both, it
    must be the same.
    """
    config = arms[arm][0].config
    own, configs = parts_of(config), {name: runs[0].config for name, runs in arms.items()}
    others = {
        name: parts_of(other)
        for name, other in configs.items()
        if "clusters" in inactive(config) | inactive(other) or config.model.clusters == other.model.clusters
    }
    return {
        name: f"**{step}**: {part_words(parts, switch)} instead of {part_words(own, switch)}"
        for switch, step in STEPS.items()
        for name, parts in others.items()
        if own and parts and own.differing(parts) == (switch,)
    }


def _questions(arms: Arms, arm: str, baseline: str) -> dict[str, tuple[str, str]]:
    """Return pairs of arms to compare, the second subtracted from the first, by the words that introduce them."""
    first = baseline in arms and arm != baseline
    asked = {f"**{arm}** compared with **{baseline}**": (arm, baseline)} if first else {}
    steps = one_switch_away(arms, arm).items()
    return asked | {f"{words} ({name})": (name, arm) for name, words in steps if not (first and name == baseline)}


def _missing(table: pd.DataFrame) -> str:
    """Return why a difference of two arms is unknown; empty where it is known."""
    if not finite_pairs(table):
        return "unknown, because a run diverged"
    if len(table) < 2:
        return f"unknown: an interval needs two pairs of the same split and seed, these arms share {len(table)}"
    return ""
