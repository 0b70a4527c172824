"""Smoothing or vanishing gradients?"""

from collections.abc import Sequence
from itertools import cycle, product
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.tables.collapse import (
    COLLAPSED_RANK,
    QUADRANTS,
    SELECTED,
    START,
    VANISHED,
    collapse_table,
    settles,
)
from cna_viz.errors import UsageError
from cna_viz.figures.pieces.marks import add_words, legend_mark
from cna_viz.figures.style.labels import one_metric, provenance
from cna_viz.figures.style.theme import MUTED, PAPER, SEQUENTIAL, escaped, finish, log_axis, slot_style
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, factor, label

PANELS: Final = {START: "the untrained network", SELECTED: "the selected model"}
REACH: Final = 1e12
"""Gradients that fall or grow by more than this are drawn at the edge."""
LOWEST_RANK: Final = 0.9
"""Where features that are all zero, whose rank is 0, are drawn."""
SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "cross", "star", "pentagon", "hourglass", "hexagon")
"""Of the slots, in their order."""
VARIANTS: Final = ("", "-open", "-dot", "-open-dot")
"""Of a shape, one for each way in which arms of one slot differ otherwise."""


def plot_collapse_map(records: Sequence[Record]) -> go.Figure:
    """Draw runs by how much of the gradient arrives and how much of the features is left, before and after training.

    To the left the gradient vanishes on its way to the first layer, to the right it grows; at the bottom the features
    of all nodes span fewer than two directions. Colour is the score on the training nodes. In the corner *features
    collapse*, dark runs have a gradient that arrives and did not help; bright ones show that training can fix it.
    Numbers and thresholds are those of :func:`~cna_viz.analysis.tables.collapse.collapse_table`.

    Args:
        records: Runs of several arms and depths that measured ``gradient_norm`` and ``effective_rank``.

    Raises:
        UsageError: When there are no records, or none has both measures.
    """
    metric = one_metric(records)
    table = collapse_table(records)
    shown = table.dropna(subset=["gradient", "rank"])
    if shown.empty:
        raise UsageError("these records hold no value of 'gradient_norm' and 'effective_rank' at one epoch to draw")
    figure = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=list(PANELS.values()))
    shown = shown.assign(gradient_drawn=shown["gradient"].clip(1 / REACH, REACH), rank=shown["rank"].clip(LOWEST_RANK))
    symbols, legend = _looks(table)
    for column, model in enumerate(PANELS, start=1):
        for arm, rows in shown[shown["model"] == model].groupby("arm", sort=False):
            _add_arm(figure, rows, str(arm), symbols[str(arm)], column, metric)
    for name, symbol in legend.items():
        fill = MUTED if symbol in SHAPES or "open" in symbol else PAPER
        look = {"symbol": symbol, "size": 10, "color": fill, "line": {"width": 1.5, "color": MUTED}}
        figure.add_trace(legend_mark(name, look))
    _add_quadrants(figure)
    gradients, ranks = _span(shown["gradient_drawn"], VANISHED, 1.5), _span(shown["rank"], COLLAPSED_RANK, 0.4)
    figure.update_xaxes(title="gradient, first hidden layer / last", **log_axis(np.power(10.0, gradients)))
    figure.update_xaxes(range=gradients)
    figure.update_yaxes(**log_axis([*shown["rank"], COLLAPSED_RANK]), range=ranks)
    figure.update_yaxes(title="effective rank of the last hidden layer", col=1)
    bar = {"title": {"text": label(metric, "training<br>")}, "len": 0.5, "y": 1.03, "yanchor": "top", "thickness": 14}
    figure.update_layout(
        coloraxis={"colorscale": SEQUENTIAL, "colorbar": bar, **({"cmin": 0, "cmax": 100} if metric in SHARES else {})},
        legend={"orientation": "v", "x": 1.02, "y": 0.46, "yanchor": "top"},
    )
    return finish(figure, "Smoothing or vanishing gradients?", provenance(records, *_notes(table, records)), height=470)


def _add_arm(figure: go.Figure, rows: pd.DataFrame, arm: str, symbol: str, column: int, metric: str) -> None:
    name = slot_style(arm).label
    figure.add_scatter(
        x=rows["gradient_drawn"],
        y=rows["rank"],
        mode="markers",
        marker={
            "symbol": symbol,
            "size": 11,
            "color": factor(metric) * rows["train"],
            "coloraxis": "coloraxis",
            "line": {"width": 2 if "open" in symbol else 0.8},
        },
        name=name,
        showlegend=False,
        customdata=rows[["layers", "seed", "gradient", "train", "test"]],
        hovertemplate=f"{name}, %{{customdata[0]}} layers, seed %{{customdata[1]}}<br>"
        "gradient × %{customdata[2]:.2g}, rank %{y:.1f}<br>"
        "training %{customdata[3]:.3~g}, test %{customdata[4]:.3~g}<extra></extra>",
        row=1,
        col=column,
    )


def _looks(table: pd.DataFrame) -> tuple[dict[str, str], dict[str, str]]:
    """Return the marker of every arm, and the legend: a shape per slot, a filling per other difference between arms."""
    others = [arm.removeprefix(slot) for arm, slot in zip(table["arm"], table["slot"], strict=True)]
    shapes = dict(zip(dict.fromkeys(table["slot"]), cycle(SHAPES), strict=False))
    fillings = dict(zip(dict.fromkeys(others), cycle(VARIANTS), strict=False))
    arms = zip(table["arm"], table["slot"], others, strict=True)
    legend = {slot_style(slot).label: shape for slot, shape in shapes.items()}
    if len(fillings) > 1:
        names = {other: escaped(other.strip(", ")) or "nothing else" for other in fillings}
        legend |= {names[other]: "circle" + filling for other, filling in fillings.items()}
    return {arm: shapes[slot] + fillings[other] for arm, slot, other in arms}, legend


def _span(values: "pd.Series[float]", threshold: float, room: float) -> list[float]:
    """Return the decimal logarithms that an axis goes between: all values, and room beside the threshold."""
    logs = np.log10(values)
    low, high = min(logs.min(), np.log10(threshold) - room), max(logs.max(), np.log10(threshold) + room)
    return [low - 0.04 * (high - low), high + 0.09 * (high - low)]  # more above, where a corner has its word


def _add_quadrants(figure: go.Figure) -> None:
    """Draw the thresholds, and label every corner."""
    line = {"line_color": MUTED, "line_width": 1, "line_dash": "dot"}
    figure.add_vline(x=VANISHED, **line)
    figure.add_hline(y=COLLAPSED_RANK, **line)
    corners = zip(QUADRANTS, ((1, 1), (0, 1), (1, 0), (0, 0)), strict=True)
    for (words, (x, y)), panel in product(corners, ("", "2")):
        anchor = f"{'right' if x else 'left'} {'top' if y else 'bottom'}"
        white = "rgba(255, 255, 255, 0.7)"
        where: dict[str, Any] = {"xref": f"x{panel} domain", "yref": "y domain", "bgcolor": white}
        add_words(figure, f"<i>{words}</i>", x, y, anchor, color=MUTED, **where)


def _notes(table: pd.DataFrame, records: Sequence[Record]) -> list[str]:
    """Return the notes on thresholds, and on runs that are missing or not where one looks for them."""
    notes = [
        f"after the convolutions; the gradient vanishes where the first hidden layer has less than {VANISHED:g} of "
        "that at the last,",
        f"features collapse below an effective rank of {COLLAPSED_RANK:g}; the training score is that of the selected "
        "model in both panels",
    ]
    if missing := int(table[["gradient", "rank"]].isna().any(axis=1).sum()):
        notes.append(f"not drawn: {missing} of {len(table)} networks, which diverged or were not measured")
    if late := sorted({record.config.slot for record in records if settles(record)}):
        notes.append(f"{' and '.join(late)}: at the first epoch measured after the start, when it has statistics")
    if (table["gradient"] < 1 / REACH).any() or (table["gradient"] > REACH).any():
        notes.append(f"ratios beyond {1 / REACH:g} and {REACH:g} are drawn at the edge")
    return notes
