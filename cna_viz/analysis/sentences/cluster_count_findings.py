"""Sentences on how many clusters it takes, whether they have to be those of k-means, and what they know."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from cna_viz.analysis.sentences.ablation_findings import few_pairs
from cna_viz.analysis.statistics.paired import MARGIN, compare, difference, with_verdicts
from cna_viz.analysis.tables.comparison import arm_names, paired_table, without_diverged
from cna_viz.analysis.tables.tables import layer_table
from cna_viz.analysis.words import amount, judged, listed, metric_of, points, with_verdict
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

KNOWLEDGE: Final = {
    "cluster_nmi_classes": "normalized mutual information with the classes",
    "cluster_entropy": "entropy of the sizes in nats",
}
"""Measures of what clusters know, and their words."""


def cluster_tables(records: Sequence[Record], part: str = "test") -> dict[str, pd.DataFrame]:
    """Return for every slot with clusters a table with a row per pair and a column per number of clusters.

    Numbers of clusters with a run that diverged are left out, as
    :func:`~cna_viz.analysis.tables.comparison.without_diverged` does.

    Raises:
        UsageError: When no slot has clusters, runs of one slot differ in more than their number, or as
            :func:`~cna_viz.analysis.tables.comparison.paired_table` says.
    """
    slots: dict[str, list[Record]] = {}
    for record in records:
        if record.config.model.uses_clusters:
            slots.setdefault(record.config.slot, []).append(record)
    if not slots:
        raise UsageError("no run has a slot with clusters: their number can't be compared")
    return {slot: _by_count(slot, members, part) for slot, members in slots.items()}


def cluster_count_findings(records: Sequence[Record], *, margin: float = MARGIN) -> list[str]:
    """Say for each slot which numbers of clusters are better or worse than the fewest.

    Args:
        records: Runs of slots with several numbers of clusters.
        margin: Difference of the score below which two numbers count as equally good.

    Raises:
        UsageError: As :func:`cluster_tables`, and when there are fewer than two pairs.
    """
    sentences = []
    for slot, table in cluster_tables(records).items():
        if table.shape[1] < 2:
            sentences.append(f"**{slot}** has one number of clusters: nothing to compare")
            continue
        fewest = int(table.columns[0])
        found = compare(table, str(fewest), margin=margin)
        sentences.append(f"**{slot}**, against {_clusters(fewest)}: {_verdicts(found, margin)}")
        sentences += few_pairs(len(table), len(found), "numbers of clusters")
    return sentences


def kmeans_findings(
    records: Sequence[Record], slot: str = "cna", control: str = "cna-random", *, margin: float = MARGIN
) -> list[str]:
    """Say at which numbers of clusters a slot is better or worse than its control with as many.

    Arguments and errors as in :func:`cluster_count_findings`; also when one of the two slots is missing.
    """
    tables = cluster_tables(records)
    for name in (slot, control):
        if name not in tables:
            raise UsageError(f"no runs of {name!r} to compare; slots with clusters: {', '.join(tables)}")
    both = [count for count in tables[slot].columns if count in tables[control].columns]
    if not both:
        return [f"**{slot}** and **{control}** were never given equally many clusters"]
    rows = [vars(difference((tables[slot][k] - tables[control][k]).to_numpy(), margin=margin)) for k in both]
    found = with_verdicts(pd.DataFrame(rows, index=pd.Index(both)), margin=margin, metric=metric_of(tables[slot]))
    sentence = f"**{slot}**, against **{control}** with as many clusters: {_verdicts(found, margin)}"
    return [sentence, *few_pairs(int(found["pairs"].iloc[0]), len(found), "numbers of clusters")]


def knowledge_findings(records: Sequence[Record]) -> list[str]:
    """Say what the clusters of the last slot know of the classes, by their number, and whether all are used."""
    sentences = []
    for slot in dict.fromkeys(record.config.slot for record in records if record.config.model.uses_clusters):
        members = [record for record in records if record.config.slot == slot]
        counts = sorted({record.config.model.clusters for record in members})
        for measure, words in KNOWLEDGE.items():
            values = {count: _last_layer(members, count, measure) for count in counts}
            known = [f"{value:.2f} with {count}" for count, value in values.items() if not pd.isna(value)]
            if known:
                sentences.append(f"**{slot}**, last slot: {words} {listed(known)}")
    return sentences or ["these runs did not measure what their clusters know: `measures` must name it"]


def _by_count(slot: str, records: Sequence[Record], part: str) -> pd.DataFrame:
    names = arm_names([record.config for record in records])
    counts = {names[record.config.run_id]: str(record.config.model.clusters) for record in records}
    if len(set(counts.values())) < len(counts):
        raise UsageError(f"runs of {slot!r} differ in more than the number of clusters: {', '.join(counts)}")
    table = without_diverged(paired_table(records, part).rename(columns=counts))
    return table[[str(count) for count in sorted(int(str(column)) for column in table.columns)]]


def _verdicts(found: pd.DataFrame, margin: float) -> str:
    rows = judged(found)
    words = {"better": "better", "worse": "worse", "equal": f"equal within {amount(margin, metric_of(found))}"}
    parts = [
        f"{words.get(verdict, verdict)} with {listed(f'{count} ({points(row)})' for count, row in members.items())}"
        for verdict in (*words, "undecided")
        if (members := with_verdict(rows, verdict))
    ]
    return "; ".join(parts)


def _last_layer(records: Sequence[Record], clusters: int, measure: str) -> float:
    table = layer_table([r for r in records if r.config.model.clusters == clusters], measure, "slot")
    return float(table.loc[table["layer"] == table["layers"] - 1, "value"].astype(float).mean())


def _clusters(count: int) -> str:
    return f"{count} cluster{'' if count == 1 else 's'}"
