"""Findings on comparisons within groups of runs: on each graph, with each convolution, at each homophily."""

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from cna_viz.analysis.sentences.ablation_findings import diverged, few_pairs
from cna_viz.analysis.statistics.intervals import confidence_interval, interval_table
from cna_viz.analysis.statistics.paired import MARGIN
from cna_viz.analysis.tables.comparison import arm_names, short_names
from cna_viz.analysis.tables.graph_facts import edge_homophily
from cna_viz.analysis.tables.groups import compare_groups
from cna_viz.analysis.tables.tables import accuracy_table
from cna_viz.analysis.words import by_verdict, counted, judged_rows, listed, span
from cna_viz.config.arms import effective
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
    return [*sentences, *few_pairs(int(found["pairs"].min()), len(found), "comparison"), *diverged(found)]


def count_findings(found: pd.DataFrame) -> list[str]:
    """Report for each arm of :func:`.groups.compare_groups` where it beats the baseline, loses, or neither."""
    names, baseline = short_names(found.attrs["metrics"]), found.attrs["baseline"]
    sentences = []
    for arm, rows in found.groupby(level="arm", sort=False):
        verdicts = judged_rows(rows.droplevel("arm"))
        words = {"better": "better", "worse": "worse", "equal": "equal", "undecided": "inconclusive"}
        groups = {
            word: [names[group] for group, row in verdicts.items() if row.verdict == verdict]
            for verdict, word in words.items()
        }
        parts = [f"{word} in {len(some)} ({listed(some)})" for word, some in groups.items() if some]
        sentences.append(f"**{arm}** compared with {baseline}, in {counted(len(verdicts), 'group')}: {listed(parts)}")
    return sentences


def homophily_findings(records: Sequence[Record]) -> list[str]:
    """Report for each arm its lowest and highest mean test score over runs on csbm graphs of several homophilies."""
    configs, metric = [record.config for record in records], records[0].metric
    if any(config.data.csbm is None for config in configs):
        raise UsageError("homophily can be set on csbm graphs only: some of these runs are on others")
    names = arm_names(configs, ignore={"csbm_homophily"})
    table = accuracy_table(records).assign(
        arm=[names[config.run_id] for config in configs],
        homophily=[float(str(effective(config)["csbm_homophily"])) for config in configs],
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
