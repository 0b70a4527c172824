"""Findings on collapse: what goes with failing to fit, vanishing gradients or collapsing features, and what helps."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from cna_viz.analysis.statistics.intervals import geometric_range, mean_of_all
from cna_viz.analysis.tables.collapse import QUADRANTS, SELECTED, START, collapse_table
from cna_viz.analysis.tables.comparison import common_metric, refuse_watched
from cna_viz.analysis.words import counted, signed
from cna_viz.config.arms import active_settings
from cna_viz.config.fields import settings
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, WORDS

GAP: Final = 0.1
"""Training minus test accuracy from which a network that fits counts as one that fails in the test."""
_COLLAPSED: Final = ("features collapse", "both")
_VANISHED: Final = ("gradient vanishes", "both")


def collapse_summary(records: Sequence[Record]) -> pd.DataFrame:
    """Return a row per arm for runs of one depth, whose score is a share, rounded for display.

    Columns are means over seeds: ``gradient`` (first hidden layer / last, untrained, geometric mean), ``rank``
    (untrained), ``rank later`` (selected model), ``training %`` and ``test %`` (the score), and ``fit`` (number of the
    runs).
    """
    _check_trained(records)
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
    """Report how many runs fit their training nodes by the state of their untrained network.

    Thresholds are those of :mod:`cna_viz.analysis.tables.collapse`; the score must be a share.
    """
    _check_trained(records)
    metric, table = _metric(records), collapse_table(records)
    start = table[table["model"] == START]
    groups = {name: start[start["quadrant"] == name] for name in QUADRANTS}
    words = {
        "neither": "features and gradient intact before training",
        "gradient vanishes": "only the gradient vanished before training",
        "features collapse": "only the features collapsed before training",
        "both": "both before training",
    }
    sentences = [
        f"{words[name]}: {_fit(group['fitted'], _trained_on(records))}"
        + (
            f" (mean training {WORDS[metric]} {100 * train:.0f} %)"
            if (train := mean_of_all(group["train"])) >= 0
            else ""
        )
        for name, group in groups.items()
        if len(group)
    ]
    sentences.append(_separation({name: groups[name]["fitted"] for name in ("gradient vanishes", "features collapse")}))
    sentences.append(_after_training(table))
    sentences.append(_generalization(start[start["fitted"]], _trained_on(records)))
    return sentences + _not_counted(start)


def which_collapse(records: Sequence[Record]) -> list[str]:
    """Report the state before training of the runs that don't fit, and what the others show about it."""
    _check_trained(records)
    table = collapse_table(records)
    every = table[table["model"] == START]
    start, what = every[every["quadrant"].notna()], _trained_on(records)
    failed, fitting = start[~start["fitted"]], start[start["fitted"]]
    if start.empty:
        return _not_counted(every)
    despite = [
        f"{counted(count, 'run')} {'fits' if count == 1 else 'fit'} despite {had}, which need not be final"
        for names, had in ((_COLLAPSED, "collapsed features"), (_VANISHED, "a vanished gradient"))
        if (count := int(fitting["quadrant"].isin(names).sum()))
    ]
    if failed.empty:
        learned = despite or ["none of them had collapsed features or a vanished gradient to begin with"]
        return [_fit(start["fitted"], what), *learned, *_not_counted(every)]
    words = {
        "features collapse": "collapsed features and an intact gradient: a vanished gradient is not the cause",
        "gradient vanishes": "a vanished gradient and intact features: collapsed features are not the cause",
        "both": "both: these can't tell the causes apart",
        "neither": "neither: something else fails, perhaps too few epochs",
    }
    counts = failed["quadrant"].value_counts()
    told = [f"before training, {counts[name]} of these had {had}" for name, had in words.items() if name in counts]
    verb = "doesn't fit its" if len(start) == 1 else "don't fit their"
    first = f"{len(failed)} of {counted(len(start), 'run')} {verb} training {what}"
    return [first, *told, *despite, *_not_counted(every)]


def remedy_findings(records: Sequence[Record], setting: str) -> list[str]:
    """Report the effect of changing one setting, over pairs of runs that differ in nothing else.

    Args:
        records: The runs.
        setting: Its name, such as ``residual``, ``init`` or ``slot``; the first value found is changed into each other.
            Runs in which it has no effect are left out.
    """
    if setting not in settings():
        raise unknown_name("setting", setting, settings())
    refuse_watched(records)
    _check_trained(records)
    records = [record for record in records if setting in active_settings(record.config)]
    if not records:
        return [f"{setting} has no effect in these runs: nothing to compare"]
    table = collapse_table(records)
    start = table[table["model"] == START].set_index("run")
    every = [active_settings(record.config) | {"seed": record.config.seed} for record in records]
    # A setting that only some slots have, such as the number of clusters, does not keep slots from making pairs.
    common = {name for name in every[0] if all(name in values for values in every)} - {setting}
    runs: dict[Any, dict[str, str]] = {}
    for record, values in zip(records, every, strict=True):
        rest = str(sorted((name, str(values[name])) for name in common))
        runs.setdefault(values[setting], {})[rest] = record.config.run_id
    first, *others = runs
    sentences = []
    for other in others:
        shared = [rest for rest in runs[first] if rest in runs[other]]
        pairs = [start.loc[[runs[value][rest] for rest in shared]] for value in (first, other)]
        sentences.append(f"**{setting} {other}** instead of {first}: {_remedy(*pairs)}")
    return sentences or [f"all runs have the same {setting}: nothing to compare"]


def _remedy(before: pd.DataFrame, after: pd.DataFrame) -> str:
    if before.empty:
        return "no pairs of runs that differ in nothing else"
    known = (before["quadrant"].notna().to_numpy()) & (after["quadrant"].notna().to_numpy())
    vanish, collapse = (
        " instead of ".join(str(int(rows[known]["quadrant"].isin(names).sum())) for rows in (after, before))
        for names in (_VANISHED, _COLLAPSED)
    )
    fits = (
        f"{int(after['fitted'].sum())} instead of {int(before['fitted'].sum())} of {counted(len(after), 'run')} "
        f"{'fits' if len(after) == 1 else 'fit'}"
    )
    if not known.any():
        return f"{fits}; the state before training is unknown"
    gap = int((~known).sum())
    return f"{fits}; before training, the gradient vanishes in {vanish} and features collapse in {collapse}" + (
        f" (unknown for {counted(gap, 'pair')})" if gap else ""
    )


def _check_trained(records: Sequence[Record]) -> None:
    """Refuse no runs, and watched ones without a training score: nobody knows whether they fit."""
    if not records:
        raise UsageError("no runs to report on: make some with `cna-viz run`")
    for record in records:
        if record.config.watched is not None and np.isnan(record.score("train")):
            raise UsageError(f"run {record.id} was watched and has no training score: whether it fits is unknown")


def _metric(records: Sequence[Record]) -> str:
    """Return the score of the records; refuse several, and one that is not a share."""
    for metric in {record.metric for record in records} - SHARES:
        raise UsageError(
            f"these findings need a score that is a share, such as accuracy, not {WORDS[metric]}; "
            "plot_collapse_map draws it"
        )
    return common_metric(records)


def _trained_on(records: Sequence[Record]) -> str:
    return "graphs" if "graph_of_node" in records[0].graph else "nodes"


def _fit(fitted: "pd.Series[bool]", what: str) -> str:
    """Return how many runs fit: ``1 of 1 run fits its training nodes``, ``0 of 2 runs fit their training nodes``."""
    verb = "fits its" if len(fitted) == 1 else "fit their"
    return f"{int(fitted.sum())} of {counted(len(fitted), 'run')} {verb} training {what}"


def _not_counted(start: pd.DataFrame) -> list[str]:
    unknown = int(start["quadrant"].isna().sum())
    return [f"not counted: {counted(unknown, 'run')}, diverged or without these measures"] if unknown else []


def _separation(fitted: dict[str, "pd.Series[bool]"]) -> str:
    """Return what each collapse alone does: only then can the two be told apart."""
    words = {"gradient vanishes": "only a vanished gradient", "features collapse": "only collapsed features"}
    parts, missing = [], []
    for name, fits in fitted.items():
        if len(fits):
            verb = "fits" if len(fits) == 1 else "fit"
            parts.append(f"with {words[name]}, {int(fits.sum())} of {counted(len(fits), 'run')} {verb}")
        else:
            missing.append(f"no run has {words[name]}")
    if not parts:
        return "no run has one of the two without the other: these runs can't tell them apart"
    return "; ".join([*parts, *missing])


def _after_training(table: pd.DataFrame) -> str:
    """Return whether features that collapse before training are still collapsed in the selected model."""
    sides = table.pivot(index="run", columns="model", values="quadrant").dropna()
    before, after = (sides[model].isin(_COLLAPSED) for model in (START, SELECTED))
    if sides.empty:
        return "whether training recovers collapsed features is unknown"
    if not (before | after).any():
        return "features collapse in no run, before or after training"
    later = int((after & ~before).sum())
    if not before.any():
        return f"features collapse in no run before training, and in {later} of {counted(len(sides), 'run')} during it"
    found = (
        f"features collapse in {counted(int(before.sum()), 'run')} before training; training recovers "
        f"{int((before & ~after).sum())} of them"
    )
    return (
        found if before.all() else f"{found}, and those of {later} of the other {int((~before).sum())} collapse in it"
    )


def _generalization(fitting: pd.DataFrame, what: str) -> str:
    if fitting.empty:
        return f"no run fits its training {what}, so nothing here is about generalization"
    gap = (fitting["train"] - fitting["test"]).dropna()
    lost = f"the {counted(len(fitting), 'run')} that {'fits' if len(fitting) == 1 else 'fit'}"
    if gap.empty:
        return f"{lost} {'has' if len(fitting) == 1 else 'have'} no test score, so nothing here is about generalization"
    worse = int((gap > GAP).sum())
    unknown = len(fitting) - len(gap)
    return (
        f"of {lost}, {worse} lost more than {100 * GAP:g} points from training to test (median "
        f"{signed(-100 * float(np.median(gap)))})"
        + (f"; {unknown} without a test score" if unknown else "")
        + ("; that is not a failure of optimization" if worse else "")
    )
