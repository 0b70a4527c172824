"""Sentences on which collapse is which: what failing to fit goes with, and what each remedy mends."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from cna_viz.analysis.statistics.intervals import geometric_range
from cna_viz.analysis.tables.collapse import QUADRANTS, SELECTED, START, collapse_table
from cna_viz.analysis.words import counted, listed
from cna_viz.config.arms import active_settings
from cna_viz.config.fields import settings
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, WORDS

GAP: Final = 0.1
"""Training minus test accuracy from which a network that fits counts as one that fails in the test."""


def collapse_summary(records: Sequence[Record]) -> pd.DataFrame:
    """Return a row per arm, rounded to be read.

    Args:
        records: Runs of one depth.

    Returns:
        Means over seeds: ``gradient`` (first hidden layer / last, untrained, geometric mean), ``rank`` (untrained),
        ``rank later`` (selected model), ``training %`` and ``test %`` (the score), and ``fit`` (how many of the runs).

    Raises:
        UsageError: When records differ in depth, or their score is no share.
    """
    _metric(records)
    if len(depths := sorted({record.layers for record in records})) > 1:
        raise UsageError(f"a summary is of one depth, not of depths {', '.join(map(str, depths))}")
    table = collapse_table(records)
    start, selected = (table[table["model"] == model].groupby("arm", sort=False) for model in (START, SELECTED))
    gradient = start["gradient"].agg(lambda values: geometric_range(values).mean)
    return pd.DataFrame(
        {
            "gradient": gradient.map(lambda value: "" if np.isnan(value) else f"{value:.0e}"),
            "rank": start["rank"].mean().round(1),
            "rank later": selected["rank"].mean().round(1),
            "training %": (100 * start["train"].mean()).round().astype("Int64"),
            "test %": (100 * start["test"].mean()).round().astype("Int64"),
            "fit": start["fitted"].agg(lambda fitted: f"{int(fitted.sum())}/{len(fitted)}"),
        }
    ).rename_axis(index=None, columns="arm")


def collapse_findings(records: Sequence[Record]) -> list[str]:
    """Say how many runs fit their training nodes by what their untrained network had, and what that can tell.

    Thresholds are those of :mod:`cna_viz.analysis.tables.collapse`.

    Raises:
        UsageError: When the score is no share.
    """
    metric, table = _metric(records), collapse_table(records)
    start = table[table["model"] == START]
    groups = {name: start[start["quadrant"] == name] for name in QUADRANTS}
    words = {
        "neither": "neither features nor gradient gone before training",
        "gradient vanishes": "only the gradient vanishes",
        "features collapse": "only the features collapse",
        "both": "both gone before training",
    }
    sentences = [
        f"{words[name]}: {int(group['fitted'].sum())} of {counted(len(group), 'run')} fit their training nodes "
        f"(mean training {WORDS[metric]} {100 * group['train'].mean():.0f} %)"
        for name, group in groups.items()
        if len(group)
    ]
    sentences.append(_reading({name: group["fitted"] for name, group in groups.items()}))
    sentences.append(_after(table))
    sentences.append(_generalization(start[start["fitted"]]))
    if unknown := int(start["quadrant"].isna().sum()):
        sentences.append(f"{counted(unknown, 'run')} not counted: diverged or not measured")
    return sentences


def which_collapse(records: Sequence[Record]) -> str:
    """Say what the runs that don't fit had before training, and what the others show about it."""
    table = collapse_table(records)
    start = table[(table["model"] == START) & table["quadrant"].notna()]
    failed, fitting = start[~start["fitted"]], start[start["fitted"]]
    if failed.empty:
        return f"All {counted(len(start), 'run')} fit their training nodes: nothing collapses here that training minds."
    words = {
        "features collapse": "features that had collapsed and a gradient that arrived",
        "gradient vanishes": "a gradient that had vanished and features that were left",
        "both": "both",
        "neither": "neither",
    }
    counts = {name: int((failed["quadrant"] == name).sum()) for name in words}
    parts = listed(f"{count} had {words[name]}" for name, count in counts.items() if count)
    sentences = [f"Of {counted(len(failed), 'run')} that don't fit their training nodes, before training {parts}."]
    if counts["features collapse"]:
        sentences.append("Where the gradient arrives and features are gone, it is not the gradient that fails.")
    if counts["gradient vanishes"]:
        sentences.append("Where features are left and the gradient is gone, it is not smoothing that fails.")
    if counts["neither"]:
        sentences.append("Where neither is gone, something else fails, if only the number of epochs.")
    if mended := int(fitting["quadrant"].isin(["features collapse", "both"]).sum()):
        sentences.append(f"{counted(mended, 'run')} fit although features had collapsed: it need not be the end.")
    if reached := int(fitting["quadrant"].isin(["gradient vanishes", "both"]).sum()):
        sentences.append(f"{counted(reached, 'run')} fit although the gradient had vanished: it need not be the end.")
    return " ".join(sentences)


def remedy_findings(records: Sequence[Record], setting: str) -> list[str]:
    """Say what a change of one setting does, for pairs of runs that differ in nothing else.

    Args:
        records: The runs.
        setting: Its name, such as ``residual``, ``init`` or ``slot``; the first value found is changed into each other.

    Raises:
        UsageError: For a name that is no setting.
    """
    if setting not in settings():
        raise unknown_name("setting", setting, settings())
    table = collapse_table(records)
    start = table[table["model"] == START].set_index("run")
    pairs: dict[Any, dict[str, dict[str, str]]] = {}
    every = [active_settings(record.config) | {"seed": record.config.seed} for record in records]
    # What only some slots have, as a number of clusters, is no difference beside the slot.
    common = {name for name in every[0] if all(name in values for values in every)} - {setting} if every else set()
    for record, values in zip(records, every, strict=True):
        rest = str(sorted((name, str(values[name])) for name in common))
        pairs.setdefault(values.get(setting), {})[rest] = {"run": record.config.run_id}
    first, *others = pairs
    return [_remedy(start, setting, first, other, pairs) for other in others] or [
        f"all runs have the same {setting}: nothing to compare"
    ]


def _remedy(
    start: pd.DataFrame, setting: str, first: Any, other: Any, pairs: dict[Any, dict[str, dict[str, str]]]
) -> str:
    shared = [rest for rest in pairs[first] if rest in pairs[other]]
    before, after = (start.loc[[pairs[value][rest]["run"] for rest in shared]] for value in (first, other))
    change = f"**{setting} {other}** instead of {first}"
    if not shared:
        return f"{change}: no runs that differ in nothing else"
    fitted = f"{int(after['fitted'].sum())} instead of {int(before['fitted'].sum())} of {len(shared)} fit"
    vanish, collapse = (
        f"{_having(after, name)} instead of {_having(before, name)}"
        for name in ("gradient vanishes", "features collapse")
    )
    return f"{change}: {fitted}; before training the gradient vanishes in {vanish}, features collapse in {collapse}"


def _metric(records: Sequence[Record]) -> str:
    """Return the score of the records; refuse one that is no share, of which these sentences can't speak."""
    metrics = sorted({record.metric for record in records})
    for metric in metrics:
        if metric not in SHARES:
            raise UsageError(
                f"these sentences are about shares of nodes that are told right, and the score is {WORDS[metric]}; "
                "plot_collapse_map draws it"
            )
    if len(metrics) > 1:
        raise UsageError(f"sentences on runs of several scores ({', '.join(metrics)}) can't be made: take them apart")
    return metrics[0] if metrics else "accuracy"


def _having(rows: pd.DataFrame, name: str) -> int:
    return int(rows["quadrant"].isin([name, "both"]).sum())


def _reading(fitted: dict[str, "pd.Series[bool]"]) -> str:
    """Return what the counts can tell: each collapse alone has to be there to be told from the other."""
    alone = [name for name in ("gradient vanishes", "features collapse") if len(fitted[name])]
    if not alone:
        return "no run has one of the two without the other: these runs can't tell them apart"
    missing = {"gradient vanishes", "features collapse"} - set(alone)
    words = {"gradient vanishes": "a gradient that vanishes", "features collapse": "features that collapse"}
    parts = []
    for name in alone:
        share = float(fitted[name].mean())
        outcome = "none fit" if share == 0 else "all fit" if share == 1 else f"{100 * share:.0f} % fit"
        parts.append(f"with {words[name]} alone {outcome}")
    rest = f"; {words[missing.pop()]} alone did not occur" if missing else ""
    return f"so {listed(parts)}{rest}"


def _after(table: pd.DataFrame) -> str:
    """Return whether features that collapse before training are still collapsed in the selected model."""
    sides = table.pivot(index="run", columns="model", values="quadrant").dropna()
    before, after = (sides[model].isin(["features collapse", "both"]) for model in (START, SELECTED))
    if not (before | after).any():
        return "in no run do features collapse, before training or after"
    return (
        f"features collapse in {counted(int(before.sum()), 'run')} before training; training mends "
        f"{int((before & ~after).sum())} of them, and {int((after & ~before).sum())} others collapse while they train"
    )


def _generalization(fitting: pd.DataFrame) -> str:
    gap = fitting["train"] - fitting["test"]
    worse = int((gap > GAP).sum())
    if not len(fitting):
        return "no run fits its training nodes, so nothing here is about generalization"
    median = float(np.median(gap))
    return (
        f"of the {counted(len(fitting), 'run')} that fit, {worse} lose more than {100 * GAP:g} points from training to "
        f"test (median {100 * median:.1f})"
        + ("; that is no matter of optimisation" if worse else ": whoever fits also passes the test")
    )
