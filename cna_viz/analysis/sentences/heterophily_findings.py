"""Sentences on what homophily does to the score, and on whether the graph helps at all."""

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from cna_viz.analysis.sentences.group_findings import count_findings, group_findings
from cna_viz.analysis.statistics.intervals import confidence_interval, interval_table
from cna_viz.analysis.statistics.paired import MARGIN
from cna_viz.analysis.tables.comparison import arm_names
from cna_viz.analysis.tables.groups import compare_groups
from cna_viz.analysis.tables.homophily import edge_homophily
from cna_viz.analysis.tables.tables import accuracy_table
from cna_viz.config.arms import active_settings
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.scores import bounds, written


def homophily_findings(records: Sequence[Record]) -> list[str]:
    """Say for each arm where its mean test score is least and largest, and whether the drawn graphs are as asked for.

    Args:
        records: Runs on csbm graphs of several homophilies.

    Raises:
        UsageError: When a run is on another graph.
    """
    table, metric = _with_homophily(records), records[0].metric
    means = interval_table(table, "test", ["arm", "homophily"], partial(confidence_interval, bounds=bounds(metric)))
    sentences = []
    for arm, rows in means.dropna(subset=["mean"]).groupby("arm", sort=False):
        ordered = rows.sort_values("mean")
        if ordered["mean"].nunique() == 1:
            sentences.append(f"**{arm}**: {written(metric, ordered['mean'].iloc[0])} at every homophily")
            continue
        least, most = (
            f"{written(metric, row['mean'])} at homophily {row['homophily']:g}"
            for _, row in ordered.iloc[[0, -1]].iterrows()
        )
        sentences.append(f"**{arm}**: between {least} and {most}")
    return [*sentences, _as_drawn(records)]


def help_findings(groups: Mapping[str, Sequence[Record]], blind: str, *, margin: float = MARGIN) -> list[str]:
    """Say on which graphs the arms that see the graph are better than one that does not.

    Args:
        groups: Runs by graph; there may be none.
        blind: The arm that sees no graph.
        margin: Difference of the score below which two arms count as equal.

    Raises:
        UsageError: As :func:`~cna_viz.analysis.tables.groups.compare_groups`.
    """
    return group_findings(compare_groups(groups, blind, margin=margin), margin=margin) if groups else []


def help_counts(groups: Mapping[str, Sequence[Record]], blind: str, *, margin: float = MARGIN) -> list[str]:
    """Say for each arm on which graphs it is better than one that sees none; arguments as in :func:`help_findings`."""
    return count_findings(compare_groups(groups, blind, margin=margin)) if groups else []


def _with_homophily(records: Sequence[Record]) -> pd.DataFrame:
    configs = [record.config for record in records]
    if any(config.data.csbm is None for config in configs):
        raise UsageError("homophily can be set on csbm graphs only: some of these runs are on others")
    names = arm_names(configs, apart={"csbm_homophily"})
    return accuracy_table(records).assign(
        arm=[names[config.run_id] for config in configs],
        homophily=[float(str(active_settings(config)["csbm_homophily"])) for config in configs],
    )


def _as_drawn(records: Sequence[Record]) -> str:
    """Return how far the share of edges within classes is from what was asked for, and where edges say nothing."""
    asked = {record.config.data.csbm: record for record in records}
    drawn = {config: edge_homophily(record) for config, record in asked.items() if config is not None}
    gap = max(abs(found - config.homophily) for config, found in drawn.items())
    classes = next(iter(drawn)).classes
    return (
        f"in the graphs that were drawn, edge homophily is within {gap:.3f} of what was asked for; with {classes} "
        f"classes of equal size an edge says nothing of the classes at about {1 / classes:g}"
    )
