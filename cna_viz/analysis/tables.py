"""Records as tables: one row per run, or per run and layer."""

from collections.abc import Sequence

import pandas as pd

from cna_viz.records.record import Record


def accuracy_table(records: Sequence[Record]) -> pd.DataFrame:
    """One row per run: what it was, accuracies of the selected model (0 to 1), best epoch, status, id."""
    return pd.DataFrame([_row(record) for record in records])


def layer_table(records: Sequence[Record], measure: str, stage: str = "slot") -> pd.DataFrame:
    """One row per run and layer with a measure of the selected model: slot, layers, seed, layer, value.

    Args:
        records: The runs.
        measure: Name of a measure.
        stage: ``conv`` or ``slot``. With ``slot`` the last layer, which has none, is left out.
    """
    tables = []
    for record in records:
        values = record.metrics[measure].sel(stage=stage, epoch=record.best_epoch).dropna("layer")
        tables.append(pd.DataFrame({**_identity(record), "layer": values.layer.values, "value": values.values}))
    return pd.concat(tables, ignore_index=True)


def _identity(record: Record) -> dict[str, object]:
    config = record.config
    return {
        "dataset": config.data.dataset,
        "split": config.data.split,
        "backbone": config.model.backbone,
        "slot": config.model.slot,
        "layers": config.model.layers,
        "seed": config.seed,
    }


def _row(record: Record) -> dict[str, object]:
    accuracy = record.summary["accuracy"]
    return {
        **_identity(record),
        **{part: accuracy.get(part, float("nan")) for part in ("train", "val", "test")},
        "best_epoch": record.best_epoch,
        "status": record.summary["status"],
        "run": record.id,
    }
