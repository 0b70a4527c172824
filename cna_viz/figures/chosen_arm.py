"""What does one arm change, among the others of its depth?"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb
from plotly.subplots import make_subplots

from cna_viz.analysis.chosen_arm import arms_by_depth, score_table, scores_by_depth
from cna_viz.analysis.chosen_arm_findings import difference_words
from cna_viz.analysis.findings import CHANCE, chance_score
from cna_viz.errors import unknown_name
from cna_viz.figures.accuracy_lines import logarithmic
from cna_viz.figures.checks import one_metric
from cna_viz.figures.labels import SETTING_AXES, layers_words, provenance, student_note, which_model
from cna_viz.figures.marks import add_slot_line
from cna_viz.figures.theme import INK, MUTED, finish, slot_style, space_below
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, factor, label

Arms = Mapping[str, Sequence[Record]]

ROW: Final = 30
"""Height of a row in pixels."""
DIFFERENCE: Final = (
    "rules across the chosen arm: its runs · difference: pairs of the same split and seed, bootstrap interval"
)
TOP: Final = 138
"""Space above the panels: title, difference and a legend of two lines."""
NUMBERS: Final = 150
"""Space for the numbers at the right of the rows."""
FAINT: Final = 0.4
"""Opacity of the arms that were not chosen."""


def plot_chosen_arm(
    records: Sequence[Record],
    arm: str = "cna",
    baseline: str = "relu",
    *,
    layers: int | None = None,
    part: str = "test",
) -> go.Figure:
    """Draw the score of one arm among all arms of its depth, its difference from a baseline, and its way over depths.

    Arms are those of :func:`~cna_viz.analysis.chosen_arm.arms_by_depth`, the best at the top; the chosen one stands
    out, the baseline is a line with its interval as a band. The difference, pair by pair, is written below the title.
    Where the arm or the baseline was trained at several depths, a second panel shows both there.

    Args:
        records: Runs on one dataset and one split protocol, which differ in nothing but slots, depth and seeds.
        arm: The chosen arm.
        baseline: The arm that it is held against; passed over where the depth has none.
        layers: The depth; the greatest that has the arm when left out.
        part: train, val or test.

    Raises:
        UsageError: When there are no records, runs are of several datasets or split protocols, or there is no such arm,
            depth or part.
    """
    metric, depths = one_metric(records), arms_by_depth(records)
    layers = _depth(depths, arm) if layers is None else layers
    arms = depths.get(layers, {})
    if arm not in arms:
        raise unknown_name(f"arm at {layers_words(layers)}", arm, arms)
    against = baseline if baseline in arms else ""
    table, scale = score_table(arms, part), factor(metric)
    table[["mean", "low", "high"]] *= scale
    table["values"] = [[scale * value for value in values] for values in table["values"]]
    lines = {name: _line(depths, name, part, scale) for name in dict.fromkeys((arm, against or arm))}
    both = any(len(line) > 1 for line in lines.values())
    figure = make_subplots(1, 1 + both, column_widths=[0.56, 0.44] if both else None, horizontal_spacing=0.27)
    chance = scale * _chance(arms, part)
    _add_reference(figure, table, against, legend=not both)
    _add_chance(figure, chance, len(table), CHANCE[metric])
    _add_rows(figure, table, arm, metric)
    figure.update_xaxes(title=label(metric, part), range=_range(table, chance), row=1, col=1)
    if both:
        _add_depths(figure, lines, layers)
        figure.update_yaxes(title=label(metric, part), side="right", row=1, col=2)
    shown = [record for runs in arms.values() for record in runs]
    footnote = provenance(shown, f"{which_model(shown)}; {student_note(metric)}", DIFFERENCE)
    bottom = space_below(footnote)
    height = TOP + ROW * max(7, len(table)) + bottom
    finish(figure, _title(arm, against, layers), footnote, height=height, bottom=bottom)
    _align_left(figure, table)
    figure.update_layout(margin={"r": 24 if both else NUMBERS})
    if against and arm != against:
        words = f"against {slot_style(against).label}: <b>{difference_words(arms, arm, against, part)}</b>"
        figure.update_layout(title={"subtitle": {"text": words, "font": {"size": 15, "color": INK}}})
    return figure


def _depth(depths: Mapping[int, Arms], arm: str) -> int:
    having = [layers for layers, arms in depths.items() if arm in arms]
    if not having:
        raise unknown_name("arm", arm, list(dict.fromkeys(name for arms in depths.values() for name in arms)))
    return having[-1]


def _title(arm: str, against: str, layers: int) -> str:
    where = f"at {layers_words(layers)}"
    return (
        f"What do other slots change {where}?"
        if arm == against
        else f"What does {slot_style(arm).label} change {where}?"
    )


def _line(depths: Mapping[int, Arms], arm: str, part: str, scale: float) -> pd.DataFrame:
    table = scores_by_depth(depths, arm, part)
    table[["mean", "low", "high"]] *= scale
    return table


def _add_reference(figure: go.Figure, table: pd.DataFrame, baseline: str, *, legend: bool) -> None:
    """Draw the baseline through all rows: its mean as a line, its interval as a band."""
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
            fillcolor=f"rgba{(*hex_to_rgb(style.color), 0.12)}",
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            name=f"{style.label}, interval",
            row=1,
            col=1,
        )
    look = {"color": style.color, "dash": style.dash, "width": 2}
    _add_rule(figure, float(row["mean"]), len(table), look, style.label, legend=legend)


def _chance(arms: Arms, part: str) -> float:
    records = [record for runs in arms.values() for record in runs if record.config.watched is None]
    known = [chance for record in records if np.isfinite(chance := chance_score(record, part))]
    return float(np.mean(known)) if known else np.nan


def _add_chance(figure: go.Figure, chance: float, rows: int, name: str) -> None:
    if np.isfinite(chance):
        _add_rule(figure, chance, rows, {"color": MUTED, "dash": "dot", "width": 2}, name)


def _range(table: pd.DataFrame, chance: float) -> list[float] | None:
    """Return an axis on which nothing lies at the edge; None where there is nothing to show."""
    values = [value for name in ("mean", "low", "high") for value in table[name]] + [chance]
    finite = [value for value in values if np.isfinite(value)]
    room = 0.05 * ((max(finite) - min(finite)) or 1.0) if finite else 0.0
    return [min(finite) - room, max(finite) + room] if finite else None


def _align_left(figure: go.Figure, table: pd.DataFrame) -> None:
    """Let the footnote begin below the labels of the rows, so that a narrow page does not cut its end off."""
    left = 40 + round(7.5 * max(len(slot_style(str(arm)).label) for arm in table["arm"]))
    figure.update_layout(margin={"t": TOP, "l": left}, uirevision="chosen arm")
    figure.layout.annotations[-1].update(xshift=16 - left)


def _add_rule(
    figure: go.Figure, x: float, rows: int, look: Mapping[str, object], name: str, *, legend: bool = True
) -> None:
    figure.add_scatter(
        x=[x, x],
        y=_ends(rows),
        mode="lines",
        line=look,
        name=name,
        showlegend=legend,
        hovertemplate=f"{name}<br>%{{x:.4~g}}<extra></extra>",
        row=1,
        col=1,
    )


def _ends(rows: int) -> list[float]:
    """Return where the panel of so many rows begins, at the top, and ends."""
    return [-0.6, rows - 0.4]


def _add_rows(figure: go.Figure, table: pd.DataFrame, chosen: str, metric: str) -> None:
    ticks = []
    for height, row in table.iterrows():
        own = slot_style(str(row["arm"]))
        is_chosen = row["arm"] == chosen
        words = own.label if row["count"] else f"{own.label} · a run diverged"
        ticks.append(f"<b>{words} ◂</b>" if is_chosen else words)
        if row["count"]:
            _add_row(figure, row, height, is_chosen)
            _write(figure, row, height, metric, is_chosen)
    figure.update_yaxes(
        tickvals=list(range(len(table))),
        ticktext=ticks,
        range=_ends(len(table))[::-1],
        showgrid=False,
        ticks="",
        row=1,
        col=1,
    )


def _add_row(figure: go.Figure, row: "pd.Series[float]", height: int, chosen: bool) -> None:
    """Draw mean and interval of an arm; of the chosen one the single runs, too."""
    style = slot_style(str(row["arm"]))
    if chosen:
        runs = row["values"]
        look = {"size": 7, "color": MUTED, "symbol": "line-ns-open", "line": {"width": 2}}
        figure.add_scatter(
            x=runs,
            y=[height] * len(runs),
            mode="markers",
            marker=look,
            name="one run",
            showlegend=False,
            hoverinfo="x",
            row=1,
            col=1,
        )
    ends = {"array": [row["high"] - row["mean"]], "arrayminus": [row["mean"] - row["low"]], "symmetric": False}
    figure.add_scatter(
        x=[row["mean"]],
        y=[height],
        mode="markers",
        marker={"color": style.color, "symbol": style.symbol, "size": 15 if chosen else 9},
        error_x={**ends, "color": style.color, "thickness": 4 if chosen else 2, "width": 0},
        opacity=1 if chosen else FAINT,
        name=style.label,
        showlegend=False,
        hovertemplate=f"{style.label}<br>%{{x:.4~g}}, {int(row['count'])} runs<extra></extra>",
        row=1,
        col=1,
    )


def _write(figure: go.Figure, row: "pd.Series[float]", height: int, metric: str, chosen: bool) -> None:
    """Write the numbers of an arm at the right of its row."""
    digits = ".1f" if metric in SHARES else ".3g"
    ends = f" [{row['low']:{digits}}, {row['high']:{digits}}]" if np.isfinite(row["low"]) else ""
    words = f"{row['mean']:{digits}}{ends}".replace("-", "−")
    figure.add_annotation(
        text=f"<b>{words}</b>" if chosen else words,
        xref="x domain",
        x=1,
        xanchor="left",
        xshift=6,
        yref="y",
        y=height,
        yanchor="middle",
        showarrow=False,
        font={"size": 12, "color": INK if chosen else MUTED},
    )


def _add_depths(figure: go.Figure, lines: Mapping[str, pd.DataFrame], layers: int) -> None:
    """Draw the chosen arm and the baseline over the depths, and where in them the rows are."""
    for arm, table in lines.items():
        add_slot_line(figure, arm, "layers", table, row=1, col=2)
    figure.add_vline(x=layers, line={"color": INK, "width": 1.5, "dash": "dot"}, row=1, col=2)
    depths = sorted({int(depth) for table in lines.values() for depth in table["layers"]})
    scale = "log" if logarithmic(depths) else "linear"
    ticks = {"tickvals": depths, "ticktext": [str(depth) for depth in depths]}
    figure.update_xaxes(title=SETTING_AXES["layers"], type=scale, **ticks, row=1, col=2)
