"""What does one arm change, among the others of its depth?"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.sentences.chosen_arm_findings import difference_words
from cna_viz.analysis.tables.chosen_arm import arms_by_depth, score_table, scores_by_depth
from cna_viz.analysis.tables.predictions import CHANCE, chance_score
from cna_viz.analysis.words import counted
from cna_viz.config.vocabulary import SLOTS, SplitName
from cna_viz.errors import unknown_name
from cna_viz.figures.pieces.forest import ROW
from cna_viz.figures.pieces.marks import add_slot_line, add_words, error_bars, faint
from cna_viz.figures.style.labels import (
    SETTING_AXES,
    layers_words,
    one_metric,
    provenance,
    student_note,
    which_model,
)
from cna_viz.figures.style.theme import INK, MUTED, finish, logarithmic, slot_style
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, factor, label

Arms = Mapping[str, Sequence[Record]]

FAINT: Final = 0.4
"""Opacity of the arms that are not chosen."""
DIFFERENCE: Final = (
    "rules across the chosen arm: its runs · difference: pairs of the same split and seed, 95 % interval"
)
TOP: Final = 138
"""Space above the panels: title, difference and a legend of two lines."""
NUMBERS: Final = 150
"""Space for the numbers at the right of the rows."""
ROWS: Final = {"row": 1, "col": 1}
"""The panel of the rows."""


def plot_chosen_arm(
    records: Sequence[Record],
    arm: str = "cna",
    baseline: str = "relu",
    *,
    layers: int | None = None,
    split: SplitName = "test",
) -> go.Figure:
    """Draw the score of one arm among all arms of its depth, its difference from a baseline, and both over depths.

    Arms are those of :func:`.chosen_arm.arms_by_depth`, the best at the top; the chosen one stands out, the baseline is
    a line with its interval as a band. The paired difference is written below the title. Where the arm or the baseline
    was trained at several depths, a second panel shows both there.

    Args:
        records: Runs on one dataset and one split protocol, which differ in nothing but slots, depth and seeds.
        arm: The chosen arm.
        baseline: The arm to compare it with; a slot without runs at this depth is ignored.
        layers: The depth; the greatest that has the arm when left out.
        split: train, val or test.

    Raises:
        UsageError: When there are no records, runs are of several datasets or split protocols, or there is no such arm,
            baseline, depth or split.
    """
    metric, depths = one_metric(records), arms_by_depth(records)
    known = list(dict.fromkeys(name for arms in depths.values() for name in arms))
    if layers is None:
        if arm not in known:
            raise unknown_name("arm", arm, known)
        layers = [depth for depth, arms in depths.items() if arm in arms][-1]
    arms = depths.get(layers, {})
    if arm not in arms:
        raise unknown_name(f"arm at {layers_words(layers)}", arm, arms)
    # A slot without runs is no mistake: records of another dataset may have some.
    if baseline not in {*known, *SLOTS}:
        raise unknown_name("baseline", baseline, known)
    against = baseline if baseline in arms else ""
    table, scale = score_table(arms, split), factor(metric)
    table[["mean", "low", "high"]] *= scale
    table["values"] = [[scale * value for value in values] for values in table["values"]]
    lines = {name: scores_by_depth(depths, name, split) for name in dict.fromkeys((arm, against or arm))}
    for line in lines.values():
        line[["mean", "low", "high"]] *= scale
    both = any(len(line) > 1 for line in lines.values())
    figure = make_subplots(1, 1 + both, column_widths=[0.56, 0.44] if both else None, horizontal_spacing=0.27)
    chance = scale * _chance(arms, split)
    _add_reference(figure, table, against, legend=not both)
    if np.isfinite(chance):
        _add_rule(figure, chance, len(table), {"color": MUTED, "dash": "dot", "width": 2}, CHANCE[metric])
    _add_rows(figure, table, arm, metric)
    figure.update_xaxes(title=label(metric, split), range=_range(table, chance), **ROWS)
    if both:
        _add_depths(figure, lines, layers)
        figure.update_yaxes(title=label(metric, split), side="right", row=1, col=2)
    asked = "do other slots" if arm == against else f"does {slot_style(arm).label}"
    _finish(figure, arms, table, f"What {asked} change at {layers_words(layers)}?", room=24 if both else NUMBERS)
    if against and arm != against:
        words = f"against {slot_style(against).label}: <b>{difference_words(arms, arm, against, split)}</b>"
        figure.update_layout(title={"subtitle": {"text": words, "font": {"size": 15, "color": INK}}})
    return figure


def _chance(arms: Arms, split: SplitName) -> float:
    records = [record for runs in arms.values() for record in runs if record.config.watched is None]
    known = [chance for record in records if np.isfinite(chance := chance_score(record, split))]
    return float(np.mean(known)) if known else np.nan


def _add_reference(figure: go.Figure, table: pd.DataFrame, baseline: str, *, legend: bool) -> None:
    """Draw an arm through all rows: its mean as a line, its interval as a band; nothing where it has no mean."""
    found = table[table["arm"] == baseline]
    if found.empty or not found["count"].iloc[0]:
        return
    style, row, (top, bottom) = slot_style(baseline), found.iloc[0], _ends(len(table))
    if np.isfinite(row["low"]):
        figure.add_scatter(
            x=[row["low"], row["high"], row["high"], row["low"]],
            y=[top, top, bottom, bottom],
            mode="lines",
            fill="toself",
            fillcolor=faint(style.color, 0.12),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            name=f"{style.label}, interval",
            **ROWS,
        )
    look = {"color": style.color, "dash": style.dash, "width": 2}
    _add_rule(figure, float(row["mean"]), len(table), look, style.label, legend=legend)


def _add_rule(
    figure: go.Figure, x: float, rows: int, look: Mapping[str, object], name: str, *, legend: bool = True
) -> None:
    hover = f"{name}<br>%{{x:.4~g}}<extra></extra>"
    shape = {"mode": "lines", "line": look, "showlegend": legend, "hovertemplate": hover}
    figure.add_scatter(x=[x, x], y=_ends(rows), name=name, **shape, **ROWS)


def _add_rows(figure: go.Figure, table: pd.DataFrame, chosen: str, metric: str) -> None:
    """Draw a row per arm from top to bottom, with its numbers at the right, and the single runs of the chosen one."""
    names = []
    for height, (_, row) in enumerate(table.iterrows()):
        label = slot_style(str(row["arm"])).label
        words = label if row["count"] else f"{label} · a run diverged"
        names.append(f"<b>{words} ◂</b>" if row["arm"] == chosen else words)
        if row["count"]:
            _add_row(figure, row, height, metric, row["arm"] == chosen)
    ticks = {"tickvals": list(range(len(table))), "ticktext": names, "showgrid": False, "ticks": ""}
    figure.update_yaxes(range=_ends(len(table))[::-1], **ticks, **ROWS)


def _add_row(figure: go.Figure, row: "pd.Series[Any]", height: int, metric: str, chosen: bool) -> None:
    style = slot_style(str(row["arm"]))
    if chosen:
        marker = {"size": 7, "color": MUTED, "symbol": "line-ns-open", "line": {"width": 2}}
        look = {"mode": "markers", "marker": marker, "name": "one run", "showlegend": False, "hoverinfo": "x"}
        figure.add_scatter(x=row["values"], y=[height] * len(row["values"]), **look, **ROWS)
    figure.add_scatter(
        x=[row["mean"]],
        y=[height],
        mode="markers",
        marker={"color": style.color, "symbol": style.symbol, "size": 15 if chosen else 9},
        error_x=error_bars(row.to_frame().T, color=style.color, thickness=4 if chosen else 2, width=0),
        opacity=1 if chosen else FAINT,
        name=style.label,
        showlegend=False,
        hovertemplate=f"{style.label}<br>%{{x:.4~g}}, {counted(int(row['count']), 'run')}<extra></extra>",
        **ROWS,
    )
    digits = ".1f" if metric in SHARES else ".3g"
    ends = f" [{row['low']:{digits}}, {row['high']:{digits}}]" if np.isfinite(row["low"]) else ""
    words = f"{row['mean']:{digits}}{ends}".replace("-", "−")
    words, color = (f"<b>{words}</b>", INK) if chosen else (words, MUTED)
    add_words(figure, words, 1, height, "left middle", size=12, color=color, xref="x domain", xshift=6, yref="y")


def _range(table: pd.DataFrame, chance: float) -> list[float] | None:
    """Return the range of an axis on which nothing lies at the edge; None where there is nothing to show."""
    finite = [value for value in [*table[["mean", "low", "high"]].to_numpy().ravel(), chance] if np.isfinite(value)]
    room = 0.05 * ((max(finite) - min(finite)) or 1.0) if finite else 0.0
    return [min(finite) - room, max(finite) + room] if finite else None


def _ends(rows: int) -> list[float]:
    """Return where the panel of so many rows begins, at the top, and ends."""
    return [-0.6, rows - 0.4]


def _add_depths(figure: go.Figure, lines: Mapping[str, pd.DataFrame], layers: int) -> None:
    """Draw the chosen arm and the baseline over the depths, and mark the depth of the rows."""
    for arm, table in lines.items():
        add_slot_line(figure, arm, "layers", table, row=1, col=2)
    figure.add_vline(x=layers, line={"color": INK, "width": 1.5, "dash": "dot"}, row=1, col=2)
    depths = sorted({int(depth) for table in lines.values() for depth in table["layers"]})
    scale = "log" if logarithmic(depths) else "linear"
    ticks = {"tickvals": depths, "ticktext": [str(depth) for depth in depths]}
    figure.update_xaxes(title=SETTING_AXES["layers"], type=scale, **ticks, row=1, col=2)


def _finish(figure: go.Figure, arms: Arms, table: pd.DataFrame, title: str, room: int) -> None:
    """Add title and footnote, which begins below the labels of the rows, so that a narrow page does not cut it off."""
    shown = [record for runs in arms.values() for record in runs]
    footnote = provenance(shown, f"{which_model(shown)}; {student_note(shown[0].metric)}", DIFFERENCE)
    finish(figure, title, footnote, height=TOP + ROW * max(7, len(table)))
    left = 40 + round(7.5 * max(len(slot_style(str(arm)).label) for arm in table["arm"]))
    figure.update_layout(margin={"t": TOP, "l": left, "r": room}, uirevision="chosen arm")
    figure.layout.annotations[-1].update(xshift=16 - left)
