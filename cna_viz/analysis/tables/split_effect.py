"""The effect of a split, and its share of a difference between arms on two splits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from cna_viz.analysis.statistics.paired import PairedDifference, difference
from cna_viz.analysis.tables.comparison import group_runs, paired_table
from cna_viz.analysis.words import metric_of
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, factor


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


def split_tables(records: Sequence[Record], part: str = "test") -> dict[str, pd.DataFrame]:
    """Return the paired table of every split protocol of one dataset by its name, in the order of the records."""
    groups = group_runs(records)
    datasets = {str(record.config.facts["dataset"]) for record in records}
    if len(datasets) > 1:
        raise UsageError(f"splits of one dataset are compared, not of {', '.join(sorted(datasets))}")
    return {str(members[0].config.facts["split"]): paired_table(members, part) for members in groups.values()}


def split_effect(few: "pd.Series[float]", many: "pd.Series[float]", level: float = 0.95) -> SplitEffect:
    """Return the gain of one arm from one split to another, with Welch's interval for samples of different variance.

    Args:
        few: Its accuracies on the first split, one per seed, at least two.
        many: On the second.
        level: Level of the interval.
    """
    if min(few.count(), many.count()) < 2:
        raise UsageError("too few runs: the effect of a split needs two seeds on each split")
    gain = float(many.mean() - few.mean())
    if few.dropna().nunique() == many.dropna().nunique() == 1:
        return SplitEffect(gain, gain, gain)
    found = stats.ttest_ind(many.dropna(), few.dropna(), equal_var=False).confidence_interval(level)
    return SplitEffect(gain, float(found.low), float(found.high))


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
    split = split_effect(first[baseline], last[baseline])
    gain = difference((last[arm] - last[baseline]).to_numpy())
    return Headline(float(last[arm].mean() - first[baseline].mean()), split, gain)


def split_means(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return mean scores for display (shares in percent), a row per arm and a column per split."""
    means = {
        split: (factor(metric := metric_of(table)) * table.mean()).round(1 if metric in SHARES else 3)
        for split, table in tables.items()
    }
    return pd.DataFrame(means).rename_axis(index=None, columns="arm")
