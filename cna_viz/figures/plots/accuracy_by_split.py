"""Is it the split or the slot?"""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from cna_viz.analysis.statistics.intervals import confidence_interval, interval_table
from cna_viz.analysis.tables.comparison import arms_of
from cna_viz.analysis.tables.tables import accuracy_table
from cna_viz.config.vocabulary import SplitName
from cna_viz.figures.pieces.forest import ROW
from cna_viz.figures.pieces.marks import error_bars
from cna_viz.figures.style.labels import check_scores, one_metric, provenance, student_note, which_model
from cna_viz.figures.style.theme import escaped, finish, numbered_look, slot_style
from cna_viz.records.record import Record
from cna_viz.scores import bounds, factor, label


def plot_accuracy_by_split(records: Sequence[Record], *, split: SplitName = "test") -> go.Figure:
    """Draw the score of the selected model by arm, one marker per split protocol, with the interval over seeds.

    The distance between the markers of a row is due to the split; that between the rows of one marker, to the arms.

    Args:
        records: Runs on several split protocols.
        split: train, val or test.

    Raises:
        UsageError: When there are no records or there is no such split.
    """
    metric = one_metric(records, split)
    check_scores(records, split)
    rows = accuracy_table(records).assign(arm=arms_of(records, ignore={"split"}))
    table = interval_table(rows, split, ["split", "arm"], partial(confidence_interval, bounds=bounds(metric)))
    table[["mean", "low", "high"]] *= factor(metric)
    arms = list(dict.fromkeys(rows["arm"]))
    splits = list(dict.fromkeys(rows["split"]))
    figure = go.Figure()
    for number, protocol in enumerate(splits):
        shift = 0.36 * (number - (len(splits) - 1) / 2) / max(1, len(splits) - 1)
        _add_split(figure, table[table["split"] == protocol], arms, number, shift)
    figure.update_xaxes(title=label(metric, split))
    figure.update_yaxes(
        tickvals=list(range(len(arms))),
        ticktext=[slot_style(arm).label for arm in arms],
        range=[len(arms) - 0.4, -0.6],
        showgrid=False,
        ticks="",
    )
    footnote = provenance(records, f"{which_model(records)}; {student_note(metric)}")
    return finish(figure, "Is it the split or the slot?", footnote, height=110 + (ROW + 8) * max(4, len(arms)))


def _add_split(figure: go.Figure, table: pd.DataFrame, arms: Sequence[str], number: int, shift: float) -> None:
    color, symbol = numbered_look(number)
    figure.add_scatter(
        x=table["mean"],
        y=[arms.index(arm) + shift for arm in table["arm"]],
        error_x=error_bars(table, thickness=2, width=4, color=color),
        mode="markers",
        marker={"color": color, "symbol": symbol, "size": 11},
        name=escaped(str(table["split"].iloc[0])),
        customdata=table[["arm", "count"]],
        hovertemplate="%{customdata[0]}<br>%{x:.4~g}, %{customdata[1]} runs<extra></extra>",
    )
