"""Comparisons in several groups of runs, such as graphs or convolutions, and the effect of a change of split."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from cna_viz.analysis.statistics.intervals import confidence_interval
from cna_viz.analysis.statistics.paired import MARGIN, PairedDifference, difference, resolution, verdict_table
from cna_viz.analysis.statistics.welch import welch_interval
from cna_viz.analysis.tables.comparison import group_runs, paired_table, without_diverged
from cna_viz.analysis.words import judged_rows, listed, metric_of, points
from cna_viz.config.vocabulary import SplitName
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, bounds, factor, label


def compare_groups(
    groups: Mapping[str, Sequence[Record]],
    baseline: str,
    *,
    arms: Collection[str] | None = None,
    split: SplitName = "test",
    margin: float = MARGIN,
) -> pd.DataFrame:
    """Compare arms with one of them, pair by pair within each group; the intervals hold for all of it together.

    Pairs are never made across groups: these may be other graphs, whose scores can't be compared.

    Args:
        groups: Runs by the name of their group, as :func:`~cna_viz.analysis.tables.comparison.group_runs` returns them.
        baseline: The arm that the others are compared with, present in every group.
        arms: The arms to compare; all when left out.
        split: train, val or test.
        margin: Difference of the score below which two arms count as equal.

    Returns:
        A row per group and arm, by ``group`` and ``arm``, with the columns of :func:`.paired.verdict_table`. Arms with
        a run that diverged are left out; the attribute ``left_out`` has their runs by a name of group and arm,
        ``metrics`` the score of each group, ``pairs`` what a pair is, ``samples`` their differences in the order of the
        rows.

    Raises:
        UsageError: When the baseline diverged or scores go in different directions.
    """
    samples: dict[tuple[str, str], Any] = {}
    left_out: dict[str, int] = {}
    metrics: dict[str, str] = {}
    items: list[int] = []
    kinds: dict[str, None] = {}
    present: set[str] = set()
    for group, members in groups.items():
        pairs = without_diverged(paired_table(members, split))
        metrics[group] = str(pairs.attrs["metric"])
        items.append(pairs.attrs["items"])
        kinds[pairs.attrs["pairs"]] = None
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
    attrs = {"metric": distinct[0], "items": min(items)}
    found = verdict_table(samples, attrs, margin=margin).rename_axis(["group", "arm"])
    lists = [values.tolist() for values in samples.values()]
    found.attrs |= {"baseline": baseline, "left_out": left_out, "metrics": metrics, "samples": lists}
    found.attrs["pairs"] = " or ".join(kinds)
    return found


def standing_table(records: Sequence[Record], baselines: Sequence[str], split: SplitName = "test") -> pd.DataFrame:
    """Return a row per arm with its mean score and interval, and its difference from each of some baselines, as text.

    Arms are in the order of their first runs; a baseline without runs has no column. Verdicts
    hold for all arms of a column together.
    """
    pairs = without_diverged(paired_table(records, split))
    metric = metric_of(pairs)
    mean, unit = label(metric, split), " (points)" if metric in SHARES else ""
    interval, digits = partial(confidence_interval, bounds=bounds(metric)), ".1f" if metric in SHARES else ".3g"
    means = []
    for arm in pairs:
        found = interval(pairs[arm])
        value, low, high = (f"{factor(metric) * end:{digits}}" for end in (found.mean, found.low, found.high))
        means.append(f"{value} [{low}, {high}]")
    table = pd.DataFrame({mean: means}, index=list(pairs))
    for baseline in baselines:
        if baseline in pairs and len(pairs.columns) > 1:
            rows = compare_groups({"": records}, baseline, split=split).droplevel("group")
            words = {arm: f"{points(row, unit=False)}, {row.verdict}" for arm, row in judged_rows(rows).items()}
            table[f"− {baseline}{unit}"] = [words.get(str(arm), "") for arm in pairs]
    return table.rename_axis(index=None, columns="arm")


@dataclass(frozen=True)
class SplitEffect:
    """The gain of an arm from another split: difference of means and its interval (Welch), 0 to 1.

    Runs on different splits make no pairs, as they are tested on different nodes.
    """

    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Headline:
    """A difference between an arm on one split and another arm on another, and its two parts.

    ``total`` is exactly ``split.difference``, the gain of the baseline from the split alone, plus ``arm.difference``,
    the gain of the arm over the baseline on one split, pair by pair.
    """

    total: float
    split: SplitEffect
    arm: PairedDifference


def split_tables(records: Sequence[Record], split: SplitName = "test") -> dict[str, pd.DataFrame]:
    """Return the paired table of every split protocol of one dataset by its name, in the order of the records."""
    groups = group_runs(records)
    datasets = {str(record.config.facts["dataset"]) for record in records}
    if len(datasets) > 1:
        raise UsageError(f"splits of one dataset are compared, not of {', '.join(sorted(datasets))}")
    return {str(members[0].config.facts["split"]): paired_table(members, split) for members in groups.values()}


def split_effect(
    few: "pd.Series[float]", many: "pd.Series[float]", level: float = 0.95, *, floor: float = 0.0
) -> SplitEffect:
    """Return the gain of one arm from one split to another, with Welch's interval for samples of different variance.

    Args:
        few: Its accuracies on the first split, one per seed, at least two.
        many: On the second.
        level: Level of the interval.
        floor: Smallest standard deviation of each sample, as in :func:`.paired.difference`.
    """
    if min(few.count(), many.count()) < 2:
        raise UsageError("too few runs: the effect of a split needs two seeds on each split")
    found = welch_interval(many.dropna(), few.dropna(), level=level, floor=floor)
    return SplitEffect(found.mean, found.low, found.high)


def check_splits(splits: Sequence[str]) -> None:
    """Refuse fewer than two splits, before runs are made on them; raises :class:`~cna_viz.errors.UsageError`."""
    if len(set(splits)) < 2:
        raise UsageError(f"a headline needs two splits to be taken apart; there is {'one' if splits else 'none'}")


def headline(tables: Mapping[str, pd.DataFrame], arm: str, baseline: str) -> Headline:
    """Take apart the difference between an arm on the last split and the baseline on the first."""
    check_splits(list(tables))
    first, last = (tables[name] for name in (next(iter(tables)), list(tables)[-1]))
    for table in (first, last):
        for name in (arm, baseline):
            if name not in table:
                raise UsageError(f"no runs of {name!r} on every split; arms: {', '.join(map(str, table.columns))}")
    floor = max(resolution(first.attrs), resolution(last.attrs))
    split = split_effect(first[baseline], last[baseline], floor=floor)
    gain = difference((last[arm] - last[baseline]).to_numpy(), floor=floor)
    return Headline(float(last[arm].mean() - first[baseline].mean()), split, gain)


def split_means(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return mean scores for display (shares in percent), a row per arm and a column per split."""
    means = {
        split: (factor(metric := metric_of(table)) * table.mean()).round(1 if metric in SHARES else 3)
        for split, table in tables.items()
    }
    return pd.DataFrame(means).rename_axis(index=None, columns="arm")
