"""Sentences that are computed: what the numbers of some records say, and no more."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cna_viz.analysis.statistics.intervals import confidence_interval, geometric_range
from cna_viz.analysis.statistics.reference import constant_energy
from cna_viz.analysis.tables.chance import CHANCE, chance_score
from cna_viz.analysis.tables.tables import accuracy_table, layer_table
from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, WORDS, bounds, factor, written


def bullets(sentences: Sequence[str]) -> str:
    """Return the sentences as a Markdown list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def depth_findings(records: Sequence[Record]) -> list[str]:
    """Say for each slot what depth does to its test score.

    A slot *collapses* where the mean of the deepest networks is within five points (five per cent of an NMSE) of an
    answer that knows nothing. Otherwise it *loses* or *gains* the change of its mean, paired by seed, unless the 95 %
    interval of that change contains zero; then that is said.
    """
    table, metric = accuracy_table(records), records[0].metric
    shallow, deep = table["layers"].min(), table["layers"].max()
    chance = float(np.nanmean([chance_score(record) for record in records]))
    sentences = []
    for slot, group in table.groupby("slot", sort=False):
        first, last = (group[group["layers"] == depth].set_index("seed")["test"] for depth in (shallow, deep))
        sentences.append(
            f"**{slot}** {_verdict(first, last, chance, metric)}: {_mean(first, metric)} at depth {shallow}, "
            f"{_mean(last, metric)} at depth {deep}"
        )
    return [*sentences, f"{CHANCE[metric]} would give {written(metric, chance)}"]


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
    """Say whether, among records of one depth, the slot with the highest energy also has the best score."""
    metric = records[0].metric
    ends = _ends(layer_table(records, "rayleigh", "conv"))
    energy = {slot: value for slot, (_, last) in ends.items() if not np.isnan(value := _typical(last))}
    scores = accuracy_table(records).groupby("slot", sort=False)["test"].mean().dropna().to_dict()
    energy = {slot: value for slot, value in energy.items() if slot in scores}
    if len(energy) < 2:
        return "Fewer than two slots have both an energy and a score: they can't tell whether the two go together."
    smoothest, roughest = min(energy, key=energy.__getitem__), max(energy, key=energy.__getitem__)
    best = (min if metric in LOWER_IS_BETTER else max)(scores, key=scores.__getitem__)
    relation = "also has" if roughest == best else "does not have"
    rival = "" if roughest == best else f", {best} {written(metric, scores[best])}"
    return (
        f"In the last hidden layer **{roughest}** keeps the highest energy ({_plain(energy[roughest])}) and "
        f"**{smoothest}** the lowest ({_plain(energy[smoothest])}). The slot with the highest energy {relation} the "
        f"best test {WORDS[metric]} at this depth: {roughest} reaches {written(metric, scores[roughest])}{rival}."
    )


def reclustering_findings(records: Sequence[Record]) -> str:
    """Say how the validation score moves in the steps that find new clusters and in the others (slots with k-means)."""
    anew, others = [], []
    for record in records:
        if not _clusters_anew(record):
            continue
        change = np.diff(record.metrics[record.metric].sel(split="val").values)
        # Step s is the change from epoch s - 1 to s; the first step finds the first clusters, not new ones.
        due = np.arange(len(change)) % record.config.model.recluster_every == 0
        due[:1] = False
        anew += change[due].tolist()
        others += change[~due].tolist()
    if not anew:
        return "No clusters were found anew in these runs."
    every = next(record.config.model.recluster_every for record in records if _clusters_anew(record))
    metric, scale = records[0].metric, factor(records[0].metric)
    unit, digits = (" points", 1) if metric in SHARES else ("", 3)
    return (
        f"CNA finds its clusters anew every {every} steps. In these {len(anew)} steps the validation {WORDS[metric]} "
        f"moves by {_signed(scale * float(np.mean(anew)), digits)}{unit} on average, in the other steps by "
        f"{_signed(scale * float(np.mean(others)), digits + 1)}."
    )


def _clusters_anew(record: Record) -> bool:
    factors, config = record.config.model.factors, record.config
    # Where training sees other nodes than evaluation, k-means runs along with the batches instead.
    whole = config.training.batch_size is None and config.data.task != "graph-classification"
    return whole and factors.get("assignment") == "kmeans" and factors["schedule"] == "warm"


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


def _verdict(first: pd.Series, last: pd.Series, chance: float, metric: str) -> str:
    share = metric in SHARES
    change = confidence_interval(factor(metric) * (last - first))
    if change.count == 0:
        return "has no runs of both depths that didn't diverge"
    near = chance + 0.05 if share else 0.95 * chance
    worse, better_before = (
        (last.mean() <= near, near < first.mean()) if share else (last.mean() >= near, near > first.mean())
    )
    if worse and better_before:
        return "collapses"
    if abs(change.mean) < (0.05 if share else 0.0005):
        return "stays the same"
    if change.low <= 0 <= change.high:
        moved = f"{_signed(change.mean)} points" if share else f"{_signed(change.mean, 3)}"
        return f"changes by {moved}, which {change.count} seeds can't tell from no change"
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
