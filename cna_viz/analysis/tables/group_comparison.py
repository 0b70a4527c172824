"""The same comparison in several groups of runs: on each graph, or with each convolution."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

import pandas as pd

from cna_viz.analysis.sentences.ablation_findings import few_pairs
from cna_viz.analysis.statistics.intervals import Interval, confidence_interval
from cna_viz.analysis.statistics.paired import MARGIN, difference, with_verdicts
from cna_viz.analysis.tables.comparison import paired_table, short_names, without_diverged
from cna_viz.analysis.words import Judged, amount, counted, judged, listed, metric_of, points, signed
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, bounds, factor, label

VERDICTS = ("better", "worse", "equal", "undecided")


def compare_groups(
    groups: Mapping[str, Sequence[Record]],
    baseline: str,
    *,
    arms: Collection[str] | None = None,
    part: str = "test",
    margin: float = MARGIN,
) -> pd.DataFrame:
    """Compare arms with one of them, pair by pair within each group; Holm's correction is for all of it.

    Pairs are never made across groups: these may be other graphs, whose scores have nothing to do with each other.

    Args:
        groups: Runs by the name of their group, as :func:`~cna_viz.analysis.tables.comparison.within` returns them.
        baseline: The arm that the others are held against.
        arms: Those that are asked about; all when left out.
        part: train, val or test.
        margin: Difference of the score below which two arms count as equal.

    Returns:
        A row per group and arm, by ``group`` and ``arm``, with the columns of
        :func:`.with_verdicts`. Arms of which a run diverged are left out; the attribute
        ``left_out`` has their runs by a name of group and arm, ``metrics`` the score of each group, ``samples`` the
        differences of the pairs in the order of the rows.

    Raises:
        UsageError: When an arm is in no group or the baseline not in all, a run of the baseline diverged, runs are
            missing, there are fewer than two pairs, nothing to compare, or scores that go in different directions.
    """
    rows: list[dict[str, object]] = []
    samples: list[list[float]] = []
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
            raise UsageError(f"runs of {baseline!r} diverged in group {group}, so nothing can be held against it")
        if baseline not in pairs:
            raise unknown_name(f"arm of group {group}", baseline, map(str, pairs.columns))
        for arm in pairs.columns:
            if arm != baseline and (arms is None or arm in arms):
                values = (pairs[arm] - pairs[baseline]).to_numpy()
                rows.append({"group": group, "arm": str(arm), **vars(difference(values, margin=margin))})
                samples.append(values.tolist())
    for arm in arms or ():
        if arm not in present:
            raise unknown_name("arm", arm, sorted(present))
    if not rows:
        raise UsageError(f"there is no arm to hold against {baseline!r}")
    found = with_verdicts(
        pd.DataFrame(rows).set_index(["group", "arm"]), margin=margin, metric=_one_direction(metrics.values())
    )
    found.attrs |= {"baseline": baseline, "left_out": left_out, "metrics": metrics, "samples": samples}
    return found


def group_findings(found: pd.DataFrame, *, margin: float = MARGIN) -> list[str]:
    """Say for each group which arms are better or worse, and what it would take to know.

    Args:
        found: As :func:`compare_groups` returns it.
        margin: The margin that it was made with.
    """
    baseline, metrics = found.attrs["baseline"], found.attrs["metrics"]
    names = short_names(metrics)
    sentences = []
    for group, rows in found.groupby(level="group", sort=False):
        alone = rows.droplevel("group")
        alone.attrs["metric"] = metrics[str(group)]
        sentences.append(f"**{names[str(group)]}**, against {baseline}: {_verdicts(judged(alone), margin)}")
    sentences += few_pairs(int(found["pairs"].min()), len(found), "comparisons")
    return sentences + [
        f"left out: {arm}, of which {counted(count, 'run')} diverged" for arm, count in found.attrs["left_out"].items()
    ]


def count_findings(found: pd.DataFrame) -> list[str]:
    """Say for each arm in which groups it is better than the baseline, worse, equal or undecided.

    Args:
        found: As :func:`compare_groups` returns it.
    """
    names, baseline = short_names(found.attrs["metrics"]), found.attrs["baseline"]
    return [_count(str(arm), rows, baseline, names) for arm, rows in found.groupby(level="arm", sort=False)]


def standing_table(records: Sequence[Record], baselines: Sequence[str], part: str = "test") -> pd.DataFrame:
    """Return a row per arm with its mean score and interval, and how far it is from each of some baselines.

    Args:
        records: Runs on one dataset and one split protocol.
        baselines: Arms that the others are held against; one that is not there has no column.
        part: train, val or test.

    Returns:
        Text as a reader wants it, arms in the order of their first runs. Verdicts have Holm's correction for the
        arms of a column.

    Raises:
        UsageError: As :func:`.paired_table`, and when there are fewer than two pairs.
    """
    pairs = without_diverged(paired_table(records, part))
    metric = metric_of(pairs)
    mean, unit = label(metric, part), " (points)" if metric in SHARES else ""
    interval = partial(confidence_interval, bounds=bounds(metric))
    table = pd.DataFrame({mean: [_with_interval(interval(pairs[arm]), metric) for arm in pairs]}, index=list(pairs))
    for baseline in baselines:
        if baseline in pairs and len(pairs.columns) > 1:
            rows = compare_groups({"": records}, baseline, part=part).droplevel("group")
            words = {arm: _difference(row) for arm, row in judged(rows).items()}
            table[f"− {baseline}{unit}"] = [words.get(str(arm), "") for arm in pairs]
    return table.rename_axis(index=None, columns="arm")


def _with_interval(found: Interval, metric: str) -> str:
    digits = ".1f" if metric in SHARES else ".3g"
    mean, low, high = (f"{factor(metric) * value:{digits}}" for value in (found.mean, found.low, found.high))
    return f"{mean} [{low}, {high}]"


def _difference(row: Judged) -> str:
    scale, decimals = factor(row.metric), 1 if row.metric in SHARES else 4
    mean, low, high = (signed(scale * value, decimals) for value in (row.difference, row.low, row.high))
    return f"{mean} [{low}, {high}], {row.verdict}"


def _one_direction(metrics: Collection[str]) -> str:
    """Return the score that verdicts of all groups can be spoken in; refuse shares beside other numbers."""
    distinct = list(dict.fromkeys(metrics))
    if len(distinct) > 1 and not set(distinct) <= SHARES:
        raise UsageError(f"groups with the scores {listed(distinct)} can't be put on one scale: compare them apart")
    return distinct[0]


def _verdicts(rows: Mapping[str, Judged], margin: float) -> str:
    words = {"equal": "equal within "}
    parts = []
    for verdict in VERDICTS:
        members = {arm: row for arm, row in rows.items() if row.verdict == verdict}
        if members:
            metric = next(iter(members.values())).metric
            name = f"{words[verdict]}{amount(margin, metric)}" if verdict in words else verdict
            parts.append(f"{name}: {listed(f'{arm} ({points(row)})' for arm, row in members.items())}")
    return "; ".join(parts)


def _count(arm: str, rows: pd.DataFrame, baseline: str, names: Mapping[str, str]) -> str:
    groups = rows.index.get_level_values("group")
    verdicts = {
        names[str(group)]: str(verdict).split()[0] for group, verdict in zip(groups, rows["verdict"], strict=True)
    }
    parts = [
        f"{word} in {len(some)} ({listed(some)})"
        for word in VERDICTS
        if (some := [group for group, verdict in verdicts.items() if verdict == word])
    ]
    return f"**{arm}** against {baseline}, in {counted(len(verdicts), 'group')}: {listed(parts)}"
