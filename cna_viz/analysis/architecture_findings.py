"""Sentences on convolutions, on what a score costs in parameters, and on how much two settings decide."""

from collections.abc import Collection, Sequence

import pandas as pd

from cna_viz.analysis.pareto import cost_table
from cna_viz.analysis.sensitivity import sensitivity
from cna_viz.analysis.tables import accuracy_table
from cna_viz.analysis.wording import counted, extent, listed
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.scores import WORDS, written
from cna_viz.vocabulary import LOWER_IS_BETTER


def backbone_findings(records: Sequence[Record]) -> list[str]:
    """Say for each slot how far its mean test score lies apart between the convolutions, and the same the other way.

    Args:
        records: Runs of several backbones and slots on one dataset.
    """
    metric = records[0].metric
    means = accuracy_table(records).pivot_table("test", "backbone", "slot", aggfunc="mean", sort=False)
    if means.empty:
        return ["no run has a score"]
    sentences = [f"**{slot}**: {_span(means[slot], metric)}" for slot in means]
    within_slot, within_backbone = (_reach(table).mean() for table in (means, means.T))
    if means.shape[0] > 1 and means.shape[1] > 1:
        more, less = ("convolution", "slot") if within_slot > within_backbone else ("slot", "convolution")
        large, small = sorted((float(within_slot), float(within_backbone)), reverse=True)
        sentences.append(
            f"so here the choice of the {more} moves the mean by {extent(large, metric)} on average, that of the "
            f"{less} by {extent(small, metric)}"
        )
    return sentences


def pareto_findings(records: Sequence[Record], along: Collection[str] = ("hidden",)) -> list[str]:
    """Say which networks are on the front, and which arms have none there.

    Args:
        records: As in :func:`~cna_viz.analysis.pareto.cost_table`.
        along: As there.
    """
    table = cost_table(records, along)
    metric = table.attrs["metric"]
    front = table[table["front"]].sort_values("parameters")
    members = [
        f"{_network(row, along)} ({row['parameters']:,.0f} parameters, validation {written(metric, row['val'])}, test "
        f"{written(metric, row['mean'])})"
        for _, row in front.iterrows()
    ]
    absent = [arm for arm in dict.fromkeys(table["arm"]) if arm not in set(front["arm"])]
    sentences = [f"on the front by validation: {listed(members)}"]
    if absent:
        arms = listed(f"**{arm}**" for arm in absent)
        sentences.append(f"no network of {arms} is on it: for each, another is as small and as good")
    return sentences


def cost_findings(records: Sequence[Record], along: Collection[str] = ("hidden",)) -> list[str]:
    """Say how many more parameters each arm has than the smallest, at equal settings along a line.

    Arguments and errors as in :func:`pareto_findings`.
    """
    return _costs(cost_table(records, along), list(along)) or [
        "there is one arm: nothing to hold its parameters against"
    ]


def sensitivity_findings(
    records: Sequence[Record], x: str = "clusters", y: str = "hidden", part: str = "test"
) -> list[str]:
    """Say between which means two settings lie, and how the references compare with the best and the worst of them.

    Arguments and errors as in :func:`~cna_viz.analysis.sensitivity.sensitivity`.
    """
    found, metric = sensitivity(records, x, y, part), records[0].metric
    known = found.cells.dropna(subset=["mean"])
    if known.empty:
        raise UsageError(f"no pair of values of {x} and {y} has a mean: runs diverged")
    sentences = []
    for arm, cells in known.groupby("arm", sort=False):
        ordered = cells.sort_values("mean", ascending=metric not in LOWER_IS_BETTER)
        worst, best = (
            f"{written(metric, row['mean'])} with {x} {row['x']:g} and {y} {row['y']:g}"
            for _, row in ordered.iloc[[0, -1]].iterrows()
        )
        sentences.append(
            f"**{arm}**: from {worst} to {best}, over {counted(len(cells), 'pair')} of values; the best of many is "
            "partly the luckiest"
        )
    for arm, rows in found.references.groupby("arm", sort=False):
        best = rows["mean"].min() if metric in LOWER_IS_BETTER else rows["mean"].max()
        better = known["mean"] < best if metric in LOWER_IS_BETTER else known["mean"] > best
        sentences.append(
            f"**{arm}**, for comparison: {written(metric, best)} at its best; {int(better.sum())} of {len(known)} "
            "pairs have a better mean"
        )
    return sentences


def _span(means: "pd.Series[float]", metric: str) -> str:
    known = means.dropna()
    ends = {str(known.index[place]): float(known.iloc[place]) for place in (int(known.argmin()), int(known.argmax()))}
    words = [f"{written(metric, value)} ({name})" for name, value in ends.items()]
    return f"mean test {WORDS[metric]} {'from ' if len(words) > 1 else ''}{' to '.join(words)}"


def _reach(means: pd.DataFrame) -> "pd.Series[float]":
    """Return how far the values of every column lie apart."""
    return means.max() - means.min()


def _network(row: "pd.Series[float]", along: Collection[str]) -> str:
    sizes = [f"{name} {row[name]:g}" for name in along if pd.notna(row[name])]
    return ", ".join([f"**{row['arm']}**", *sizes])


def _costs(table: pd.DataFrame, along: list[str]) -> list[str]:
    sizes = table.pivot_table("parameters", along, "arm", sort=False)
    if sizes.empty:
        return []
    first, *others = [str(arm) for arm in sizes.sum().sort_values(kind="stable").index]
    sentences = []
    for arm in others:
        ratios = (100 * (sizes[arm] / sizes[first] - 1)).dropna()
        if len(ratios):
            ends = list(dict.fromkeys(f"{ratio:.1f}" for ratio in (ratios.min(), ratios.max())))
            words = "as many parameters as" if ends == ["0.0"] else f"{' to '.join(ends)} % more parameters than"
            sentences.append(f"**{arm}** has {words} **{first}** of the same {listed(map(_words, along))}")
    return sentences


def _words(setting: str) -> str:
    return {"hidden": "width", "layers": "depth"}.get(setting, setting.replace("_", " "))
