"""Findings on depth, smoothing and re-clustering; every finding is a sentence generated from records."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from cna_viz.analysis.statistics.intervals import confidence_interval, geometric_range
from cna_viz.analysis.tables.graph_facts import constant_energy
from cna_viz.analysis.tables.predictions import CHANCE, chance_score
from cna_viz.analysis.tables.tables import accuracy_table, layer_table
from cna_viz.analysis.words import signed
from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, WORDS, bounds, factor, written

FALLEN: Final = {
    "accuracy": "the majority-class rate",
    "macro_f1": "the level of predicting the majority class",
    "roc_auc": "chance level",
    **dict.fromkeys(("nmse", "r2"), "the level of predicting the mean"),
}
"""The level of :func:`.predictions.chance_score` in words, by metric."""


def bullets(sentences: Sequence[str]) -> str:
    """Return the sentences as a Markdown list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def depth_findings(records: Sequence[Record]) -> list[str]:
    """Report for each slot what depth does to its test score.

    A slot *falls* to the majority-class rate (chance level, predicting the mean) where the mean of the deepest networks
    is within five points (five per cent of an NMSE) of it. Otherwise it *loses* or *gains* the change of its mean,
    paired by seed, unless the 95 % interval of that change contains zero.
    """
    table, metric = accuracy_table(records), records[0].metric
    shallow, deep = table["layers"].min(), table["layers"].max()
    levels = [level for level in map(chance_score, records) if not np.isnan(level)]
    chance = float(np.mean(levels)) if levels else np.nan
    sentences = []
    for slot, group in table.groupby("slot", sort=False):
        first, last = (group[group["layers"] == depth].set_index("seed")["test"] for depth in (shallow, deep))
        sentences.append(
            f"**{slot}** {_verdict(first, last, chance, metric)}: {_mean(first, metric)} at depth {shallow}, "
            f"{_mean(last, metric)} at depth {deep}"
        )
    return [*sentences, f"{CHANCE[metric]} would give {written(metric, chance)}"]


def smoothing_findings(records: Sequence[Record]) -> list[str]:
    """Report for each slot how energy and effective rank change from the first to the last hidden layer.

    For records of one depth. They are taken after the convolution, of the selected model, as geometric (energy) and
    arithmetic (rank) mean over seeds.
    """
    energy, rank = (_ends(layer_table(records, measure, "conv")) for measure in ("rayleigh", "effective_rank"))
    sentences = [
        f"**{slot}**: Rayleigh energy {_plain(_typical(energy[slot][0]))} → {_plain(_typical(energy[slot][1]))}, "
        f"effective rank {_rank(rank[slot][0])} → {_rank(rank[slot][1])}"
        for slot in energy
    ]
    constant = _plain(constant_energy(records[0]))
    return [*sentences, f"identical features at all nodes would have energy {constant} and effective rank 1 here"]


def energy_is_not_accuracy(records: Sequence[Record]) -> list[str]:
    """Report whether, among records of one depth, the slot with the highest energy also has the best score."""
    metric = records[0].metric
    means = accuracy_table(records).groupby("slot", sort=False)["test"].mean().dropna()
    scores = {str(slot): float(mean) for slot, mean in means.items()}
    last = {slot: _typical(values) for slot, (_, values) in _ends(layer_table(records, "rayleigh", "conv")).items()}
    energy = {slot: value for slot, value in last.items() if slot in scores and not np.isnan(value)}
    if len(energy) < 2:
        return ["fewer than two slots have both an energy and a score: whether the two go together stays open"]
    smoothest, roughest = min(energy, key=energy.__getitem__), max(energy, key=energy.__getitem__)
    best = (min if metric in LOWER_IS_BETTER else max)(scores, key=scores.__getitem__)
    relation = "also has" if roughest == best else "does not have"
    reached = ", ".join(f"{slot} reaches {written(metric, scores[slot])}" for slot in dict.fromkeys((roughest, best)))
    return [
        f"in the last hidden layer **{roughest}** has the highest energy ({_plain(energy[roughest])}) and "
        f"**{smoothest}** the lowest ({_plain(energy[smoothest])})",
        f"the slot with the highest energy {relation} the best test {WORDS[metric]} at this depth: {reached}",
    ]


def reclustering_findings(records: Sequence[Record]) -> list[str]:
    """Report how the validation score moves in the steps that re-cluster and in the others (slots with k-means)."""
    anew, others, every = [], [], 0
    for record in records:
        if not _reclusters(record):
            continue
        change = np.diff(record.metrics[record.metric].sel(split="val").values)
        interval = record.config.model.recluster_every
        every = every or interval
        # Step s is the change from epoch s - 1 to s; the first step finds the first clusters, not new ones.
        due = np.arange(len(change)) % interval == 0
        due[:1] = False
        anew += change[due].tolist()
        others += change[~due].tolist()
    if not anew:
        return ["no run re-clustered while it trained"]
    metric, scale = records[0].metric, factor(records[0].metric)
    unit, digits = (" points", 1) if metric in SHARES else ("", 3)
    return [
        f"CNA re-clusters every {every} steps: in these {len(anew)} steps the validation {WORDS[metric]} moves by "
        f"{signed(scale * float(np.mean(anew)), digits)}{unit} on average, in the other steps by "
        f"{signed(scale * float(np.mean(others)), digits + 1)}"
    ]


def _reclusters(record: Record) -> bool:
    factors, config = record.config.model.factors, record.config
    # Where training sees other nodes than evaluation, k-means runs along with the batches instead.
    whole = config.training.batch_size is None and config.data.task != "graph-classification"
    return whole and factors.get("assignment") == "kmeans" and factors["schedule"] == "warm"


def _ends(table: pd.DataFrame) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Return the values at the first and the last hidden layer by slot; a single layer is both."""
    hidden = table[(table["layer"] < table["layers"]) | (table["layers"] == 1)]
    return {
        str(slot): (
            group.loc[group["layer"] == group["layer"].min(), "value"],
            group.loc[group["layer"] == group["layer"].max(), "value"],
        )
        for slot, group in hidden.groupby("slot", sort=False)
    }


def _verdict(first: pd.Series, last: pd.Series, chance: float, metric: str) -> str:
    share = metric in SHARES
    change = confidence_interval(factor(metric) * (last - first))
    if change.count == 0:
        return "has no seed whose runs finished at both depths"
    near = chance + 0.05 if share else 0.95 * chance
    fallen, stood = (last.mean() <= near, near < first.mean()) if share else (last.mean() >= near, near > first.mean())
    if fallen and stood:
        return f"falls to {FALLEN[metric]}"
    if abs(change.mean) < (0.05 if share else 0.0005):
        return "stays the same"
    if change.low <= 0 <= change.high:
        moved = f"{signed(change.mean)} points" if share else f"{signed(change.mean, 3)}"
        return f"changes by {moved}, inconclusive with {change.count} seeds"
    if share:
        return f"{'loses' if change.mean < 0 else 'gains'} {abs(change.mean):.1f} points"
    return (
        f"{'improves' if (change.mean < 0) == (metric in LOWER_IS_BETTER) else 'gets worse'} by {abs(change.mean):.3g}"
    )


def _mean(scores: pd.Series, metric: str) -> str:
    interval, scale = confidence_interval(scores, bounds=bounds(metric)), factor(metric)
    if interval.count == 0:
        return "no result"
    digits = ".1f" if metric in SHARES else ".3g"
    ends = f" [{scale * interval.low:{digits}}, {scale * interval.high:{digits}}]" if interval.count > 1 else ""
    return f"{written(metric, interval.mean)}{ends}"


def _typical(energies: pd.Series) -> float:
    """Return the geometric mean of the non-zero energies; 0 where all are 0, NaN where none is defined."""
    known = energies.dropna()
    return 0.0 if len(known) and (known == 0).all() else geometric_range(known).mean


def _rank(ranks: pd.Series) -> str:
    return "undefined" if ranks.isna().all() else f"{ranks.mean():.1f}"


def _plain(value: float) -> str:
    """Return a number with two significant digits; an exponent only for the tiniest."""
    if np.isnan(value):
        return "undefined (features all 0 or not finite)"
    return f"{value:.2g}" if value >= 1e-4 or value == 0 else f"{value:.1e}"
