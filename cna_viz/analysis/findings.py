"""Sentences that are computed: what the numbers of some records say, and no more."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cna_viz.analysis.intervals import confidence_interval, geometric_range
from cna_viz.analysis.reference import constant_energy
from cna_viz.analysis.tables import accuracy_table, layer_table
from cna_viz.records.record import Record

TEST = 3
"""Number of the test part in ``split_of_node``."""


def bullets(sentences: Sequence[str]) -> str:
    """Return the sentences as a Markdown list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def majority_share(record: Record) -> float:
    """Return the test accuracy of always answering the class that is most frequent among the test nodes."""
    target = record.graph["target"].values[record.graph["split_of_node"].values == TEST]
    return float(np.bincount(target).max() / len(target)) if len(target) else np.nan


def depth_findings(records: Sequence[Record]) -> list[str]:
    """Say for each slot what depth does to its test accuracy.

    A slot *collapses* where the mean of the deepest networks is within five points of always answering the majority
    class. Otherwise it *loses* or *gains* the change of its mean, paired by seed, unless the 95 % interval of that
    change contains zero; then that is said.
    """
    table = accuracy_table(records)
    shallow, deep = table["layers"].min(), table["layers"].max()
    majority = float(np.nanmean([majority_share(record) for record in records]))
    sentences = []
    for slot, group in table.groupby("slot", sort=False):
        first, last = (group[group["layers"] == depth].set_index("seed")["test"] for depth in (shallow, deep))
        sentences.append(
            f"**{slot}** {_verdict(first, last, majority)}: {_percent(first)} at depth {shallow}, "
            f"{_percent(last)} at depth {deep}"
        )
    return [*sentences, f"always answering the most frequent class would give {100 * majority:.1f} %"]


def smoothing_findings(records: Sequence[Record]) -> list[str]:
    """Say for each slot how energy and effective rank change from the first to the last hidden layer.

    For records of one depth. They are taken after the convolution, of the selected model, as geometric (energy) and
    arithmetic (rank) mean over seeds.
    """
    energy, rank = (_ends(layer_table(records, measure, "conv")) for measure in ("rayleigh", "effective_rank"))
    sentences = [
        f"**{slot}**: Rayleigh energy {_plain(_typical(energy[slot][0]))} → {_plain(_typical(energy[slot][1]))}, "
        f"effective rank {rank[slot][0].mean():.1f} → {rank[slot][1].mean():.1f}"
        for slot in energy
    ]
    constant = _plain(constant_energy(records[0]))
    return [
        *sentences,
        f"features that are equal for all nodes have energy {constant} and effective rank 1 on this graph",
    ]


def energy_is_not_accuracy(records: Sequence[Record]) -> str:
    """Say whether, among records of one depth, the slot with the highest energy is also the most accurate one."""
    ends = _ends(layer_table(records, "rayleigh", "conv"))
    energy = {slot: value for slot, (_, last) in ends.items() if not np.isnan(value := _typical(last))}
    accuracy = accuracy_table(records).groupby("slot", sort=False)["test"].mean().dropna().to_dict()
    energy = {slot: value for slot, value in energy.items() if slot in accuracy}
    if len(energy) < 2:
        return "Fewer than two slots have both an energy and an accuracy: they can't tell whether the two go together."
    smoothest, roughest, best = (
        min(energy, key=energy.__getitem__),
        max(energy, key=energy.__getitem__),
        max(accuracy, key=accuracy.__getitem__),
    )
    relation = "is also" if roughest == best else "is not"
    rival = "" if roughest == best else f", {best} {100 * accuracy[best]:.1f} %"
    return (
        f"In the last hidden layer **{roughest}** keeps the highest energy ({_plain(energy[roughest])}) and "
        f"**{smoothest}** the lowest ({_plain(energy[smoothest])}). The slot with the highest energy {relation} the "
        f"most accurate one at this depth: {roughest} reaches {100 * accuracy[roughest]:.1f} %{rival}."
    )


def reclustering_findings(records: Sequence[Record]) -> str:
    """Say how validation accuracy moves in the steps that find new clusters, and in the others (slots with k-means)."""
    anew, others = [], []
    for record in records:
        if not _clusters_anew(record):
            continue
        change = np.diff(record.metrics["accuracy"].sel(split="val").values)
        # Step s is the change from epoch s - 1 to s; the first step finds the first clusters, not new ones.
        due = np.arange(len(change)) % record.config.model.recluster_every == 0
        due[:1] = False
        anew += change[due].tolist()
        others += change[~due].tolist()
    if not anew:
        return "No clusters were found anew in these runs."
    every = next(record.config.model.recluster_every for record in records if _clusters_anew(record))
    return (
        f"CNA finds its clusters anew every {every} steps. In these {len(anew)} steps the validation accuracy moves by "
        f"{_signed(100 * float(np.mean(anew)))} points on average, in the other steps by "
        f"{_signed(100 * float(np.mean(others)), 2)}."
    )


def _clusters_anew(record: Record) -> bool:
    factors = record.config.model.factors
    return factors.get("assignment") == "kmeans" and factors["schedule"] == "warm"


def _ends(table: pd.DataFrame) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Return the values at the first and the last hidden layer by slot (the only layer where there is one)."""
    hidden = table[(table["layer"] < table["layers"]) | (table["layers"] == 1)]
    return {
        str(slot): (
            group.loc[group["layer"] == group["layer"].min(), "value"],
            group.loc[group["layer"] == group["layer"].max(), "value"],
        )
        for slot, group in hidden.groupby("slot", sort=False)
    }


def _verdict(first: pd.Series, last: pd.Series, majority: float) -> str:
    change = confidence_interval(100 * (last - first))
    if change.count == 0:
        return "has no runs of both depths that didn't diverge"
    if last.mean() <= majority + 0.05 < first.mean():
        return "collapses"
    if abs(change.mean) < 0.05:
        return "stays the same"
    if change.low <= 0 <= change.high:
        return f"changes by {_signed(change.mean)} points, which {change.count} seeds can't tell from no change"
    return f"{'loses' if change.mean < 0 else 'gains'} {abs(change.mean):.1f} points"


def _percent(accuracy: pd.Series) -> str:
    interval = confidence_interval(100 * accuracy, bounds=(0, 100))
    if interval.count == 0:
        return "no result"
    bounds = f" [{interval.low:.1f}, {interval.high:.1f}]" if interval.count > 1 else ""
    return f"{interval.mean:.1f} %{bounds}"


def _signed(value: float, decimals: int = 1) -> str:
    return f"{value:+.{decimals}f}".replace("-", "−")


def _typical(energies: pd.Series) -> float:
    """Return the geometric mean of the energies that are not 0; 0 where all are, NaN where none is defined."""
    known = energies.dropna()
    return 0.0 if len(known) and (known == 0).all() else geometric_range(known).mean


def _plain(value: float) -> str:
    """Return a number with two significant digits, without an exponent where a reader can do without."""
    if np.isnan(value):
        return "undefined (all features are 0)"
    return f"{value:.2g}" if value >= 1e-4 or value == 0 else f"{value:.1e}"
