"""Records as tables: a row per run, or per run and layer, and mean scores for display."""

from collections.abc import Sequence

import pandas as pd

from cna_viz.analysis.statistics.intervals import mean_of_all
from cna_viz.analysis.tables.watched_arms import told_apart
from cna_viz.config import vocabulary
from cna_viz.config.vocabulary import LOWER_IS_BETTER, SplitName, Stage
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, factor, label

IDENTITY = ("dataset", "split", "backbone", "slot", "layers", "seed")
"""Columns that identify the run of a row."""


def accuracy_table(records: Sequence[Record]) -> pd.DataFrame:
    """Return a row per run: its identity, metric, scores of the selected model, best epoch, status and id.

    The columns train, val and test hold the metric of the dataset; an accuracy is a share, 0 to 1.
    """
    rows = [
        {
            **record.config.facts,
            "seed": record.config.stated_seed,
            "metric": record.metric,
            **{split: record.score(split) for split in vocabulary.SPLITS},
            "best_epoch": record.best_epoch,
            "status": record.summary["status"],
            "run": record.id,
        }
        for record in told_apart(records)
    ]
    return pd.DataFrame(rows)


def depth_table(records: Sequence[Record]) -> pd.DataFrame:
    """Return a row per depth and a column per slot with the mean test score for display, shares in per cent."""
    return mean_table(records, "layers", "slot").sort_index()


def mean_table(records: Sequence[Record], rows: str, columns: str, split: SplitName = "test") -> pd.DataFrame:
    """Return a row and a column per value of two facts with the mean score for display, shares in per cent.

    Args:
        records: Runs of one metric.
        rows: One of :data:`IDENTITY`, such as ``backbone``.
        columns: Another.
        split: train, val or test.

    A mean is NaN where there are no runs, and where one of them diverged.
    """
    table, metric = accuracy_table(records), records[0].metric
    means = table.pivot_table(split, rows, columns, aggfunc=mean_of_all, sort=False, dropna=False)
    shown = (factor(metric) * means).round(1 if metric in SHARES else 3)
    return shown.rename_axis(index=rows, columns=f"mean {label(metric, split)}")


def arm_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return a row per arm with its mean score for display, the best first.

    Args:
        pairs: Row per pair, column per arm, as :func:`~cna_viz.analysis.tables.comparison.paired_table` returns it.
    """
    metric = pairs.attrs["metric"]
    means = (factor(metric) * pairs.mean()).sort_values(ascending=metric in LOWER_IS_BETTER)
    shown = means.round(1 if metric in SHARES else 3).rename(f"mean {label(metric, 'test')}")
    return shown.to_frame().rename_axis(index=None, columns="arm")


def layer_value(record: Record, measure: str, stage: str, layer: int, epoch: int) -> float:
    """Return a measure of one layer at one epoch; NaN where it was not measured."""
    values = record.metrics[measure].sel(stage=stage)
    return float(values.sel(epoch=epoch, layer=layer)) if epoch in values.epoch else float("nan")


def layer_table(records: Sequence[Record], measure: str, stage: Stage = "slot") -> pd.DataFrame:
    """Return a row per run and layer with a measure of the selected model: identity, layer, value.

    ``stage`` is ``conv`` or ``slot``, of which the last layer has none. The value is NaN where the measure is
    undefined, such as the Rayleigh energy of features that are all zero.
    """
    tables = []
    for record in told_apart(records):
        values = record.metrics[measure].sel(stage=stage)
        layers = values.layer.values[: record.layers - (stage == "slot")]
        # A run whose loss was not finite before the first step has no epoch at all.
        if record.best_epoch in values.epoch:
            shown = values.sel(epoch=record.best_epoch, layer=layers)
            tables.append(pd.DataFrame({**record.config.facts, "layer": layers, "value": shown.values}))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*IDENTITY, "layer", "value"])
