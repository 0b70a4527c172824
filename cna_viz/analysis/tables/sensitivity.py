"""The mean score for every pair of values of two settings, with the arms to compare it with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from cna_viz.analysis.statistics.intervals import all_or_none, confidence_interval
from cna_viz.analysis.tables.comparison import arms_of, drop_duplicates
from cna_viz.config import RunConfig
from cna_viz.config.arms import active_settings
from cna_viz.config.fields import settings
from cna_viz.config.vocabulary import SplitName
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record
from cna_viz.scores import bounds

REFERENCE: Final = ["arm", "setting", "value"]
"""Columns that identify a reference."""


@dataclass(frozen=True)
class Sensitivity:
    """The effect of two settings on the score.

    Attributes:
        cells: A row per arm and pair of values that has runs: ``arm``, ``x``, ``y``, ``mean``, ``spread`` (standard
            deviation over seeds, NaN with one), ``least``, ``most``, ``runs``, and ``diverged``, the number of runs
            without a score; then the others are NaN.
        references: A row per arm in which at least one setting has no effect, and per value of the other: ``arm``,
            ``setting`` (the one that has an effect, or empty), ``value``, ``mean``, ``low``, ``high``, ``count`` (of
            runs), and ``diverged``, the number of runs without a score; then there is no mean.
    """

    cells: pd.DataFrame
    references: pd.DataFrame


def setting_values(configs: Sequence[RunConfig], name: str) -> list[float]:
    """Return the value of a numeric setting in every run; NaN where it has no effect."""
    if name not in settings():
        raise unknown_name("setting", name, settings())
    values = []
    for config in configs:
        value = active_settings(config).get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise UsageError(f"{name} = {value!r} is not a number: the score can't be drawn against it")
        values.append(float("nan") if value is None else float(value))
    return values


def sensitivity(records: Sequence[Record], x: str, y: str, split: SplitName = "test") -> Sensitivity:
    """Return the score for every pair of values of two numeric settings.

    Nothing is clipped or filled in: a pair of values without runs has no row, one with a run that diverged no mean,
    because a mean of the others would be a mean of the lucky. A run given twice, or recorded in two ways, counts once.
    """
    if x == y:
        raise UsageError(f"x and y are both {x!r}: a map needs two settings")
    records = drop_duplicates(records)
    configs = [record.config for record in records]
    values = {"x": setting_values(configs, x), "y": setting_values(configs, y)}
    scores = [record.score(split) for record in records]
    rows = pd.DataFrame({"arm": arms_of(records, ignore={x, y}), **values, "score": scores})
    both = rows["x"].notna() & rows["y"].notna()
    if not both.any():
        these = f"these {len(records)} runs" if len(records) > 1 else "this 1 run"
        raise UsageError(f"{x} and {y} have no effect together in {these}: nothing to draw")
    cells = [
        {"arm": arm, "x": first, "y": second, **_cell(group["score"])}
        for (arm, first, second), group in rows[both].groupby(["arm", "x", "y"], sort=False)
    ]
    return Sensitivity(pd.DataFrame(cells), _references(rows[~both], x, y, records[0].metric))


def _cell(scores: "pd.Series[float]") -> dict[str, float]:
    known = all_or_none(scores)
    return {
        "mean": float(known.mean()),
        "spread": float(known.std(ddof=1)),
        "least": float(known.min()),
        "most": float(known.max()),
        "runs": len(scores),
        "diverged": int(scores.isna().sum()),
    }


def _references(rows: pd.DataFrame, x: str, y: str, metric: str) -> pd.DataFrame:
    setting = np.where(rows["x"].notna(), x, np.where(rows["y"].notna(), y, ""))
    shown = rows.assign(setting=setting, value=rows["x"].fillna(rows["y"]).fillna(0.0))
    found = [
        {
            **dict(zip(REFERENCE, key, strict=True)),
            **vars(confidence_interval(all_or_none(scores), bounds=bounds(metric))),
            "count": len(scores),
            "diverged": int(scores.isna().sum()),
        }
        for key, scores in shown.groupby(REFERENCE, sort=False)["score"]
    ]
    return pd.DataFrame(found, columns=[*REFERENCE, "mean", "low", "high", "count", "diverged"])
