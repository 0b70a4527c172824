"""Findings on comparisons within groups of runs: per graph, convolution or homophily, and by number of clusters."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import pandas as pd

from cna_viz.analysis.sentences.ablation_findings import diverged
from cna_viz.analysis.statistics.intervals import confidence_interval, interval_table
from cna_viz.analysis.statistics.paired import MARGIN, compare, verdict_table
from cna_viz.analysis.tables.comparison import arms_of, paired_table, short_names, without_diverged
from cna_viz.analysis.tables.graph_facts import edge_homophily
from cna_viz.analysis.tables.groups import compare_groups
from cna_viz.analysis.tables.tables import accuracy_table, layer_table
from cna_viz.analysis.words import VERDICTS, by_verdict, counted, judged_rows, listed, span
from cna_viz.config.arms import active_settings
from cna_viz.config.vocabulary import SplitName
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.scores import bounds


def group_findings(found: pd.DataFrame, *, margin: float = MARGIN) -> list[str]:
    """Report for each group of :func:`.groups.compare_groups` which arms are better or worse than the baseline.

    ``margin`` is the one that the comparison was made with.
    """
    baseline, metrics = found.attrs["baseline"], found.attrs["metrics"]
    names = short_names(metrics)
    sentences = []
    for group, rows in found.groupby(level="group", sort=False):
        alone = rows.droplevel("group")
        alone.attrs["metric"] = metrics[str(group)]
        verdicts = "; ".join(by_verdict(judged_rows(alone), margin))
        sentences.append(f"**{names[str(group)]}**, compared with {baseline} — {verdicts}")
    return [*sentences, *diverged(found)]


def count_findings(found: pd.DataFrame) -> list[str]:
    """Report for each arm of :func:`.groups.compare_groups` where it beats the baseline, loses, or neither."""
    names, baseline = short_names(found.attrs["metrics"]), found.attrs["baseline"]
    sentences = []
    for arm, rows in found.groupby(level="arm", sort=False):
        verdicts = judged_rows(rows.droplevel("arm"))
        groups = {
            verdict: [names[group] for group, row in verdicts.items() if row.verdict == verdict] for verdict in VERDICTS
        }
        parts = [f"{word} in {len(some)} ({listed(some)})" for word, some in groups.items() if some]
        sentences.append(f"**{arm}** compared with {baseline}, in {counted(len(verdicts), 'group')}: {listed(parts)}")
    return sentences


def homophily_findings(records: Sequence[Record]) -> list[str]:
    """Report for each arm its lowest and highest mean test score over runs on csbm graphs of several homophilies."""
    configs, metric = [record.config for record in records], records[0].metric
    if any(config.data.csbm is None for config in configs):
        raise UsageError("homophily can be set on csbm graphs only: some of these runs are on others")
    table = accuracy_table(records).assign(
        arm=arms_of(records, ignore={"csbm_homophily"}),
        homophily=[float(str(active_settings(config)["csbm_homophily"])) for config in configs],
    )
    means = interval_table(table, "test", ["arm", "homophily"], partial(confidence_interval, bounds=bounds(metric)))
    sentences = []
    for arm, rows in means.dropna(subset=["mean"]).groupby("arm", sort=False):
        scores = {f"homophily {row['homophily']:g}": float(row["mean"]) for _, row in rows.iterrows()}
        sentences.append(f"**{arm}**: {span(metric, scores)}")
    return [*sentences, _as_drawn(records)]


def help_findings(groups: Mapping[str, Sequence[Record]], blind: str, *, margin: float = MARGIN) -> list[str]:
    """Report on which graphs the arms that see the graph are better than ``blind``, one that does not.

    Args:
        groups: Runs by graph; may be empty.
        blind: The arm that sees no graph.
        margin: Difference of the score below which two arms count as equal.
    """
    return group_findings(compare_groups(groups, blind, margin=margin), margin=margin) if groups else []


def help_counts(groups: Mapping[str, Sequence[Record]], blind: str, *, margin: float = MARGIN) -> list[str]:
    """Report for each arm on which graphs it beats one that sees none; arguments as in :func:`help_findings`."""
    return count_findings(compare_groups(groups, blind, margin=margin)) if groups else []


def _as_drawn(records: Sequence[Record]) -> str:
    """Return how far the homophily of the sampled graphs is from its setting, and where edges carry no information."""
    asked = {record.config.data.csbm: record for record in records}
    drawn = {config: edge_homophily(record) for config, record in asked.items() if config is not None}
    gap = max(abs(found - config.homophily) for config, found in drawn.items())
    classes = next(iter(drawn)).classes
    return (
        f"in the sampled graphs, edge homophily is within {gap:.3f} of its setting; with {classes} classes of equal "
        f"size, edges carry no information about classes at about {1 / classes:g}"
    )


KNOWLEDGE: Final = {
    "cluster_nmi_classes": "normalized mutual information with the classes",
    "cluster_entropy": "entropy of the sizes in nats",
}
"""Measures of what clusters know, in words."""


def cluster_tables(records: Sequence[Record], split: SplitName = "test") -> dict[str, pd.DataFrame]:
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
    return {slot: _by_count(slot, members, split) for slot, members in slots.items()}


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
    found = verdict_table(samples, one.attrs, margin=margin)
    verdicts = "; ".join(by_verdict(judged_rows(found), margin))
    return [f"**{slot}**, compared with **{control}** with as many clusters — {verdicts}"]


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


def _by_count(slot: str, records: Sequence[Record], split: SplitName) -> pd.DataFrame:
    numbers = [str(record.config.model.clusters) for record in records]
    counts = dict(zip(arms_of(records), numbers, strict=True))
    if len(set(counts.values())) < len(counts):
        raise UsageError(f"runs of {slot!r} differ in more than the number of clusters: {', '.join(counts)}")
    table = without_diverged(paired_table(records, split).rename(columns=counts))
    return table[[str(count) for count in sorted(int(str(column)) for column in table.columns)]]
