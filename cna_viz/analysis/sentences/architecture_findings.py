"""Findings on architectures: convolutions, the parameters that a score costs, and the sensitivity to two settings."""

from collections.abc import Collection, Sequence

import pandas as pd

from cna_viz.analysis.statistics.intervals import mean_of_all
from cna_viz.analysis.tables.comparison import common_metric
from cna_viz.analysis.tables.pareto import cost_table
from cna_viz.analysis.tables.sensitivity import sensitivity
from cna_viz.analysis.tables.tables import accuracy_table
from cna_viz.analysis.words import counted, extent, listed, runs_each, span
from cna_viz.config.vocabulary import LOWER_IS_BETTER, SplitName
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.scores import WORDS, written


def backbone_findings(records: Sequence[Record]) -> list[str]:
    """Report for each slot the range of its mean test score over convolutions, and which choice matters more.

    A range grows with the number of choices, so that the two choices are compared by standard deviations (ddof = 1):
    that of the means of a slot over convolutions, averaged over slots, and vice versa. Convolutions that lack the mean
    of a slot, because a run diverged, are left out there.

    Args:
        records: Runs of several backbones and slots on one dataset.
    """
    metric, table = common_metric(records), accuracy_table(records)
    if table["test"].isna().all():
        return ["no run has a score"]
    means = table.pivot_table("test", "backbone", "slot", aggfunc=mean_of_all, sort=False, dropna=False)
    gone = table[table["test"].isna()]
    sentences = []
    for slot in means:
        known = {str(backbone): float(mean) for backbone, mean in means[slot].dropna().items()}
        runs = table[(table["slot"] == slot) & table["backbone"].isin(known)].groupby("backbone").size()
        words = (
            f"mean test {WORDS[metric]} {span(metric, known)}, {runs_each(runs)}"
            if known
            else f"no mean test {WORDS[metric]}"
        )
        sentences.append(f"**{slot}**: {words}{_diverged(gone[gone['slot'] == slot])}")
    return sentences + _choices(means.dropna(axis="columns", how="all").dropna(), metric)


def pareto_findings(records: Sequence[Record], along: Collection[str] = ("hidden",)) -> list[str]:
    """Report which networks are on the front, and which arms have none; arguments as in :func:`.pareto.cost_table`."""
    table = cost_table(records, along)
    metric = table.attrs["metric"]
    front = table[table["front"]].sort_values("parameters")
    members = []
    for _, row in front.iterrows():
        network = [f"**{row['arm']}**", *(f"{name} {row[name]:g}" for name in along if pd.notna(row[name]))]
        members.append(
            f"{', '.join(network)} ({row['parameters']:,.0f} parameters, validation {written(metric, row['val'])}, "
            f"test {written(metric, row['mean'])})"
        )
    absent = [f"**{arm}**" for arm in dict.fromkeys(table["arm"]) if arm not in set(front["arm"])]
    sentences = [f"on the validation front: {listed(members)}; {runs_each(front['count'])}"]
    if absent:
        sentences.append(f"not on the front: {listed(absent)}; another network is at least as small and as good")
    if gone := table.attrs["left_out"]:
        sentences.append(f"left out: {counted(gone, 'run')} of networks of which one lacks a score or its size")
    return sentences


def cost_findings(records: Sequence[Record], along: Collection[str] = ("hidden",)) -> list[str]:
    """Report how many more parameters each arm has than the smallest; arguments as in :func:`.pareto.cost_table`."""
    sizes = cost_table(records, along).pivot_table("parameters", list(along), "arm", sort=False)
    if len(sizes.columns) < 2:
        return ["only one arm: no numbers of parameters to compare"]
    words = {"hidden": "width", "layers": "depth"}
    same = listed(words.get(name, name.replace("_", " ")) for name in along)
    # Only where all arms have a network: over other sizes the one with gaps would be smallest.
    common = sizes.dropna()
    if common.empty:
        return [f"the arms have no {same} in common: their numbers of parameters can't be compared"]
    first, *others = [str(arm) for arm in common.mean().sort_values(kind="stable").index]
    sentences = [
        f"**{arm}** has {_ratio(common[arm] / common[first])} **{first}** of the same {same}" for arm in others
    ]
    if alone := len(sizes) - len(common):
        sentences.append(f"left out: {alone} of {len(sizes)} values of {same}, for which some arm has no network")
    return sentences


def sensitivity_findings(
    records: Sequence[Record], x: str = "clusters", y: str = "hidden", split: SplitName = "test"
) -> list[str]:
    """Report the range of means over two settings, and the references; see :func:`.sensitivity.sensitivity`."""
    metric, found = common_metric(records), sensitivity(records, x, y, split)
    known = found.cells.dropna(subset=["mean"])
    if known.empty:
        raise UsageError(f"no pair of values of {x} and {y} has a mean: runs diverged")
    sentences = []
    for arm, cells in known.groupby("arm", sort=False):
        means = {f"{x} {row['x']:g}, {y} {row['y']:g}": float(row["mean"]) for _, row in cells.iterrows()}
        luck = "; the best of many is partly luck" if len(cells) > 1 else ""
        over = f"over {counted(len(cells), 'pair')} of values ({runs_each(cells['runs'])})"
        sentences.append(f"**{arm}**: {span(metric, means)}, {over}{luck}")
    references = found.references.groupby("arm", sort=False)
    return sentences + [
        f"**{arm}**, for comparison: {_reference(rows, known['mean'], metric)}" for arm, rows in references
    ]


def _reference(rows: pd.DataFrame, means: "pd.Series[float]", metric: str) -> str:
    """Return the best mean of a reference, how many pairs of values beat it, and where it diverged."""
    gone = rows[rows["diverged"] > 0]
    lost = ", ".join(
        f"{row['diverged']} of {counted(row['count'], 'run')} diverged"
        + (f" with {row['setting']} {row['value']:g}" if row["setting"] else "")
        for _, row in gone.iterrows()
    )
    if len(gone) == len(rows):
        return f"no mean, {lost}"
    less = metric in LOWER_IS_BETTER
    best = rows["mean"].min() if less else rows["mean"].max()
    better = means < best if less else means > best
    has = "has" if len(means) == 1 else "have"
    words = (
        f"{written(metric, best)} at its best; {int(better.sum())} of {counted(len(means), 'pair')} {has} a better mean"
    )
    return f"{words}; {lost}" if lost else words


def _diverged(gone: pd.DataFrame) -> str:
    """Return which convolutions have no mean with a slot, because runs diverged."""
    runs = gone.groupby("backbone", sort=False).size()
    words = listed(f"{backbone} ({counted(int(count), 'run')} diverged)" for backbone, count in runs.items())
    return f"; without a mean: {words}" if len(runs) else ""


def _choices(means: pd.DataFrame, metric: str) -> list[str]:
    """Return which choice moves the mean more: that of the convolution (rows) or that of the slot (columns)."""
    if min(means.shape) < 2:
        return []
    moves = {"convolution": float(means.std(ddof=1).mean()), "slot": float(means.T.std(ddof=1).mean())}
    more, less = sorted(moves, key=lambda choice: -moves[choice])
    shown = {choice: extent(move, metric) for choice, move in moves.items()}
    more_than = f"the choice of the {more} moves the mean more than that of the {less}: its standard deviation"
    if shown[more] == shown[less]:
        more_than = "the choices of convolution and slot move the mean alike: the standard deviation"
    return [
        f"here {more_than} is {shown['convolution']} over {len(means)} convolutions (averaged over slots) and "
        f"{shown['slot']} over {len(means.columns)} slots (averaged over convolutions)"
    ]


def _ratio(ratios: "pd.Series[float]") -> str:
    """Return how many more or fewer parameters these are, from the least to the most."""
    low, high = (round(100 * (ratio - 1), 1) for ratio in (ratios.min(), ratios.max()))
    if low == high == 0:
        return f"{'' if (ratios == 1).all() else 'nearly '}as many parameters as"
    if low < 0 < high:
        return f"{-low:.1f} % fewer to {high:.1f} % more parameters than"
    shown = dict.fromkeys(f"{abs(end):.1f}" for end in sorted((low, high), key=abs))
    return f"{' to '.join(shown)} % {'fewer' if low < 0 else 'more'} parameters than"
