"""Does the effect of a step depend on the others?"""

from collections.abc import Sequence
from itertools import chain, combinations
from typing import Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.statistics.factorial import COMPONENTS, check_factorial
from cna_viz.analysis.statistics.intervals import confidence_interval
from cna_viz.analysis.tables.comparison import paired_table
from cna_viz.config.tuning import Tuning
from cna_viz.config.vocabulary import SplitName
from cna_viz.figures.pieces.marks import error_bars
from cna_viz.figures.plots.effects import NAMES
from cna_viz.figures.style.labels import check_records, provenance, student_note, which_model
from cna_viz.figures.style.theme import MUTED, SLOT_STYLES, finish
from cna_viz.records.record import Record
from cna_viz.scores import bounds, factor, label

LOOKS: Final = (
    ("without the step", SLOT_STYLES["relu"].color, "circle-open"),
    ("with the step", SLOT_STYLES["cna"].color, "circle"),
)
SLOT_OF: Final = {frozenset(steps): slot for slot, steps in COMPONENTS.items()}
"""The slot that has exactly these steps."""


def plot_interaction(
    records: Sequence[Record], *, split: SplitName = "test", tuning: Tuning | None = None
) -> go.Figure:
    """Draw the score without and with each of C, N and A, for every combination of the other two.

    One panel per step. Where all lines of a panel are parallel, the effect of the step does not depend on the others.
    Diverged runs are left out.

    Args:
        records: Runs of the eight slots of the factorial, on one dataset and split protocol; others are ignored.
        split: train, val or test.
        tuning: How the arms were tuned (``grid.tuning``); arms keep their names from before the tuning.

    Raises:
        UsageError: When there are no records, slots or runs are missing, or arms were on different splits.
    """
    check_records(records, split)
    factorial = [record for record in records if record.config.slot in COMPONENTS] or list(records)
    pairs = paired_table(factorial, split, tuning)
    metric = pairs.attrs["metric"]
    table = factor(metric) * check_factorial(pairs)
    table.attrs["metric"] = metric
    figure = make_subplots(
        1,
        3,
        shared_yaxes=True,
        horizontal_spacing=0.03,
        subplot_titles=[f"{step} ({name})" for step, name in NAMES.items()],
    )
    for column, step in enumerate(NAMES, start=1):
        _add_step(figure, table, step, column)
    figure.update_xaxes(title="other steps in the slot", range=[-0.5, 3.5])
    figure.update_yaxes(title=label(metric, split), col=1)
    figure.update_yaxes(matches="y")
    figure.update_layout(legend={"y": 1.1}, margin={"t": 130})
    note = f"{which_model(records)}; {student_note(metric)}; without A: ReLU; without C: normalization over all nodes"
    title = "Does the effect of a step depend on the others?"
    return finish(figure, title, provenance(factorial, note), height=410)


def _add_step(figure: go.Figure, table: pd.DataFrame, step: str, column: int) -> None:
    others = [other for other in NAMES if other != step]
    contexts = [set(some) for some in chain.from_iterable(combinations(others, size) for size in range(3))]
    names = [" and ".join(other for other in others if other in context) or "nothing" for context in contexts]
    scale = factor(table.attrs["metric"])
    low, high = (scale * bound for bound in bounds(table.attrs["metric"]))
    without, having = (
        [confidence_interval(table[SLOT_OF[frozenset(context | extra)]], bounds=(low, high)) for context in contexts]
        for extra in (set(), {step})
    )
    for place, (one, other) in enumerate(zip(without, having, strict=True)):
        look = {"mode": "lines", "line": {"color": MUTED, "width": 1.5}, "showlegend": False, "hoverinfo": "skip"}
        figure.add_scatter(x=[place - 0.08, place + 0.08], y=[one.mean, other.mean], **look, row=1, col=column)
    for shift, found, (name, color, symbol) in zip((-0.08, 0.08), (without, having), LOOKS, strict=True):
        figure.add_scatter(
            x=[place + shift for place in range(len(found))],
            y=[interval.mean for interval in found],
            error_y=error_bars(found, color=color, thickness=1.5, width=4),
            mode="markers",
            marker={"color": color, "symbol": symbol, "size": 11, "line": {"width": 2, "color": color}},
            name=name,
            legendgroup=name,
            showlegend=column == 1,
            customdata=[[SLOT_OF[frozenset(c | ({step} if shift > 0 else set()))]] for c in contexts],
            hovertemplate="%{customdata[0]}<br>%{y:.4~g}<extra></extra>",
            row=1,
            col=column,
        )
    figure.update_xaxes(tickvals=list(range(len(names))), ticktext=names, row=1, col=column)
