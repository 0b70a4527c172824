"""What does accuracy, or another score, cost in parameters?"""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cna_viz.analysis.tables.pareto import cost_table
from cna_viz.config import vocabulary
from cna_viz.figures.pieces.marks import legend_beside
from cna_viz.figures.style.checks import check_choice, one_metric
from cna_viz.figures.style.labels import provenance, student_note, which_model
from cna_viz.figures.style.theme import INK, MUTED, escaped, finish, log_axis, slot_style, space_below
from cna_viz.records.record import Record
from cna_viz.scores import WORDS, factor, label

PANEL: Final = 330
"""Height of the panel in pixels."""
NAME: Final = 22
"""Height of a line for the name of a member of the front in pixels."""


def plot_accuracy_by_parameters(
    records: Sequence[Record], *, along: Collection[str] = ("hidden",), part: str = "test"
) -> go.Figure:
    """Draw the score of the selected model against the number of parameters, and the networks that none beats.

    A marker is a network, with the interval over its seeds; networks that differ only in their width are joined by a
    line. The *front* is of networks than which no other is as small and as good. It is found with the mean validation
    score and drawn where its networks are in this figure: a front of test scores would select on the test nodes. So it
    need not rise everywhere, and a network above it is one that validation would not have chosen.

    Args:
        records: Runs on one dataset and one split protocol, of several arms and widths.
        along: Settings that make a network larger and no other arm.
        part: train, val or test.

    Raises:
        UsageError: When there are no records, they differ in metric, dataset or split protocol, there is no such part,
            or no run has both numbers.
    """
    metric = one_metric(records)
    check_choice("part of the split", part, vocabulary.SPLITS)
    table = cost_table(records, along, part)
    table[["mean", "low", "high"]] *= factor(metric)
    front = table[table["front"]].sort_values(["parameters", "val"])
    figure = go.Figure()
    _add_front(figure, front)
    for arm, rows in table.groupby("arm", sort=False):
        _add_arm(figure, rows.sort_values("parameters"), str(arm), list(along))
    _name_members(figure, front, list(along))
    figure.update_xaxes(title="number of parameters", **_axis(table["parameters"]))
    inner = PANEL + NAME * (len(front) + 1)
    figure.update_yaxes(title=label(metric, part), domain=[0, PANEL / inner])
    notes = [
        f"{which_model(records)}; {student_note(metric)}; all learned numbers count, those of slots too",
        f"front: as small and as good as no other by mean validation {WORDS[metric]}, drawn at its {part} "
        f"{WORDS[metric]}; a marker above it is a network that validation would not have chosen",
        *_left_out(table.attrs["left_out"], len(records)),
    ]
    footnote = provenance(records, *notes)
    bottom = space_below(footnote)
    title = f"What does {WORDS[metric]} cost in parameters?"
    height = 100 + max(inner, legend_beside(figure)) + bottom
    return finish(figure, title, footnote, height=height, bottom=bottom)


def _add_front(figure: go.Figure, front: pd.DataFrame) -> None:
    figure.add_scatter(
        x=front["parameters"],
        y=front["mean"],
        mode="lines",
        line={"color": MUTED, "width": 7, "shape": "hv"},
        opacity=0.3,
        name="front by validation",
        hoverinfo="skip",
    )


def _add_arm(figure: go.Figure, rows: pd.DataFrame, arm: str, along: Sequence[str]) -> None:
    style = slot_style(arm)
    figure.add_scatter(
        x=rows["parameters"],
        y=rows["mean"],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": rows["high"] - rows["mean"],
            "arrayminus": rows["mean"] - rows["low"],
            "color": style.color,
            "thickness": 1.5,
            "width": 4,
        },
        mode="lines+markers",
        line={"color": style.color, "dash": style.dash, "width": 2},
        marker={"symbol": style.symbol, "size": 10, "color": style.color},
        name=style.label,
        legendgroup=arm,
        showlegend=True,
        customdata=[[_name(row, along), row["val"], row["count"], _words(row["front"])] for _, row in rows.iterrows()],
        hovertemplate="%{customdata[0]}, %{x:,.0f} parameters<br>%{y:.4~g}, mean of %{customdata[2]} seeds"
        "<br>validation %{customdata[1]:.4~g}%{customdata[3]}<extra></extra>",
    )


def _name_members(figure: go.Figure, front: pd.DataFrame, along: Sequence[str]) -> None:
    """Ring the members of the front, and write their names above the panel, each on a line of its own."""
    look = {"symbol": "circle-open", "size": 18, "color": INK, "line": {"width": 1.5}}
    figure.add_scatter(
        x=front["parameters"], y=front["mean"], mode="markers", marker=look, name="on the front", hoverinfo="skip"
    )
    places = np.log10(front["parameters"].to_numpy(dtype=float))
    reach = float(np.ptp(places)) or 1.0
    for number, (place, (_, row)) in enumerate(zip(places, front.iterrows(), strict=True)):
        height = (PANEL + NAME * (len(front) - number)) / (PANEL + NAME * (len(front) + 1))
        size = float(row["parameters"])
        line = {"color": MUTED, "width": 1, "dash": "dot"}
        figure.add_shape(type="line", x0=size, x1=size, yref="paper", y0=0, y1=height, line=line, layer="below")
        figure.add_annotation(
            x=place,  # of a logarithmic axis annotations want the logarithm, and shapes do not
            yref="paper",
            y=height,
            text=_name(row, along),
            showarrow=False,
            xanchor="left" if place - places[0] <= reach / 2 else "right",
            yanchor="middle",
            font={"size": 13, "color": INK},
        )


def _axis(parameters: "pd.Series[float]") -> dict[str, object]:
    """Return a logarithmic axis with numbers written out, as far as there is room for them."""
    least, most = float(parameters.min()), float(parameters.max())
    if most > 2000 * least:
        return log_axis(parameters)
    ticks = [digit * 10.0**power for power in range(12) for digit in (1, 2, 5)]
    shown = [tick for tick in ticks if least / 2.2 <= tick <= 2.2 * most]
    return {"type": "log", "tickvals": shown, "ticktext": [f"{tick:,.0f}" for tick in shown]}


def _name(row: "pd.Series[float]", along: Sequence[str]) -> str:
    sizes = [f"{escaped(name.replace('_', ' '))} {row[name]:g}" for name in along if pd.notna(row[name])]
    return ", ".join([slot_style(str(row["arm"])).label, *sizes])


def _words(front: object) -> str:
    return ", on the front" if front else ""


def _left_out(count: int, runs: int) -> list[str]:
    why = "their network has a run that diverged or did not write down its size"
    return [f"left out: {count} of {runs} runs, because {why}"] if count else []
