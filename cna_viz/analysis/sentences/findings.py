"""Findings on depth, smoothing and re-clustering; every finding is a sentence generated from records."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from cna_viz.analysis.statistics.intervals import confidence_interval, geometric_range, mean_of_all
from cna_viz.analysis.tables.comparison import common_metric, drop_duplicates, split_number
from cna_viz.analysis.tables.graph_facts import constant_energy
from cna_viz.analysis.tables.predictions import CHANCE, chance_score
from cna_viz.analysis.tables.tables import accuracy_table, layer_table
from cna_viz.analysis.words import counted, listed, runs_each, signed
from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.errors import UsageError
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

    The change is paired by seed, and averaged within splits where there are several. With its 95 % interval on one side
    of zero a slot *falls* to the majority-class rate (chance level, predicting the mean), if the mean of the deepest
    networks is within five points (0.05 of an R², five per cent of an NMSE) of it and that of the shallowest is not,
    and otherwise *loses* or *gains* it. It *stays the same* only where it does so in every pair.

    Raises:
        UsageError: Without records, for several metrics, and where runs of one slot, depth and seed differ otherwise.
    """
    metric, records = common_metric(records), drop_duplicates(records)
    table = accuracy_table(records).assign(draw=[split_number(record) for record in records])
    shallow, deep = table["layers"].min(), table["layers"].max()
    if shallow == deep:
        return [f"all runs have depth {shallow}: what depth does stays open"]
    levels = [level for level in map(chance_score, records) if not np.isnan(level)]
    chance = float(np.mean(levels)) if levels else np.nan
    sentences = []
    for slot, group in table.groupby("slot", sort=False):
        first, last = (group[group["layers"] == depth].set_index(["draw", "seed"])["test"] for depth in (shallow, deep))
        if first.index.has_duplicates or last.index.has_duplicates:
            raise UsageError(
                f"runs of {slot} with one depth and seed differ in other settings: report on each separately"
            )
        sentences.append(
            f"**{slot}** {_verdict(first, last, chance, metric)}: {_mean(first, metric)} at depth {shallow}, "
            f"{_mean(last, metric)} at depth {deep}"
        )
    known = [] if np.isnan(chance) else [f"{CHANCE[metric]} would give {written(metric, chance)}"]
    return sentences + known


def smoothing_findings(records: Sequence[Record]) -> list[str]:
    """Report for each slot how energy and effective rank change from the first to the last hidden layer.

    They are taken after the convolution, of the selected model, as geometric (energy, without zeros, which are counted)
    and arithmetic (rank) mean over runs.

    Raises:
        UsageError: Without records, and for records of several depths.
    """
    _one_depth(records)
    energy, rank = (_ends(layer_table(records, measure, "conv")) for measure in ("rayleigh", "effective_rank"))
    sentences = [
        f"**{slot}** ({counted(len(energy[slot][0]), 'run')}): Rayleigh energy {_energy(energy[slot][0])} → "
        f"{_energy(energy[slot][1])}, effective rank {_rank(rank[slot][0])} → {_rank(rank[slot][1])}"
        for slot in energy
    ]
    constant = _plain(constant_energy(records[0]))
    return [*sentences, f"identical features at all nodes would have energy {constant} and effective rank 1 here"]


def energy_is_not_accuracy(records: Sequence[Record]) -> list[str]:
    """Report whether the slot with the highest energy also has the best mean score; errors as in smoothing_findings.

    A slot of which a run diverged has no mean score.
    """
    _one_depth(records)
    metric, table = common_metric(records), accuracy_table(records)
    groups = table.groupby("slot", sort=False)["test"]
    scores = {str(slot): mean for slot, group in groups if not np.isnan(mean := mean_of_all(group))}
    last = {slot: _typical(values) for slot, (_, values) in _ends(layer_table(records, "rayleigh", "conv")).items()}
    energy = {slot: value for slot, value in last.items() if slot in scores and not np.isnan(value)}
    if len(energy) < 2:
        return ["fewer than two slots have both an energy and a score: whether the two go together stays open"]
    smoothest, roughest = (_ties(energy, end) for end in (min, max))
    best = _ties(scores, min if metric in LOWER_IS_BETTER else max, lambda score: written(metric, score))
    if len(roughest) > 1:
        return [f"{_bold(roughest)} share the highest energy in the last hidden layer ({_plain(energy[roughest[0]])})"]
    relation = ("shares" if len(best) > 1 else "also has") if roughest[0] in best else "does not have"
    reached = ", ".join(f"{slot} reaches {written(metric, scores[slot])}" for slot in dict.fromkeys(roughest + best))
    over = runs_each(groups.size()[list(scores)])
    return [
        f"in the last hidden layer {_bold(roughest)} has the highest energy ({_plain(energy[roughest[0]])}) and "
        f"{_bold(smoothest)} the lowest ({_plain(energy[smoothest[0]])})",
        f"the slot with the highest energy {relation} the best mean test {WORDS[metric]} at this depth: {reached} "
        f"({over})",
    ]


def reclustering_findings(records: Sequence[Record]) -> list[str]:
    """Report how the validation score moves in the steps that re-cluster and in the others (slots with k-means).

    The first step, which finds the first clusters of an untrained network, is in neither. Steps into or out of a score
    that is not finite are left out. A sentence per interval between two clusterings.
    """
    steps: dict[int, tuple[list[float], list[float]]] = {}
    metric = common_metric(records) if records else ""
    for record in records:
        if not _reclusters(record):
            continue
        change = np.diff(record.metrics[metric].sel(split="val").values)
        interval = record.config.model.recluster_every
        # Step s is the change from epoch s - 1 to s.
        step = np.arange(len(change))
        known = np.isfinite(change) & (step > 0)
        anew, others = steps.setdefault(interval, ([], []))
        anew += change[known & (step % interval == 0)].tolist()
        others += change[known & (step % interval > 0)].tolist()
    sentences = [_moves(every, anew, others, metric) for every, (anew, others) in sorted(steps.items()) if anew]
    return sentences or ["no run re-clustered while it trained"]


def _moves(every: int, anew: Sequence[float], others: Sequence[float], metric: str) -> str:
    scale, unit, digits = factor(metric), *((" points", 1) if metric in SHARES else ("", 3))
    often = "at every step" if every == 1 else f"every {every} steps"
    rest = f", in the others by {signed(scale * float(np.mean(others)), digits + 1)}" if others else ""
    which = f"these {len(anew)} steps" if len(anew) > 1 else "this one step"
    return (
        f"CNA re-clusters {often}: in {which} the validation {WORDS[metric]} moves by "
        f"{signed(scale * float(np.mean(anew)), digits)}{unit}{' on average' if len(anew) > 1 else ''}{rest}"
    )


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
    pairs = (factor(metric) * (last - first)).dropna()
    draws, noun = pairs.groupby(level="draw"), "pair"
    if 1 < len(draws) < len(pairs):  # seeds on one split are not independent
        pairs, noun = draws.mean(), "split"
    change, least, digits = confidence_interval(pairs), *((0.1, 1) if share else (0.001, 3))
    if change.count == 0:
        return "has no seed whose runs finished at both depths" if len(first) and len(last) else "has no pair of runs"
    unit = " points" if share else ""
    alone = " with its only pair of runs" if change.count == 1 else ""
    if (pairs.abs() < least).all():
        return f"stays the same within {least:g}{unit}{alone}"
    if change.count == 1 or change.low <= 0 <= change.high:
        ends = "" if alone else f" [{signed(change.low, digits)}, {signed(change.high, digits)}]"
        count = alone or f" with {counted(change.count, noun)}"
        return f"changes by {signed(change.mean, digits)}{unit}{ends}, inconclusive{count}"
    if metric in LOWER_IS_BETTER:
        fallen, stood = last.mean() >= 0.95 * chance, first.mean() < 0.95 * chance
    else:
        fallen, stood = last.mean() <= chance + 0.05, first.mean() > chance + 0.05
    if fallen and stood:
        return f"falls to {FALLEN[metric]}"
    extent = f"{abs(change.mean):{'.1f' if share else '.3g'}}" if abs(change.mean) >= least else f"less than {least:g}"
    better = (change.mean < 0) == (metric in LOWER_IS_BETTER)
    if share:
        return f"{'gains' if better else 'loses'} {extent} points"
    return f"{'improves' if better else 'gets worse'} by {extent}"


def _mean(scores: pd.Series, metric: str) -> str:
    interval, scale = confidence_interval(scores, bounds=bounds(metric)), factor(metric)
    if interval.count == 0:
        return "no result" if len(scores) else "no runs"
    digits = ".1f" if metric in SHARES else ".3g"
    ends = f" [{scale * interval.low:{digits}}, {scale * interval.high:{digits}}]" if interval.count > 1 else ""
    gone = len(scores) - interval.count
    lost = f" (without {gone} of {counted(len(scores), 'run')}, which diverged)" if gone else ""
    return f"{written(metric, interval.mean)}{ends}{lost}"


def _one_depth(records: Sequence[Record]) -> None:
    if not records:
        raise UsageError("no runs to report on: make some with `cna-viz run`")
    if len(depths := sorted({record.layers for record in records})) > 1:
        raise UsageError(f"these findings are of one depth, not of depths {', '.join(map(str, depths))}")


def _ties(
    values: Mapping[str, float], end: Callable[..., float], shown: Callable[[float], str] | None = None
) -> list[str]:
    """Return all names at one end of some values, equal as they are written."""
    write = shown or _plain
    return [name for name, value in values.items() if write(value) == write(end(values.values()))]


def _bold(names: Iterable[str]) -> str:
    return listed(f"**{name}**" for name in names)


def _typical(energies: pd.Series) -> float:
    """Return the geometric mean of the non-zero energies; 0 where all are 0, NaN where none is defined."""
    known = energies.dropna()
    return 0.0 if len(known) and (known == 0).all() else geometric_range(known).mean


def _energy(energies: pd.Series) -> str:
    """Return the typical energy, and what it leaves out."""
    mean = _typical(energies)
    parts = [(int((energies == 0).sum()), "0"), (int(energies.isna().sum()), "undefined")]
    apart = ", ".join(f"{word} in {count} of {len(energies)}" for count, word in parts if count and mean > 0)
    return f"{_plain(mean)} ({apart})" if apart else _plain(mean)


def _rank(ranks: pd.Series) -> str:
    return "undefined" if ranks.isna().all() else f"{ranks.mean():.1f}"


def _plain(value: float) -> str:
    """Return a number with two significant digits; an exponent only for the tiniest."""
    if np.isnan(value):
        return "undefined (features all 0 or not finite)"
    return f"{value:.2g}" if value >= 1e-4 or value == 0 else f"{value:.1e}"
