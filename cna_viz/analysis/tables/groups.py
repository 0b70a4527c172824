"""The same comparison in several groups of runs: on each graph, or with each convolution."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from cna_viz.analysis.statistics.intervals import confidence_interval
from cna_viz.analysis.statistics.paired import MARGIN, verdict_table
from cna_viz.analysis.tables.comparison import paired_table, without_diverged
from cna_viz.analysis.words import judged_rows, listed, metric_of, points
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, bounds, factor, label


def compare_groups(
    groups: Mapping[str, Sequence[Record]],
    baseline: str,
    *,
    arms: Collection[str] | None = None,
    part: str = "test",
    margin: float = MARGIN,
) -> pd.DataFrame:
    """Compare arms with one of them, pair by pair within each group; Holm's correction is for all of it.

    Pairs are never made across groups: these may be other graphs, whose scores can't be compared.

    Args:
        groups: Runs by the name of their group, as :func:`~cna_viz.analysis.tables.comparison.group_runs` returns them.
        baseline: The arm that the others are compared with, present in every group.
        arms: The arms to compare; all when left out.
        part: train, val or test.
        margin: Difference of the score below which two arms count as equal.

    Returns:
        A row per group and arm, by ``group`` and ``arm``, with the columns of :func:`.paired.verdict_table`. Arms with
        a run that diverged are left out; the attribute ``left_out`` has their runs by a name of group and arm,
        ``metrics`` the score of each group, ``samples`` the differences of the pairs in the order of the rows.

    Raises:
        UsageError: When the baseline diverged or scores go in different directions.
    """
    samples: dict[tuple[str, str], Any] = {}
    left_out: dict[str, int] = {}
    metrics: dict[str, str] = {}
    present: set[str] = set()
    for group, members in groups.items():
        pairs = without_diverged(paired_table(members, part))
        metrics[group] = str(pairs.attrs["metric"])
        gone = pairs.attrs["left_out"]
        present |= {*map(str, pairs.columns), *gone}
        left_out |= {f"{group}: {arm}": count for arm, count in gone.items()}
        if baseline in gone:
            raise UsageError(f"runs of {baseline!r} diverged in group {group}, so nothing can be compared with it")
        if baseline not in pairs:
            raise unknown_name(f"arm of group {group}", baseline, map(str, pairs.columns))
        for arm in pairs.columns:
            if arm != baseline and (arms is None or arm in arms):
                samples[group, str(arm)] = (pairs[arm] - pairs[baseline]).to_numpy()
    for arm in arms or ():
        if arm not in present:
            raise unknown_name("arm", arm, sorted(present))
    if not samples:
        raise UsageError(f"no arm to compare with {baseline!r}")
    distinct = list(dict.fromkeys(metrics.values()))
    if len(distinct) > 1 and not set(distinct) <= SHARES:
        raise UsageError(
            f"groups with the scores {listed(distinct)} can't be put on one scale: compare each separately"
        )
    found = verdict_table(samples, margin=margin, metric=distinct[0]).rename_axis(["group", "arm"])
    lists = [values.tolist() for values in samples.values()]
    found.attrs |= {"baseline": baseline, "left_out": left_out, "metrics": metrics, "samples": lists}
    return found


def standing_table(records: Sequence[Record], baselines: Sequence[str], part: str = "test") -> pd.DataFrame:
    """Return a row per arm with its mean score and interval, and its difference from each of some baselines, as text.

    Arms are in the order of their first runs; a baseline without runs has no column. Verdicts have Holm's correction
    for the arms of a column.
    """
    pairs = without_diverged(paired_table(records, part))
    metric = metric_of(pairs)
    mean, unit = label(metric, part), " (points)" if metric in SHARES else ""
    interval, digits = partial(confidence_interval, bounds=bounds(metric)), ".1f" if metric in SHARES else ".3g"
    means = []
    for arm in pairs:
        found = interval(pairs[arm])
        value, low, high = (f"{factor(metric) * end:{digits}}" for end in (found.mean, found.low, found.high))
        means.append(f"{value} [{low}, {high}]")
    table = pd.DataFrame({mean: means}, index=list(pairs))
    for baseline in baselines:
        if baseline in pairs and len(pairs.columns) > 1:
            rows = compare_groups({"": records}, baseline, part=part).droplevel("group")
            words = {arm: f"{points(row, unit=False)}, {row.verdict}" for arm, row in judged_rows(rows).items()}
            table[f"− {baseline}{unit}"] = [words.get(str(arm), "") for arm in pairs]
    return table.rename_axis(index=None, columns="arm")
