"""Findings on the number of clusters: how many it takes, whether k-means matters, and what the clusters know."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from cna_viz.analysis.sentences.ablation_findings import few_pairs
from cna_viz.analysis.statistics.paired import MARGIN, compare, verdict_table
from cna_viz.analysis.tables.comparison import arm_names, paired_table, without_diverged
from cna_viz.analysis.tables.tables import layer_table
from cna_viz.analysis.words import by_verdict, counted, judged_rows, listed, metric_of
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

KNOWLEDGE: Final = {
    "cluster_nmi_classes": "normalized mutual information with the classes",
    "cluster_entropy": "entropy of the sizes in nats",
}
"""Measures of what clusters know, in words."""


def cluster_tables(records: Sequence[Record], part: str = "test") -> dict[str, pd.DataFrame]:
    """Return for every slot with clusters a table with a row per pair and a column per number of clusters.

    Numbers of clusters with a run that diverged are left out; refuses runs of a slot that differ in more than their
    number.
    """
    slots: dict[str, list[Record]] = {}
    for record in records:
        if record.config.model.uses_clusters:
            slots.setdefault(record.config.slot, []).append(record)
    if not slots:
        raise UsageError("no run has a slot with clusters: their number can't be compared")
    return {slot: _by_count(slot, members, part) for slot, members in slots.items()}


def cluster_count_findings(records: Sequence[Record], *, margin: float = MARGIN) -> list[str]:
    """Report for each slot which numbers of clusters are better or worse than the fewest.

    Args:
        records: Runs of slots with several numbers of clusters, which differ in nothing else.
        margin: Difference of the score below which two numbers count as equally good.
    """
    sentences = []
    for slot, table in cluster_tables(records).items():
        if table.shape[1] < 2:
            sentences.append(f"**{slot}** has one number of clusters: nothing to compare")
            continue
        fewest = str(table.columns[0])
        found = compare(table, fewest, margin=margin)
        baseline = counted(int(fewest), "cluster")
        sentences.append(f"**{slot}**, compared with {baseline} — {'; '.join(by_verdict(judged_rows(found), margin))}")
        sentences += few_pairs(len(table), len(found), "cluster count")
    return sentences


def kmeans_findings(
    records: Sequence[Record], slot: str = "cna", control: str = "cna-random", *, margin: float = MARGIN
) -> list[str]:
    """Report at which numbers of clusters a slot is better or worse than its control with as many.

    Arguments as in :func:`cluster_count_findings`.
    """
    tables = cluster_tables(records)
    for name in (slot, control):
        if name not in tables:
            raise UsageError(f"no runs of {name!r} to compare; slots with clusters: {', '.join(tables)}")
    one, other = tables[slot], tables[control]
    both = [count for count in one.columns if count in other.columns]
    if not both:
        return [f"**{slot}** and **{control}** share no number of clusters"]
    samples = {k: (one[k] - other[k]).to_numpy() for k in both}
    found = verdict_table(samples, margin=margin, metric=metric_of(one))
    verdicts = "; ".join(by_verdict(judged_rows(found), margin))
    return [
        f"**{slot}**, compared with **{control}** with as many clusters — {verdicts}",
        *few_pairs(int(found["pairs"].iloc[0]), len(found), "cluster count"),
    ]


def knowledge_findings(records: Sequence[Record]) -> list[str]:
    """Report what the clusters of the last slot know of the classes, by their number, and how evenly they are used."""
    sentences = []
    for slot in dict.fromkeys(record.config.slot for record in records if record.config.model.uses_clusters):
        members = [record for record in records if record.config.slot == slot]
        counts = sorted({record.config.model.clusters for record in members})
        for measure, words in KNOWLEDGE.items():
            known = []
            for count in counts:
                table = layer_table([r for r in members if r.config.model.clusters == count], measure, "slot")
                value = float(table.loc[table["layer"] == table["layers"] - 1, "value"].astype(float).mean())
                known += [] if pd.isna(value) else [f"{value:.2f} with {count}"]
            if known:
                sentences.append(f"**{slot}**, last slot: {words} {listed(known)}")
    return sentences or [f"these runs did not record what their clusters know: add {listed(KNOWLEDGE)} to `measures`"]


def _by_count(slot: str, records: Sequence[Record], part: str) -> pd.DataFrame:
    names = arm_names([record.config for record in records])
    counts = {names[record.config.run_id]: str(record.config.model.clusters) for record in records}
    if len(set(counts.values())) < len(counts):
        raise UsageError(f"runs of {slot!r} differ in more than the number of clusters: {', '.join(counts)}")
    table = without_diverged(paired_table(records, part).rename(columns=counts))
    return table[[str(count) for count in sorted(int(str(column)) for column in table.columns)]]
