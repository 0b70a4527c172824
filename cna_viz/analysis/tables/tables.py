"""Records as tables: one row per run, or per run and layer."""

from collections.abc import Sequence

import pandas as pd

from cna_viz.analysis.statistics.intervals import mean_of_all
from cna_viz.config import vocabulary
from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, factor, label

IDENTITY = ("dataset", "split", "backbone", "slot", "layers", "seed")
"""Columns that say which run a row belongs to."""


def accuracy_table(records: Sequence[Record]) -> pd.DataFrame:
    """One row per run: what it was, its metric, scores of the selected model, best epoch, status, id.

    The columns train, val and test hold the metric of the dataset; an accuracy is a share, 0 to 1.
    """
    return pd.DataFrame([_row(record) for record in records])


def depth_table(records: Sequence[Record]) -> pd.DataFrame:
    """A row per depth and a column per slot with the mean test score as it is written: a share in per cent."""
    return mean_table(records, "layers", "slot").sort_index()


def mean_table(records: Sequence[Record], rows: str, columns: str, part: str = "test") -> pd.DataFrame:
    """A row and a column per value of two facts with the mean score as it is written: a share in per cent.

    Args:
        records: Runs of one metric.
        rows: One of :data:`IDENTITY`, such as ``backbone``.
        columns: Another.
        part: train, val or test.

    A mean is NaN where there are no runs, and where one of them diverged.
    """
    table, metric = accuracy_table(records), records[0].metric
    means = table.pivot_table(part, rows, columns, aggfunc=mean_of_all, sort=False, dropna=False)
    shown = (factor(metric) * means).round(1 if metric in SHARES else 3)
    return shown.rename_axis(index=rows, columns=f"mean {label(metric, part)}")


def arm_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """A row per arm with its mean score as it is written, the best first.

    Args:
        pairs: Row per pair, column per arm, as :func:`~cna_viz.analysis.tables.comparison.paired_table` returns it.
    """
    metric = pairs.attrs["metric"]
    means = (factor(metric) * pairs.mean()).sort_values(ascending=metric in LOWER_IS_BETTER)
    shown = means.round(1 if metric in SHARES else 3).rename(f"mean {label(metric, 'test')}")
    return shown.to_frame().rename_axis(index=None, columns="arm")


def layer_table(records: Sequence[Record], measure: str, stage: str = "slot") -> pd.DataFrame:
    """One row per run and layer with a measure of the selected model: what the run was, layer, value.

    Args:
        records: The runs.
        measure: Name of a measure.
        stage: ``conv`` or ``slot``. With ``slot`` the last layer, which has none, is left out.

    The value is NaN where the measure has none, as the Rayleigh energy of features that are all zero.
    """
    tables = []
    for record in records:
        values = record.metrics[measure].sel(stage=stage)
        layers = values.layer.values[: record.layers - (stage == "slot")]
        # A run whose loss was not finite before the first step has no epoch at all.
        epochs = [record.best_epoch] if record.best_epoch in values.epoch else []
        for epoch in epochs:
            shown = values.sel(epoch=epoch, layer=layers)
            tables.append(pd.DataFrame({**record.config.facts, "layer": layers, "value": shown.values}))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*IDENTITY, "layer", "value"])


def _row(record: Record) -> dict[str, object]:
    return {
        **record.config.facts,
        "metric": record.metric,
        **{part: record.score(part) for part in vocabulary.SPLITS},
        "best_epoch": record.best_epoch,
        "status": record.summary["status"],
        "run": record.id,
    }
