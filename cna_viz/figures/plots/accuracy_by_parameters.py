"""What does accuracy, or another score, cost in parameters?"""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cna_viz.analysis.tables.pareto import cost_table
from cna_viz.analysis.words import counted
from cna_viz.config.vocabulary import SplitName
from cna_viz.figures.pieces.marks import add_words, error_bars, legend_beside
from cna_viz.figures.style.labels import one_metric, provenance, student_note, which_model
from cna_viz.figures.style.theme import INK, MUTED, escaped, finish, log_axis, slot_style
from cna_viz.records.record import Record
from cna_viz.scores import WORDS, factor, label

PANEL: Final = 330
"""Height of the panel in pixels."""
NAME: Final = 22
"""Height of a line for the name of a member of the front in pixels."""


def plot_accuracy_by_parameters(
    records: Sequence[Record], *, along: Collection[str] = ("hidden",), split: SplitName = "test"
) -> go.Figure:
    """Draw the score of the selected model against the number of parameters, and the Pareto front.

    A marker is a network, with the interval over its seeds; networks that differ only in their width are joined by a
    line. The *front* has the networks for which no other is both as small and as good. It is found with the mean
    validation score and drawn at the score of this figure, as a front of test scores would select on the test nodes. So
    it need not rise everywhere, and a network above it is one that validation would not have chosen.

    Args:
        records: Runs on one dataset and one split protocol, of several arms and widths.
        along: Settings that make a network larger and no other arm.
        split: train, val or test.

    Raises:
        UsageError: When there are no records, they differ in metric, dataset or split protocol, there is no such split,
            or no run has both numbers.
    """
    metric = one_metric(records, split)
    table = cost_table(records, along, split)
    table[["mean", "low", "high"]] *= factor(metric)
    front = table[table["front"]].sort_values(["parameters", "val"])
    figure = go.Figure()
    line = {"color": MUTED, "width": 7, "shape": "hv"}
    look = {"mode": "lines", "line": line, "opacity": 0.3, "hoverinfo": "skip"}
    figure.add_scatter(x=front["parameters"], y=front["mean"], name="front by validation", **look)
    for arm, rows in table.groupby("arm", sort=False):
        _add_arm(figure, rows.sort_values("parameters"), str(arm), list(along))
    _name_members(figure, front, list(along))
    figure.update_xaxes(title="number of parameters", **_axis(table["parameters"]))
    inner = PANEL + NAME * (len(front) + 1)
    figure.update_yaxes(title=label(metric, split), domain=[0, PANEL / inner])
    notes = [
        f"{which_model(records)}; {student_note(metric)}; all learned numbers count, including those of slots",
        f"front: no other network is as small and as good by mean validation {WORDS[metric]}; drawn at its {split} "
        f"{WORDS[metric]}; a marker above it is a network that validation would not have chosen",
    ]
    if count := table.attrs["left_out"]:
        why = "their network has a run that diverged or did not record its size"
        notes.append(f"left out: {count} of {len(records)} runs, because {why}")
    height = 100 + max(inner, legend_beside(figure))
    return finish(figure, f"What does {WORDS[metric]} cost in parameters?", provenance(records, *notes), height=height)


def _add_arm(figure: go.Figure, rows: pd.DataFrame, arm: str, along: Sequence[str]) -> None:
    style = slot_style(arm)
    figure.add_scatter(
        x=rows["parameters"],
        y=rows["mean"],
        error_y=error_bars(rows, color=style.color, thickness=1.5, width=4),
        mode="lines+markers",
        line={"color": style.color, "dash": style.dash, "width": 2},
        marker={"symbol": style.symbol, "size": 10, "color": style.color},
        name=style.label,
        legendgroup=arm,
        showlegend=True,
        customdata=[
            [
                _name(row, along),
                row["val"],
                counted(int(row["count"]), "seed"),
                ", on the front" if row["front"] else "",
            ]
            for _, row in rows.iterrows()
        ],
        hovertemplate="%{customdata[0]}, %{x:,.0f} parameters<br>%{y:.4~g}, mean of %{customdata[2]}"
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
        # On a logarithmic axis annotations want the logarithm, and shapes do not.
        side = "left" if place - places[0] <= reach / 2 else "right"
        add_words(figure, _name(row, along), place, height, f"{side} middle", yref="paper")


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
