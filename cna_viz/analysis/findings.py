"""Sentences that are computed: what the numbers of some records say, and no more."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cna_viz.analysis.intervals import Interval, confidence_interval
from cna_viz.analysis.tables import accuracy_table, layer_table
from cna_viz.records.record import Record

TEST = 3
"""Number of the test part in ``split_of_node``."""


def majority_share(record: Record) -> float:
    """Return the test accuracy of always answering the class that is most frequent among the test nodes."""
    target = record.graph["target"].values[record.graph["split_of_node"].values == TEST]
    return float(np.bincount(target).max() / len(target)) if len(target) else np.nan


def depth_findings(records: Sequence[Record]) -> list[str]:
    """Say for each slot what depth does to its test accuracy.

    A slot *collapses* where the deepest network is within five points of always answering the majority class, *loses* where
    the mean falls by more than two points, *gains* where it rises by more than two, and otherwise *holds*.
    """
    table = accuracy_table(records)
    shallow, deep = table["layers"].min(), table["layers"].max()
    majority = float(np.nanmean([majority_share(record) for record in records]))
    sentences = []
    for slot, group in table.groupby("slot", sort=False):
        first = confidence_interval(group.loc[group["layers"] == shallow, "test"], bounds=(0, 1))
        last = confidence_interval(group.loc[group["layers"] == deep, "test"], bounds=(0, 1))
        sentences.append(
            f"**{slot}** {_verdict(first.mean, last.mean, majority)}: {_percent(first)} at depth {shallow}, "
            f"{_percent(last)} at depth {deep}"
        )
    return [*sentences, f"always answering the most frequent class would give {100 * majority:.1f} %"]


def smoothing_findings(records: Sequence[Record]) -> list[str]:
    """Say for each slot how energy and effective rank change from the first to the last hidden layer of records of one depth.

    They are taken after the convolution, of the selected model, as geometric (energy) and arithmetic (rank) mean over seeds.
    """
    energy, rank = (_ends(layer_table(records, measure, "conv")) for measure in ("rayleigh", "effective_rank"))
    return [
        f"**{slot}**: Rayleigh energy {_plain(np.exp(np.log(energy[slot][0]).mean()))} → "
        f"{_plain(np.exp(np.log(energy[slot][1]).mean()))}, effective rank {rank[slot][0].mean():.1f} → {rank[slot][1].mean():.1f}"
        for slot in energy
    ]


def energy_is_not_accuracy(records: Sequence[Record]) -> str:
    """Say whether, among records of one depth, the slot with the highest energy is also the most accurate one."""
    energy = {slot: ends[1].mean() for slot, ends in _ends(layer_table(records, "rayleigh", "conv")).items()}
    accuracy = accuracy_table(records).groupby("slot", sort=False)["test"].mean()
    if len(energy) < 2:
        return "One slot alone can't tell whether high energy goes with accuracy."
    smoothest, roughest, best = min(energy, key=energy.__getitem__), max(energy, key=energy.__getitem__), accuracy.idxmax()
    relation = "is also" if roughest == best else "is not"
    return (
        f"In the last hidden layer **{roughest}** keeps the highest energy ({_plain(energy[roughest])}) and **{smoothest}** the "
        f"lowest ({_plain(energy[smoothest])}). The slot with the highest energy {relation} the most accurate one at this depth: "
        f"{roughest} reaches {100 * accuracy[roughest]:.1f} %, the best ({best}) {100 * accuracy[best]:.1f} %."
    )


def _ends(table: pd.DataFrame) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Return the values at the first and the last hidden layer by slot; the output layer counts only where it is alone."""
    hidden = table[(table["layer"] < table["layers"]) | (table["layers"] == 1)]
    return {
        str(slot): (
            group.loc[group["layer"] == group["layer"].min(), "value"],
            group.loc[group["layer"] == group["layer"].max(), "value"],
        )
        for slot, group in hidden.groupby("slot", sort=False)
    }


def _verdict(first: float, last: float, majority: float) -> str:
    if last <= majority + 0.05 < first:
        return "collapses"
    if last < first - 0.02:
        return f"loses {100 * (first - last):.1f} points"
    return f"gains {100 * (last - first):.1f} points" if last > first + 0.02 else "holds"


def _percent(interval: Interval) -> str:
    if interval.count < 2:
        return f"{100 * interval.mean:.1f} %"
    return f"{100 * interval.mean:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _plain(value: float) -> str:
    """Return a number with two significant digits, without an exponent where a reader can do without."""
    return f"{value:.2g}" if value >= 1e-4 or value == 0 else f"{value:.1e}"
