"""How much does the score depend on two settings?"""

from collections.abc import Sequence
from itertools import product
from math import ceil
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.tables.predictions import CHANCE, chance_score
from cna_viz.analysis.tables.sensitivity import sensitivity
from cna_viz.analysis.words import counted, runs_each
from cna_viz.config.vocabulary import SplitName
from cna_viz.errors import UsageError
from cna_viz.figures.pieces.marks import color_scale
from cna_viz.figures.style.labels import one_metric, provenance, setting_axis, which_model
from cna_viz.figures.style.theme import MUTED, escaped, finish, slot_style
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, WORDS, factor, label, written

COLUMNS: Final = 3
"""Panels beside each other."""
GAP: Final = 110
"""Pixels between panels below each other, for ticks, title of the axis and name of the next."""
MISSING, DIVERGED = "–", "✕"


def plot_sensitivity(
    records: Sequence[Record], x: str = "clusters", y: str = "hidden", *, split: SplitName = "test"
) -> go.Figure:
    """Draw the mean score for every pair of values of two settings, one panel per arm, all on one colour scale.

    Every cell has its mean and, below it, the standard deviation over its seeds. The scale goes from the smallest to
    the largest mean: nothing is clipped. (The script that draws the sensitivity figure in the released code of CNA,
    ``sensitivity_results.py`` of ml-research/cna_modules, raises every cell below 0.93 to 0.93 first.) Pairs of values
    without runs and pairs with a diverged run are marked and have no colour. Arms in which one of the settings has no
    effect, as the number of clusters with ReLU, are references in the footnote, beside chance.

    Args:
        records: Runs that differ in both settings.
        x: The setting across, by the name that grids use; its values are numbers.
        y: The setting upwards.
        split: train, val or test.

    Raises:
        UsageError: When there are no records, they differ in their metric, there is no such split or setting, a setting
            is no number, no run has an effect of both, or every cell has a run that diverged.
    """
    metric = one_metric(records, split)
    found = sensitivity(records, x, y, split)
    if found.cells["mean"].isna().all():
        raise UsageError(f"no cell has a mean of {split} {WORDS[metric]}: in each a run diverged")
    cells, arms = found.cells, list(dict.fromkeys(found.cells["arm"]))
    values = {axis: sorted(cells[axis].unique()) for axis in "xy"}
    rows, panel = ceil(len(arms) / COLUMNS), max(220, 46 * len(values["y"]))
    inner = rows * panel + (rows - 1) * GAP
    figure = make_subplots(
        rows,
        min(COLUMNS, len(arms)),
        shared_yaxes=True,
        horizontal_spacing=0.03,
        vertical_spacing=GAP / inner,
        subplot_titles=[slot_style(arm).label for arm in arms],
    )
    for number, arm in enumerate(arms):
        where = {"row": 1 + number // COLUMNS, "col": 1 + number % COLUMNS}
        _add_panel(figure, cells[cells["arm"] == arm], values["x"], values["y"], metric, where)
    figure.update_xaxes(title=setting_axis(x), **_ticks(values["x"]))
    figure.update_yaxes(**_ticks(values["y"]))
    figure.update_yaxes(title=setting_axis(y), col=1)
    known = factor(metric) * cells["mean"].dropna()
    ends = {"cmin": float(known.min()), "cmax": float(known.max())}
    figure.update_layout(color_scale(f"mean {label(metric, split)}", **ends))
    footnote = provenance(records, *_notes(records, found.cells, found.references, values, metric, split))
    title = f"How much does {WORDS[metric]} depend on {_words(x)} and on {_words(y)}?"
    return finish(figure, title, footnote, height=100 + inner)


def _add_panel(
    figure: go.Figure,
    cells: pd.DataFrame,
    xs: Sequence[float],
    ys: Sequence[float],
    metric: str,
    where: dict[str, int],
) -> None:
    table = cells.set_index(["y", "x"]).reindex(pd.MultiIndex.from_product([ys, xs]))
    scale, shape = factor(metric), (len(ys), len(xs))
    means = (scale * table["mean"]).to_numpy(dtype=float).reshape(shape)
    texts = [_text(row, metric) for _, row in table.iterrows()]
    hovers = [_hover(row, metric) for _, row in table.iterrows()]
    across, upwards = list(range(len(xs))), list(range(len(ys)))
    figure.add_heatmap(
        x=across,
        y=upwards,
        z=means,
        text=np.array(texts, dtype=object).reshape(shape),
        texttemplate="%{text}",
        textfont={"size": 14},
        customdata=np.array(hovers, dtype=object).reshape(shape),
        hovertemplate="%{customdata}<extra></extra>",
        coloraxis="coloraxis",
        xgap=2,
        ygap=2,
        **where,
    )
    # Cells without a colour show no text of their own.
    for (upward, place), (_, row) in zip(product(upwards, across), table.iterrows(), strict=True):
        if pd.isna(row["mean"]):
            mark = DIVERGED if row["diverged"] > 0 else MISSING
            look = {"showarrow": False, "font": {"size": 16, "color": MUTED}}
            figure.add_annotation(x=place, y=upward, text=mark, **look, **where)


def _ticks(values: Sequence[float]) -> dict[str, Any]:
    """Return an axis of equally large cells, whatever lies between their values."""
    ends = [-0.5, len(values) - 0.5]
    ticks = {"tickvals": list(range(len(values))), "ticktext": [f"{value:g}" for value in values]}
    return {"range": ends, "showgrid": False, **ticks}


def _text(row: "pd.Series[Any]", metric: str) -> str:
    if pd.isna(row["mean"]):
        return ""
    scale, digits = factor(metric), ".1f" if metric in SHARES else ".3g"
    spread = (
        "" if pd.isna(row["spread"]) else f"<br><span style='font-size:11px'>±{scale * row['spread']:{digits}}</span>"
    )
    return f"{scale * row['mean']:{digits}}{spread}"


def _hover(row: "pd.Series[Any]", metric: str) -> str:
    if pd.isna(row["runs"]):
        return "no runs"
    if row["diverged"] > 0:
        return f"{row['diverged']:g} of {counted(int(row['runs']), 'run')} diverged"
    ends = f"{written(metric, row['least'])} to {written(metric, row['most'])}"
    return f"mean {written(metric, row['mean'])}<br>{ends} over {counted(int(row['runs']), 'run')}"


def _notes(
    records: Sequence[Record],
    cells: pd.DataFrame,
    references: pd.DataFrame,
    values: dict[str, list[float]],
    metric: str,
    split: SplitName,
) -> list[str]:
    """Return the notes on the cells, on missing ones, and on the references."""
    levels = [level for record in records if not np.isnan(level := chance_score(record, split))]
    spread = ", ± standard deviation over seeds" if cells["spread"].notna().any() else ""
    notes = [
        f"{which_model(records)}; cells are means of {runs_each(cells['runs'].astype(int))}{spread}; the scale goes "
        "from the smallest mean to the largest",
        *[_reference(str(arm), rows, metric) for arm, rows in references.groupby("arm", sort=False)],
        *([f"chance ({CHANCE[metric]}): {written(metric, float(np.mean(levels)))}"] if levels else []),
    ]
    pairs = len(values["x"]) * len(values["y"]) * cells["arm"].nunique()
    if pairs > len(cells):
        notes.append(f"{MISSING}: no runs ({pairs - len(cells)} of {pairs} cells)")
    if diverged := int((cells["diverged"] > 0).sum()):
        notes.append(f"{DIVERGED}: a run diverged, so there is no mean ({counted(diverged, 'cell')})")
    return notes


def _reference(arm: str, rows: pd.DataFrame, metric: str) -> str:
    """Return the means of an arm in which one of the settings has no effect, by the values of the other."""
    setting = str(rows["setting"].iloc[0])
    ordered = rows.sort_values("value")
    known = ", ".join(_mean(row, metric) + (f" ({row['value']:g})" if setting else "") for _, row in ordered.iterrows())
    return f"for comparison, {slot_style(arm).label}" + (f", by {_words(setting)}" if setting else "") + f": {known}"


def _mean(row: "pd.Series[Any]", metric: str) -> str:
    return "a run diverged" if row["diverged"] > 0 else written(metric, row["mean"])


def _words(setting: str) -> str:
    named = {"clusters": "the number of clusters", "hidden": "width", "lr": "the learning rate", "layers": "depth"}
    return named.get(setting, escaped(setting.replace("_", " ")))
