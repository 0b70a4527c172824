"""What comparisons within several groups of runs say."""

from collections.abc import Mapping

import pandas as pd

from cna_viz.analysis.sentences.ablation_findings import few_pairs
from cna_viz.analysis.statistics.paired import MARGIN
from cna_viz.analysis.tables.comparison import short_names
from cna_viz.analysis.words import Judged, amount, counted, judged, listed, points

VERDICTS = ("better", "worse", "equal", "undecided")


def group_findings(found: pd.DataFrame, *, margin: float = MARGIN) -> list[str]:
    """Say for each group which arms are better or worse, and what it would take to know.

    Args:
        found: As :func:`.groups.compare_groups` returns it.
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
        found: As :func:`.groups.compare_groups` returns it.
    """
    names, baseline = short_names(found.attrs["metrics"]), found.attrs["baseline"]
    return [_count(str(arm), rows, baseline, names) for arm, rows in found.groupby(level="arm", sort=False)]


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
